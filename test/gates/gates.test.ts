/** Each gate is fed a planted fault once: a gate that cannot fail is none. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tiers } from "../../oxlint.config.ts";
import { plant, type Tree } from "./tree.ts";

const root = join(import.meta.dirname, "../..");
const packageText = readFileSync(join(root, "package.json"), "utf8");
const main = readFileSync(join(root, "src/cli/main.ts"), "utf8");

const long = `/** Long. */\n${Array.from({ length: 301 }, (_, n) => `export const n${n} = ${n};`).join("\n")}\n`;

/** What the linter must say, by planted file. */
const lintFaults: readonly (readonly [what: string, file: string, text: string, says: string])[] = [
  ["any", "src/cli/any.ts", `export const planted = (x: any): string => String(x);\n`, "no-explicit-any"],
  [
    "a floating promise",
    "src/operations/floating.ts",
    `async function later(): Promise<void> {\n  await Promise.resolve();\n}\nexport function planted(): void {\n  later();\n}\n`,
    "no-floating-promises",
  ],
  [
    "an async listener",
    "src/hosts/listener.ts",
    `import type { Socket } from "node:net";\nexport function planted(socket: Socket): void {\n  socket.on("data", async () => {\n    await Promise.resolve();\n  });\n}\n`,
    "no-misused-promises",
  ],
  [
    "a switch that misses a case",
    "src/plan/switch.ts",
    `export function planted(kind: "a" | "b"): number {\n  switch (kind) {\n    case "a":\n      return 1;\n  }\n  return 2;\n}\n`,
    "switch-exhaustiveness-check",
  ],
  ["a default export", "src/cli/default.ts", `export default 1;\n`, "no-default-export"],
  ["a barrel", "src/report/barrel.ts", `export * from "./events.ts";\n`, "no-barrel-file"],
  [
    "a cycle",
    "src/kafka/cycle-a.ts",
    `import { b } from "./cycle-b.ts";\nexport const a = (): number => b();\n`,
    "no-cycle",
  ],
  [
    "its other half",
    "src/kafka/cycle-b.ts",
    `import { a } from "./cycle-a.ts";\nexport const b = (): number => a();\n`,
    "no-cycle",
  ],
  [
    "a type imported as a value",
    "src/cli/type-import.ts",
    `import { Fault } from "../fault.ts";\nexport type Planted = Fault;\n`,
    "consistent-type-imports",
  ],
  ["a file too long", "src/report/long.ts", long, "max-lines"],
  [
    "console in the core",
    "src/operations/console.ts",
    `export const planted = (): void => console.log(1);\n`,
    "no-console",
  ],
  [
    "a focused test",
    "test/focused.test.ts",
    `import { expect, test } from "vitest";\ntest.only("x", () => expect(1).toBe(1));\n`,
    "no-focused-tests",
  ],
  [
    "a test that is skipped",
    "test/skipped.test.ts",
    `import { expect, test } from "vitest";\ntest.skip("x", () => expect(1).toBe(1));\n`,
    "no-disabled-tests",
  ],
  [
    "a test that asserts nothing",
    "test/nothing.test.ts",
    `import { test } from "vitest";\ntest("x", () => undefined);\n`,
    "expect-expect",
  ],
  [
    "an import upwards",
    "src/spec/upwards.ts",
    `import { main } from "../cli/main.ts";\nexport const planted = main;\n`,
    "Imports go one way",
  ],
  [
    "a type from above",
    "src/render/type-upwards.ts",
    `import type { Host } from "../hosts/host.ts";\nexport type Planted = Host;\n`,
    "Imports go one way",
  ],
  [
    "import() from above",
    "src/hosts/dynamic-upwards.ts",
    `export const planted = async (): Promise<unknown> => import("../operations/up.ts");\n`,
    "Imports go one way",
  ],
  [
    "export from above",
    "src/cluster/re-export.ts",
    `export type { Host } from "../hosts/host.ts";\n`,
    "Imports go one way",
  ],
  [
    "a provider's code in what is decided of EC2",
    "src/ec2/upwards.ts",
    `export type { Provider } from "../providers/provider.ts";\n`,
    "Imports go one way",
  ],
  ["EC2 in a plan", "src/plan/ec2.ts", `export { newest } from "../ec2/images.ts";\n`, "Imports go one way"],
  [
    "a call of EC2 in what is decided of it",
    "src/ec2/library.ts",
    `export const planted = async (): Promise<unknown> => import("@aws-sdk/client-ec2");\n`,
    "This folder is pure",
  ],
  [
    "a test's code in the product",
    "src/cli/from-test.ts",
    `import { test } from "vitest";\nexport const planted = test;\n`,
    "imports nothing of its tests",
  ],
  [
    "files in a pure folder",
    "src/services/files.ts",
    `import { readFileSync } from "node:fs";\nexport const planted = readFileSync;\n`,
    "This folder is pure",
  ],
  [
    "files by another name in a pure folder",
    "src/render/promises.ts",
    `import { readFile } from "fs/promises";\nexport const planted = readFile;\n`,
    "This folder is pure",
  ],
  [
    "randomness in a pure folder",
    "src/plan/random.ts",
    `import { randomUUID } from "node:crypto";\nexport const planted = randomUUID;\n`,
    "This folder is pure",
  ],
  [
    "Math.random in a pure folder",
    "src/plan/dice.ts",
    `export const planted = (): number => Math.random();\n`,
    "This folder is pure",
  ],
  [
    "the clock in a pure folder",
    "src/cluster/clock.ts",
    `export const planted = (): number => Date.now();\n`,
    "This folder is pure",
  ],
  [
    "the environment in a pure folder",
    "src/spec/env.ts",
    `export const planted = (): string | undefined => process.env["HOME"];\n`,
    "This folder is pure",
  ],
  [
    "globalThis in a pure folder",
    "src/spec/global.ts",
    `export const planted = (): unknown => globalThis.process;\n`,
    "This folder is pure",
  ],
  [
    "templates read in a pure folder",
    "src/services/reads.ts",
    `export { readTemplate } from "../templates.ts";\n`,
    "This folder is pure",
  ],
  [
    "a client library in a pure folder",
    "src/plan/library.ts",
    `export const planted = async (): Promise<unknown> => import("@platformatic/kafka");\n`,
    "This folder is pure",
  ],
];

describe("a planted fault", () => {
  let tree: Tree;
  beforeAll(async () => {
    tree = await plant({
      ...Object.fromEntries(lintFaults.map(([, file, text]) => [file, text])),
      "package.json": packageText
        .replace('"license"', '"main": "dist/none.js",\n  "license"')
        .replace('"zod"', '"left-over": "1.0.0",\n    "zod"'),
      "src/cli/format.ts": `export   const planted='x'\n`,
      "src/cli/types.ts": `export const planted: string = 1;\n`,
      "src/cli/main.ts": `import { used } from "./dead.ts";\nused();\n${main}`,
      "src/cli/dead.ts": `export const used = (): void => undefined;\nexport const unused = 1;\n`,
      "src/cli/nobody.ts": `export const nobody = 1;\n`,
      "docs/errors.md": "stale\n",
    });
  });
  afterAll(async () => rm(tree.folder, { recursive: true, force: true }));

  test("of each lint rule is found", async () => {
    const { ok, text } = await tree.run("scripts/check.ts", "lint");
    expect(ok).toBe(false);
    // A message stands above the excerpt that names its file.
    const messages = text.split(/^ *x /m);
    const missed = lintFaults
      .filter(
        ([, file, , says]) => !messages.some((message) => message.includes(`[${file}:`) && message.includes(says)),
      )
      .map(([what, file, , says]) => `${what}: ${file} should be refused by "${says}"`);
    expect(missed).toEqual([]);
  });

  const gates: readonly { readonly gate: string; readonly says: readonly RegExp[] }[] = [
    { gate: "format", says: [/src\/cli\/format\.ts/] },
    { gate: "types", says: [/src\/cli\/types\.ts.*TS2322/] },
    { gate: "dead-code", says: [/unused\b.*src\/cli\/dead\.ts/, /src\/cli\/nobody\.ts/, /left-over/] },
    { gate: "generated", says: [/docs\/errors\.md/] },
    { gate: "package", says: [/none\.js/] },
  ];
  test.each(gates)("of $gate is found", async ({ gate, says }) => {
    const { ok, text } = await tree.run("scripts/check.ts", gate);
    expect(ok).toBe(false);
    for (const one of says) expect(text).toMatch(one);
  });

  test("of a heavy library that every command would load is found by the build", async () => {
    const eager = await plant({
      "src/cli/main.ts": `import { list } from "tar";\nvoid list;\nconsole.log(list);\n${main}`,
    });
    try {
      const { ok, text } = await eager.run("scripts/build.ts");
      expect(ok).toBe(false);
      expect(text).toContain("loaded by every command: tar");
    } finally {
      await rm(eager.folder, { recursive: true, force: true });
    }
  });
});

test("every folder and file of src/ has its place in the direction of imports", () => {
  const places = new Set(tiers.flatMap(({ files }) => files));
  const missing = readdirSync(join(root, "src"))
    .map((entry) => (statSync(join(root, "src", entry)).isDirectory() ? `src/${entry}/**` : `src/${entry}`))
    .filter((entry) => !places.has(entry));
  expect(missing).toEqual([]);
});

test("a gate that does not exist is refused", async () => {
  const tree = await plant({});
  try {
    expect(await tree.run("scripts/check.ts", "lnit")).toMatchObject({ ok: false });
  } finally {
    await rm(tree.folder, { recursive: true, force: true });
  }
});
