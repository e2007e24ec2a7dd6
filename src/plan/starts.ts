/** The part of a plan that starts servers: the starts, and what must come before them. Nothing that runs is restarted by it. */
import type { Change } from "./change.ts";

/** @param which the members that may be started */
export function startsOf(changes: readonly Change[], which: ReadonlySet<string>): readonly Change[] {
  const byKey = new Map(changes.map((change) => [change.key, change]));
  const needed = new Set<string>();
  const need = (key: string): void => {
    const change = byKey.get(key);
    if (change === undefined || change.kind === "roll" || needed.has(key)) return;
    needed.add(key);
    for (const before of change.after) need(before.key);
  };
  for (const change of changes) if (change.kind === "process" && which.has(change.member)) need(change.key);
  return changes.filter(({ key }) => needed.has(key));
}
