/** A plan as people read it: by node, what is added, changed and started, with the lines that differ. */
import { changesSomething, type Change } from "../plan/change.ts";
import type { Paint } from "./colours.ts";

const signs = {
  add: "+",
  create: "+",
  fetch: "+",
  format: "+",
  start: "+",
  grow: "~",
  set: "~",
  unset: "~",
  update: "~",
  restart: "~",
  stop: "-",
  await: " ",
  note: "i",
} as const;
const colours = { "+": "green", "~": "yellow", "-": "red", i: "cyan", " ": "dim" } as const;

export function planText(changes: readonly Change[], paint: Paint, verbose: boolean): string {
  const real = changes.filter(changesSomething);
  if (changes.length === 0) return "Nothing to change.";
  const nodes = [...new Set(changes.map(({ node }) => node))];
  const sections = nodes.map((node) => {
    const lines = nodeLines(
      changes.filter((change) => change.node === node),
      paint,
      verbose,
    );
    return [paint("bold", node ?? "cluster"), ...lines.map((line) => `  ${line}`)].join("\n");
  });
  return `${sections.join("\n")}\n${real.length === 0 ? "Nothing to change." : summary(real)}`;
}

function nodeLines(changes: readonly Change[], paint: Paint, verbose: boolean): readonly string[] {
  const folders = changes.filter(({ kind, verb }) => kind === "folder" && verb === "create");
  const collapsed = folders.length > 1 && !verbose;
  return [
    ...(collapsed ? [paint("green", `+ ${folders.length} folders`)] : []),
    ...changes
      .filter((change) => !(collapsed && folders.includes(change)))
      .flatMap((change) => changeLines(change, paint, verbose)),
  ];
}

function changeLines(change: Change, paint: Paint, verbose: boolean): readonly string[] {
  const sign = signs[change.verb];
  const reasons = change.why.map(({ field, from, to }) => `${field}: ${from ?? "(not set)"} → ${to ?? "(not set)"}`);
  const effect = change.effect === "none" ? "" : ` [${change.effect}]`;
  const head = `${sign} ${change.title}${effect}${change.kind === "file" && change.verb === "create" ? ` (${change.diff.length} line${change.diff.length === 1 ? "" : "s"})` : ""}`;
  const diff = verbose || change.verb === "update" ? change.diff : [];
  return [
    paint(colours[sign], head),
    ...reasons.map((reason) => paint("dim", `    because ${reason}`)),
    ...diff.map(
      (line) => `    ${line.startsWith("+") ? paint("green", line) : line.startsWith("-") ? paint("red", line) : line}`,
    ),
  ];
}

function summary(changes: readonly Change[]): string {
  const count = (kind: Change["kind"], one: string, many: string): string[] => {
    const found = changes.filter((change) => change.kind === kind).length;
    return found === 0 ? [] : [`${found} ${found === 1 ? one : many}`];
  };
  const restarts = changes.flatMap((change) => (change.kind === "roll" ? change.members : [])).length;
  const parts = [
    ...count("artifact", "artifact to fetch", "artifacts to fetch"),
    ...count("folder", "folder", "folders"),
    ...count("file", "file", "files"),
    ...count("process", "server to start", "servers to start"),
    ...count("voter", "voter to add", "voters to add"),
    ...count("setting", "live setting", "live settings"),
    ...count("topic", "topic to create", "topics to create"),
    ...count("partitions", "topic to grow", "topics to grow"),
    ...count("topic-settings", "topic's settings", "topics' settings"),
    ...(restarts === 0 ? [] : [`${restarts} to restart`]),
  ];
  return `${changes.length} change${changes.length === 1 ? "" : "s"}${parts.length === 0 ? "" : `: ${parts.join(", ")}`}.`;
}
