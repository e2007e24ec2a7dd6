/** Takes test_log away again: as the last check, and after an interruption. */
import { faultsOf } from "../../fault.ts";
import type { Emit } from "../../report/events.ts";
import type { Bench } from "./bench.ts";
import { removeTopic } from "./remove-topic.ts";
import { topicName } from "./topic.ts";

/** An interrupted user waits no longer than this. */
const longestSeconds = 10;

export async function cleanUp(bench: Bench): Promise<string> {
  const silent = await removeTopic(bench);
  const later = silent.length === 0 ? "" : `; what broker ${silent.join(" and ")} holds of it goes once it is back`;
  return `${topicName} is deleted, and no broker lists it any more${later}`;
}

/** With a signal of its own, since the caller's is spent. What fails is only said: the interruption is the result. */
export async function cleanUpAfterAbort(bench: Bench, emit: Emit): Promise<void> {
  const signal = AbortSignal.timeout(longestSeconds * 1000);
  const seconds = Math.min(bench.seconds, longestSeconds);
  try {
    await removeTopic({ ...bench, signal, seconds });
    emit({ type: "message", text: `interrupted: ${topicName} is deleted` });
  } catch (error) {
    const why = faultsOf(error).map(({ what }) => what);
    emit({
      type: "warning",
      fault: {
        code: "interrupted",
        what: `interrupted, and ${topicName} could not be deleted: ${why.join("; ")}`,
        fix: "the next smoke test removes it",
      },
    });
  }
}
