/** The lines in which two small texts differ, to show to a person, and the keys of the spec that they come from. */
import { diffLines } from "diff";
import type { Why } from "./change.ts";

export function differenceLines(before: string, after: string): readonly string[] {
  return diffLines(before, after).flatMap(({ added, removed, value }) => {
    if (!added && !removed) return [];
    const lines = value.endsWith("\n") ? value.slice(0, -1).split("\n") : value.split("\n");
    return lines.map((line) => `${added ? "+" : "-"} ${line}`);
  });
}

/** Splits a line at its first `=` that is not escaped. */
function keyed(line: string): readonly [string, string | null] {
  const match = /^((?:[^=\\]|\\.)*)=(.*)$/s.exec(line);
  return match === null ? [line, null] : [match[1] ?? "", match[2] ?? ""];
}

/** Why lines differ, as far as they come from the spec; `section` names what a setting that went away stood under. */
export function reasons(diff: readonly string[], origins: Readonly<Record<string, string>>): readonly Why[] {
  const byField = new Map<string, { from: string | null; to: string | null }>();
  for (const text of diff) {
    const line = text.slice(2);
    const [key, value] = keyed(line);
    const field = Object.hasOwn(origins, line) ? origins[line] : Object.hasOwn(origins, key) ? origins[key] : undefined;
    if (field === undefined) continue;
    const why = byField.get(field) ?? { from: null, to: null };
    if (text.startsWith("+")) why.to = value ?? line;
    else why.from = value ?? line;
    byField.set(field, why);
  }
  return [...byField].map(([field, { from, to }]) => ({ field, from, to }));
}
