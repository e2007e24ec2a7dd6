/** Deletes the topic and waits until no broker that answers knows of it any more. */
import { KctlError } from "../../fault.ts";
import { withAdmin } from "../connect.ts";
import { kafkaErrors, libraryFault } from "../library-error.ts";
import { until } from "../until.ts";
import { requestMs, type Bench } from "./bench.ts";
import { topicSeenBy } from "./partitions.ts";

/** What no waiting changes. */
const final = /AUTHORIZATION_FAILED|TOPIC_DELETION_DISABLED|POLICY_VIOLATION/;

/** Gives back which brokers did not answer: Kafka removes their copies once they are back. */
export async function removeTopic(bench: Bench): Promise<readonly number[]> {
  const { bootstrap, map, signal, seconds, topic } = bench;
  await withAdmin({ bootstrap, map, timeoutMs: requestMs(bench), retries: 0 }, signal, (admin) =>
    until(`${topic.name} to be deleted`, seconds, signal, async () => {
      try {
        await admin.deleteTopics({ topics: [topic.name] });
        return { done: true };
      } catch (error) {
        const errors = kafkaErrors(error);
        if (errors.includes("UNKNOWN_TOPIC_OR_PARTITION")) return { done: true };
        const fault = libraryFault(`delete ${topic.name}`, error);
        if (errors.some((name) => final.test(name))) throw new KctlError(fault, { cause: error });
        return { still: fault.what };
      }
    }),
  );
  return until(`${topic.name} to be gone from every broker`, seconds, signal, async () => {
    const views = await Promise.all(
      bench.brokers.map(async (broker) => ({ id: broker.id, seen: await topicSeenBy(bench, broker) })),
    );
    const still = views.find(({ seen }) => seen.kind === "there");
    if (still !== undefined) return { still: `broker ${still.id} still lists it` };
    return { done: views.filter(({ seen }) => seen.kind === "unknown").map(({ id }) => id) };
  });
}
