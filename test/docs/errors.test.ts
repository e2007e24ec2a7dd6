/** The page of error codes: each code that the source can print is there, with a cause and a way out; and none that it cannot. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultCodes } from "../../src/fault-codes.ts";

const root = join(import.meta.dirname, "../..");
const page = await readFile(join(root, "docs/errors.md"), "utf8");
const declared = Object.keys(faultCodes);

async function sources(): Promise<string> {
  const names = (await readdir(join(root, "src"), { recursive: true })).filter(
    (name) => name.endsWith(".ts") && !name.startsWith("fault-c"),
  );
  const texts = await Promise.all([...names.map((name) => `src/${name}`), "bin/kctl.js"].map((name) => readFile(join(root, name), "utf8")));
  return texts.join("\n");
}

test("every code that the source throws has its heading, cause and fix", async () => {
  const thrown = new Set([...(await sources()).matchAll(/\bcode: "([a-z]+(?:-[a-z]+)*)"/g)].map(([, code = ""]) => code));
  expect(thrown.size).toBeGreaterThan(30);
  for (const code of thrown) expect(page, code).toMatch(new RegExp(`^## ${code}\n\n.+\n\n- \\*\\*Cause\\*\\*: .+\n- \\*\\*Fix\\*\\*: .+\n`, "m"));
  for (const code of declared) expect(page).toContain(`[\`${code}\`](#${code})`);
});

test("a code that nothing prints any more is said to be one", async () => {
  const text = await sources();
  expect(declared.filter((code) => !text.includes(`"${code}"`))).toEqual(["step-skipped"]);
});
