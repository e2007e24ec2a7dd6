/**
 * Writes what is generated from the code: the reference pages and the JSON Schema. With `--check` it writes nothing, and exits 1
 * where one of them is not current.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { events } from "../src/report/events.ts";
import { statusEvents } from "../src/report/status-events.ts";
import { specJsonSchema } from "../src/spec/json-schema.ts";
import { specReference } from "../src/spec/reference.ts";
import { commandReference } from "./commands-page.ts";
import { errorReference } from "./errors-page.ts";
import { generated, table } from "./markdown.ts";

/** The type itself is the best account of each event's fields: it is what the compiler holds the code to. */
async function shapesIn(file: string, ...types: readonly string[]): Promise<string> {
  const source = await readFile(new URL(`../${file}`, import.meta.url), "utf8");
  const shapes = types.map((type) => {
    const [shape] = new RegExp(`^(export )?type ${type} =[^]*?;\\n(?=\\n|(?![^]))`, "m").exec(source) ?? [];
    if (shape === undefined) throw new Error(`${file} has no type ${type} that ends with an empty line`);
    return shape.trimEnd();
  });
  return shapes.join("\n\n");
}

async function eventReference(): Promise<string> {
  const rows = Object.entries(events).map(([type, { level, means }]) => [`\`${type}\``, level, means]);
  const kinds = Object.entries(statusEvents).map(([kind, means]) => [`\`${kind}\``, means]);
  return `# Events

With \`--json\`, kctl prints one JSON object a line; \`type\` says what it is. The last line is always the one of type
\`result\`. Shapes only grow. ${generated}

${table(["type", "level", "what it means"], rows)}

## Fields

\`Fault\` is an error as in [errors.md](errors.md): \`code\`, \`what\`, and where there is one \`where\`, \`fix\`, \`node\`, \`detail\`.

\`\`\`ts
${await shapesIn("src/report/events.ts", "Event")}
\`\`\`

## Events of \`status --watch\`

Each \`status\` has in \`events\` what has changed since the look before; its result has all of them.

${table(["kind", "what it means"], kinds)}

\`\`\`ts
${await shapesIn("src/report/status-events.ts", "StatusEvent", "IsrChange")}
\`\`\`

What a round has beside what \`kctl status\` tells:

\`\`\`ts
${await shapesIn("src/report/status-shown.ts", "StatusRound", "RatesShown", "Rate")}
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
