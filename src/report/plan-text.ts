/** A plan as people read it: a diff by node, what several nodes have in common told once, and the way in which it goes at the end. */
import { changesSomething, type Change, type ChangeEffect } from "../plan/change.ts";
import type { Paint } from "./colours.ts";
import { commonEntries, type Entry } from "./plan-entries.ts";
import type { Page } from "./reporter.ts";
import { fold } from "./width.ts";

const signs = {
  add: "+",
  create: "+",
  fetch: "+",
  install: "+",
  format: "+",
  start: "+",
  grow: "~",
  move: "~",
  set: "~",
  unset: "~",
  update: "~",
  restart: "~",
  replace: "~",
  stop: "-",
  delete: "-",
  remove: "-",
  await: " ",
  note: "i",
} as const;
const colours = { "+": "green", "~": "yellow", "-": "red", i: "cyan", " ": "dim" } as const;

const effects: Readonly<Record<ChangeEffect, string>> = {
  none: "",
  live: "live, without a restart",
  restart: "needs a restart",
  replace: "replaces what is there",
  "data-loss": "loses data",
};

type Way = { readonly paint: Paint; readonly page: Page; readonly verbose: boolean };

export function planText(changes: readonly Change[], way: Way): string {
  const real = changes.filter(changesSomething);
  const { verbose, page, paint } = way;
  const shown = changes.filter(({ kind }) => verbose || kind !== "gate");
  const sections = sectionsOf(shown, way).map(({ head, entries }) =>
    [paint("bold", head), ...entries.flatMap((entry) => entryLines(entry, way).map((line) => `  ${line}`))].join("\n"),
  );
  const end = real.length === 0 ? "Nothing to change." : summary(real);
  const text = [...sections, end].join("\n\n");
  return page.columns === null ? text : fold(text, page.columns - 1);
}

type Section = { readonly head: string; readonly entries: readonly Entry[] };

/** What is done first for all, then node by node, then what waits for that. */
function sectionsOf(changes: readonly Change[], { verbose }: Way): readonly Section[] {
  const first = changes.filter(({ node, kind }) => node === null && (kind === "receipt" || kind === "artifact"));
  const last = changes.filter((change) => change.node === null && !first.includes(change));
  const nodes = changes.filter(({ node }) => node !== null);
  const byNodes = Map.groupBy(commonEntries(nodes, verbose), (entry) => entry.nodes.join(", "));
  const after = first.length + nodes.length === 0 ? "cluster" : "cluster, once that is done";
  return [
    { head: "cluster", entries: commonEntries(first, verbose) },
    ...[...byNodes].map(([head, entries]) => ({ head, entries })),
    { head: after, entries: commonEntries(last, verbose).map((entry) => withoutTold(entry, nodes)) },
  ].filter(({ entries }) => entries.length > 0);
}

/** A roll restarts for what stands above it; what has a title that says it needs no reason. */
function withoutTold(entry: Entry, above: readonly Change[]): Entry {
  const { kind } = entry.change;
  if (kind === "topic" || kind === "topic-deletion") return { ...entry, reasons: [] };
  if (kind !== "roll") return entry;
  const told = new Set(above.flatMap(({ why }) => why.map(({ field }) => field)));
  return { ...entry, reasons: entry.reasons.filter(({ field }) => !told.has(field)) };
}

function entryLines({ change, title, effect, diff, reasons, more }: Entry, { paint, page }: Way): readonly string[] {
  const sign = signs[change.verb];
  const { words } = page;
  const told = effects[effect] === "" || change.kind === "roll" ? "" : ` (${effects[effect]})`;
  return [
    `${paint(colours[sign], words ? title : `${sign} ${title}`)}${paint(effect === "data-loss" ? "red" : "dim", told)}`,
    ...reasons.map(({ field, from, to }) => {
      const [old, now] = [from ?? "(not set)", to ?? "(not set)"];
      return `    ${paint("dim", words ? `because ${field} was ${old} and becomes ${now}` : `because ${field}: ${old} → ${now}`)}`;
    }),
    ...diff.map((line) => `    ${diffLine(line, paint, words)}`),
    ...more.map((line) => `    ${line}`),
  ];
}

function diffLine(line: string, paint: Paint, words: boolean): string {
  if (line.startsWith("~")) return words ? `changed: ${line.slice(1).trimStart()}` : paint("yellow", line);
  const added = line.startsWith("+");
  if (!added && !line.startsWith("-")) return line;
  if (words) return `${added ? "added" : "removed"}: ${line.slice(1).trimStart()}`;
  return paint(added ? "green" : "red", line);
}

function summary(changes: readonly Change[]): string {
  const count = (kind: Change["kind"], one: string, many: string): string[] => {
    const found = changes.filter((change) => change.kind === kind).length;
    return found === 0 ? [] : [`${found} ${found === 1 ? one : many}`];
  };
  const restarts = changes.flatMap((change) => (change.kind === "roll" ? change.members : [])).length;
  const parts = [
    ...count("cloud", "change in EC2", "changes in EC2"),
    ...count("artifact", "artifact to fetch", "artifacts to fetch"),
    ...count("folder", "folder", "folders"),
    ...count("file", "file", "files"),
    ...count("machine", "step of a machine's set-up", "steps of machines' set-up"),
    ...count("process", "server to start", "servers to start"),
    ...count("voter", "voter to add", "voters to add"),
    ...count("setting", "live setting", "live settings"),
    ...count("topic", "topic to create", "topics to create"),
    ...count("partitions", "topic to grow", "topics to grow"),
    ...count("reassignment", "move of replicas", "moves of replicas"),
    ...count("topic-deletion", "topic to delete", "topics to delete"),
    ...count("topic-settings", "topic's settings", "topics' settings"),
    ...(restarts === 0 ? [] : [`${restarts} to restart`]),
  ];
  return `${changes.length} change${changes.length === 1 ? "" : "s"}${parts.length === 0 ? "" : `: ${parts.join(", ")}`}.`;
}
