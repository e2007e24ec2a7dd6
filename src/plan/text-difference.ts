/** The lines in which two small texts differ, to show to a person, and the keys of the spec that they come from. */
import { diffLines } from "diff";
import type { Origin } from "../services/desired.ts";
import type { Why } from "./change.ts";

/** What stands above lines of a section of the spec (see render/properties.ts); it is of no interest to a person. */
const sectionComment = /^# ([a-z]+\.[a-z]+)$/;

export function differenceLines(before: string, after: string): readonly string[] {
  return diffLines(before, after).flatMap(({ added, removed, value }) => {
    if (!added && !removed) return [];
    const lines = value.endsWith("\n") ? value.slice(0, -1).split("\n") : value.split("\n");
    return lines.filter((line) => !sectionComment.test(line)).map((line) => `${added ? "+" : "-"} ${line}`);
  });
}

type Line = {
  /** What tells it from others: a setting's name, a flag. */
  readonly key: string;
  readonly value: string;
  /** The section of the spec that it comes from; null: kctl's own. */
  readonly section: string | null;
};

/** Splits a line at its first `=` that is not escaped. Flags of a JVM that give a number without one are known here. */
function lineOf(text: string, section: string | null): Line {
  if (/^-Xm[sx]/.test(text)) return { key: text.slice(0, 4), value: text, section };
  // kctl's own; of the user's there may be several.
  if (section === null && /^"?-javaagent:/.test(text)) return { key: "-javaagent", value: text, section };
  if (/\/\*"?$/.test(text) && !text.startsWith("-")) return { key: "-cp", value: text, section };
  // Of other flags there may be several: `--add-opens=...`.
  const one = !text.startsWith("-") || /^"?-(D|XX:)/.test(text);
  const match = one ? /^"?((?:[^=\\]|\\.)*)=(.*?)"?$/s.exec(text) : null;
  return match === null ? { key: text, value: text, section } : { key: match[1] ?? "", value: match[2] ?? "", section };
}

function linesOf(text: string): ReadonlyMap<string, Line> {
  const lines = new Map<string, Line>();
  let section: string | null = null;
  let table = "";
  for (const line of text.split("\n")) {
    section = sectionComment.exec(line)?.[1] ?? section;
    if (line === "" || line.startsWith("#")) continue;
    // In TOML the same key stands in several tables.
    if (/^\[[^\]]+\]$/.test(line)) table = `${line} `;
    const parsed = lineOf(table + line, section);
    // The least heap follows the most.
    if (parsed.key !== "-Xms") lines.set(parsed.key, parsed);
  }
  return lines;
}

/** Why one text became the other, as far as it comes from the spec; `origins` are those of kctl's own lines. */
export function reasons(
  before: string,
  after: string,
  origins: Readonly<Record<string, readonly Origin[]>>,
): readonly Why[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const found = [...new Set([...now.keys(), ...old.keys()])].flatMap((key) =>
    ofLine(old.get(key) ?? null, now.get(key) ?? null, Object.hasOwn(origins, key) ? (origins[key] ?? []) : []),
  );
  const whys = new Map<string, Why>();
  for (const { field, from, to } of found) {
    const other = whys.get(field);
    if (other === undefined) whys.set(field, { field, from, to });
    // Flags come from one list; of several lines that one key decides, the first speaks for all.
    else if (field.endsWith(".jvm")) whys.set(field, { field, from: both(other.from, from), to: both(other.to, to) });
  }
  return [...whys.values()];
}

function both(one: string | null, other: string | null): string | null {
  return one === null || other === null ? (one ?? other) : `${one} ${other}`;
}

function ofLine(old: Line | null, now: Line | null, origins: readonly Origin[]): readonly Why[] {
  const [from, to] = [old?.section ?? null, now?.section ?? null];
  if (from === null && to === null) return origins.flatMap((origin) => ofOwnLine(origin, old, now));
  if (from === to && old?.value === now?.value) return [];
  // Where a line changed hands, the section that goes before the other gained or lost it; of the other nothing is known.
  if (from === to) return [{ field: fieldOf(now ?? old), from: old?.value ?? null, to: now?.value ?? null }];
  return rank(from) > rank(to)
    ? [{ field: fieldOf(old), from: old?.value ?? null, to: null }]
    : [{ field: fieldOf(now), from: null, to: now?.value ?? null }];
}

/** A node's go before a role's, and those before the cluster's. */
function rank(section: string | null): number {
  if (section === null) return 0;
  if (section.startsWith("nodes.")) return 3;
  return section.startsWith("controller.") ? 2 : 1;
}

function fieldOf(line: Line | null): string {
  const section = line?.section ?? "";
  return section.endsWith(".config") ? `${section}.${(line?.key ?? "").replaceAll(/\\(.)/g, "$1")}` : section;
}

function ofOwnLine({ field, reads }: Origin, old: Line | null, now: Line | null): readonly Why[] {
  const [from, to] = [read(reads, old), read(reads, now)];
  return from === to ? [] : [{ field, from, to }];
}

function read(reads: Origin["reads"], line: Line | null): string | null {
  if (line === null) return null;
  const { value } = line;
  const group = (pattern: string): string | null => new RegExp(pattern).exec(value)?.[1] ?? null;
  switch (reads.kind) {
    case "value":
      return value;
    case "presence":
      return line.key;
    case "items":
      return String(value.split(",").length);
    case "part":
      return group(reads.of);
    case "number": {
      const found = group(reads.of);
      const less = reads.less === undefined ? "0" : group(reads.less);
      return found === null || less === null ? null : String(Number(found) - Number(less) + reads.plus);
    }
  }
}
