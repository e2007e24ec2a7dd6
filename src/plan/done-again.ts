/** Changes that were made and are wanted again, just the same: something undoes them, or they do nothing. */
import type { Fault } from "../fault.ts";
import { changesSomething, type Change } from "./change.ts";

/** What comes before it may differ from one plan to the next; what it does may not. */
const told = (change: Change): string => JSON.stringify({ ...change, after: [] });

/**
 * A run that found nothing wrong with the first would make them for ever (strimzi-kafka-operator#11685: a setting that never took
 * the wanted value restarted brokers without end).
 */
export function doneAgain(changes: readonly Change[], before: readonly Change[]): readonly Fault[] {
  const done = new Set(before.filter(changesSomething).map(told));
  return (
    changes
      // That one saves time and nothing else: it was told why it could not be made.
      .filter((change) => change.kind !== "class-archive" && done.has(told(change)))
      .map(({ title, node }) => ({
        code: "not-converged",
        ...(node === null ? {} : { node }),
        what: `this was done, and nothing came of it: ${title}`,
        fix: "look at the server's log and at what else changes it; `kctl plan` shows what is wanted and what is there",
      }))
  );
}
