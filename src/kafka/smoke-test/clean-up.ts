/** Takes test_log and the consumer groups away again: as the last check, and after an interruption. */
import { KctlError, faultsOf } from "../../fault.ts";
import type { Emit } from "../../report/events.ts";
import type { Bench } from "./bench.ts";
import { removeGroups } from "./groups.ts";
import { removeTopic } from "./remove-topic.ts";
import { topicName } from "./topic.ts";
import { cleanUpSeconds } from "../until.ts";

export async function cleanUp(bench: Bench, keepTopic: boolean): Promise<string> {
  const [silent, groups] = await bothEnd(keepTopic ? null : removeTopic(bench), removeGroups(bench));
  const ofGroups = groupsText(groups);
  if (keepTopic)
    return `${topicName} is left as asked; the next smoke test removes it, unless somebody else has written to it${ofGroups === "" ? "" : `. ${ofGroups}`}`;
  const later =
    silent === null || silent.length === 0
      ? ""
      : `; what broker ${silent.join(" and ")} holds of it goes once it is back`;
  return `${topicName} is deleted, and no broker lists it any more${later}${ofGroups === "" ? "" : `. ${ofGroups}`}`;
}

function groupsText({ own, earlier }: { readonly own: number; readonly earlier: number }): string {
  if (own + earlier === 0) return "";
  const more = earlier === 0 ? "" : ` and ${earlier} that an earlier smoke test left`;
  return `Its ${own} consumer groups${more} are deleted`;
}

/** Both to their end, also where the first fails. */
async function bothEnd<A, B>(first: Promise<A> | null, second: Promise<B>): Promise<readonly [A | null, B]> {
  const [one, two] = await Promise.allSettled([first, second]);
  const faults = [one, two].flatMap((ended) => (ended.status === "rejected" ? faultsOf(ended.reason) : []));
  if (one.status === "fulfilled" && two.status === "fulfilled") return [one.value, two.value];
  throw new KctlError(faults);
}

/** With a signal of its own, since the caller's is spent. What fails is only said: the interruption is the result. */
export async function cleanUpAfterAbort(bench: Bench, keepTopic: boolean, emit: Emit): Promise<void> {
  const signal = AbortSignal.timeout(cleanUpSeconds * 1000);
  const seconds = Math.min(bench.seconds, cleanUpSeconds);
  const what = [...(keepTopic ? [] : [topicName]), ...(bench.entered.size > 0 ? ["its consumer groups"] : [])];
  try {
    await bothEnd(
      keepTopic ? null : removeTopic({ ...bench, signal, seconds }),
      removeGroups({ ...bench, signal, seconds }),
    );
    if (what.length > 0) emit({ type: "message", text: `interrupted: deleted ${what.join(" and ")}` });
  } catch (error) {
    const why = faultsOf(error).map((fault) => fault.what);
    emit({
      type: "warning",
      fault: {
        code: "interrupted",
        what: `interrupted, and ${what.join(" and ")} could not be deleted: ${why.join("; ")}`,
        fix: "the next smoke test removes them",
      },
    });
  }
}
