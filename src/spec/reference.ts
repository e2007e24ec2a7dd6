/** The reference page of the spec, as Markdown: every key with its type, default, what a change of it does, and what it is for. */
import { formatPhrases } from "./formats.ts";
import type { Effect, KeyInfo } from "./key-info.ts";
import { specShape, type Key, type Shape } from "./shape.ts";

const effects: Readonly<Record<Effect, string>> = {
  none: "nothing",
  live: "live",
  restart: "rolling restart",
  replace: "replaced",
};

const opening = `# The spec

One YAML file describes one cluster. This page is generated from the schema that checks it (\`npm run generate\`).

- Unknown keys are errors. Keys at the top that start with \`x-\` are yours, a place for anchors; kctl does not look at them.
- Sizes are \`512MiB\`, \`4GiB\`, \`2TiB\`; durations \`30s\`, \`10m\`, \`4h\`, \`2d\`.
- \`\${NAME}\` and \`\${NAME:-default}\` inside a value are taken from the environment; without quotes around it, the value
  is typed afterwards (\`count: \${N}\`). A variable that is not set is an error of its line. \`$$\` is a dollar.
- Settings (\`config\`) are taken as they are spelled: \`012\`, \`1e3\` and \`no\` reach Kafka as they stand.
- Settings are checked against what the Kafka of the spec says of its own: type, bounds, words. One that it does not know is
  an error where it looks like a slip, or where another Kafka has it, else a warning: a plugin may read it.
- Anchors, aliases and merge keys (\`<<\`) work. A file is one document of at most 1 MiB.
- "A change" says what \`kctl up\` does to a running cluster when the key changes: nothing, a live change, a rolling
  restart of the servers that read it, or servers replaced by new ones.
- With the provider \`external\`, a cluster that kctl does not manage, a spec has \`name\`, \`provider\`, and if you like \`topics\` and
  \`kafka.version\` (what topics' settings are checked by; the newest where it is not there); every other key is refused.
- Keys marked *ssh* or *aws* are for those providers; with another one they are refused.
- Keys marked *later* are part of the interface, but not built yet: a spec with one is refused with that sentence.
`;

export function specReference(): string {
  return [opening, ...sections(specShape(), [], "")].join("\n");
}

/** @param later what the headings below say of a provider, or of being built later */
function sections(shape: Shape, path: readonly string[], later: string): readonly string[] {
  if (shape.kind === "list") return sections(shape.item, path, later);
  if (shape.kind === "choice")
    return [...shape.options].flatMap(([option, inner]) => section(inner, path, ` with \`${shape.by}: ${option}\``));
  return section(shape, path, later);
}

function section(shape: Shape, path: readonly string[], suffix: string): readonly string[] {
  if (shape.kind !== "map") return [];
  const title = path.length === 0 ? "## The top" : `## \`${path.join(".")}\`${suffix}`;
  const rows = [...shape.keys.values()].map(row);
  const table = ["| key | type | default | a change | what it is |", "| --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
  const inner = [...shape.keys.values()].flatMap((key) =>
    sections(key.shape, [...path, key.name], key.info.later === undefined ? suffix : " *(later)*"),
  );
  return [`${title}\n\n${table}\n`, ...inner];
}

function row({ name, info, required, default: value, shape }: Key): string {
  const on = info.on === undefined ? "" : `*${info.on.join(", ")}* · `;
  const later = info.later === undefined ? "" : "*later* · ";
  const cells = [
    `\`${name}\``,
    typeOf(info, shape),
    required ? "**required**" : defaultName(value),
    effects[info.effect],
    `${on}${later}${info.doc}${exampleOf(info.example)}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function typeOf({ orOne, orTrue }: KeyInfo, shape: Shape): string {
  if (orTrue === true) return `${typeName(shape)}, or \`true\``;
  return orOne === true && shape.kind === "list" ? `${typeName(shape.item)}, or a list` : typeName(shape);
}

function exampleOf(example: string | undefined): string {
  return example === undefined ? "" : ` Example: \`${example}\``;
}

function defaultName(value: unknown): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "{}" || text === "[]" ? "" : `\`${text}\``;
}

function typeName(shape: Shape): string {
  switch (shape.kind) {
    case "text":
      return shape.format === null ? "text" : formatPhrases[shape.format];
    case "integer":
      return shape.to === null ? `whole number from ${shape.from ?? 0}` : `${shape.from ?? 0} to ${shape.to}`;
    case "word":
      return shape.words.map((word) => `\`${word}\``).join(", ");
    case "number":
      return "number";
    case "boolean":
      return "`true` or `false`";
    case "list":
      return shape.item.kind === "map" ? "list of the keys below" : `list: ${typeName(shape.item)}`;
    case "table":
      return shape.value.kind === "number" ? "numbers by name" : "settings";
    case "any":
      return "";
    default:
      return "keys below";
  }
}
