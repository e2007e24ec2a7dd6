/**
 * Writes what is generated from the code: the reference pages and the JSON Schema. With `--check` it writes nothing, and exits 1
 * where one of them is not current.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { events } from "../src/report/events.ts";
import { specJsonSchema } from "../src/spec/json-schema.ts";
import { specReference } from "../src/spec/reference.ts";
import { commandReference } from "./commands-page.ts";
import { errorReference } from "./errors-page.ts";
import { generated, table } from "./markdown.ts";

/** The type itself is the best account of each event's fields: it is what the compiler holds the code to. */
async function eventShapes(): Promise<string> {
  const source = await readFile(new URL("../src/report/events.ts", import.meta.url), "utf8");
  const [shapes] = /^export type Event =\n[^]*?;\n(?=\n)/m.exec(source) ?? [];
  if (shapes === undefined)
    throw new Error("src/report/events.ts has no `export type Event` that ends with an empty line");
  return shapes.trimEnd();
}

async function eventReference(): Promise<string> {
  const rows = Object.entries(events).map(([type, { level, means }]) => [`\`${type}\``, level, means]);
  return `# Events

With \`--json\`, kctl prints one JSON object a line; \`type\` says what it is. The last line is always the one of type
\`result\`. Shapes only grow. ${generated}

${table(["type", "level", "what it means"], rows)}

## Fields

\`Fault\` is an error as in [errors.md](errors.md): \`code\`, \`what\`, and where there is one \`where\`, \`fix\`, \`node\`, \`detail\`.

\`\`\`ts
${await eventShapes()}
\`\`\`
`;
}

const files: Readonly<Record<string, string>> = {
  "docs/spec.md": specReference(),
  "docs/commands.md": commandReference(),
  "docs/errors.md": errorReference(),
  "docs/events.md": await eventReference(),
  "schema/kctl.schema.json": `${JSON.stringify(specJsonSchema(), null, 2)}\n`,
};

const check = process.argv.includes("--check");
const stale: string[] = [];
for (const [path, text] of Object.entries(files)) {
  const target = new URL(`../${path}`, import.meta.url);
  const current = await readFile(target, "utf8").catch(() => null);
  if (current === text) continue;
  stale.push(path);
  if (check) continue;
  await mkdir(dirname(target.pathname), { recursive: true });
  await writeFile(target, text);
}
if (stale.length > 0) console.log(`${check ? "not current" : "written"}: ${stale.join(", ")}`);
if (check && stale.length > 0) {
  console.log("run `npm run generate`");
  process.exitCode = 1;
}
