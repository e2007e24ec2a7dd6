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
  return changes
    .filter((change) => !isSpare(change) && done.has(told(change)))
    .map(({ title, node }) => ({
      code: "not-converged",
      ...(node === null ? {} : { node }),
      what: `this was done, and nothing came of it: ${title}`,
      fix: "look at the server's log and at what else changes it; `kctl plan` shows what is wanted and what is there",
    }));
}

/** It saves time or room and nothing else, and says itself why it was not done: what is needed on the machine stays. */
function isSpare(change: Change): boolean {
  if (change.kind === "machine") return change.step.kind === "leftovers" || change.step.kind === "old-software";
  return change.kind === "class-archive";
}
