/** Creates the topic, and sees it whole before anything is written to it. */
import type { Admin } from "@platformatic/kafka";
import { KctlError } from "../../fault.ts";
import { withAdmin } from "../connect.ts";
import { kafkaErrors, libraryFault } from "../library-error.ts";
import { until, type Look } from "../until.ts";
import { requestMs, type Bench } from "./bench.ts";
import { lacking, leadersNow } from "./partitions.ts";
import type { Assignment, OwnTopic } from "./topic.ts";

/** Passing states of a cluster whose controller has just moved, or has not heard of a broker yet. */
const passing: ReadonlySet<string> = new Set([
  "NOT_CONTROLLER",
  "REQUEST_TIMED_OUT",
  "BROKER_NOT_AVAILABLE",
  "INVALID_REPLICA_ASSIGNMENT",
]);

export async function createTopic(bench: Bench, layout: readonly Assignment[]): Promise<void> {
  const { bootstrap, map, signal, seconds, topic } = bench;
  await withAdmin({ bootstrap, map, timeoutMs: requestMs(bench), retries: 0 }, signal, async (admin) => {
    let unanswered = false;
    await until(`${topic.name} to be created`, seconds, signal, async () => {
      const tried = await tryToCreate(admin, topic, layout);
      if ("done" in tried) return tried;
      unanswered ||= tried.unanswered;
      // An attempt that may have worked: then the topic that is in the way is this run's own.
      if (unanswered && tried.exists && (await missing(bench, layout)) === null) return { done: true };
      return tried;
    });
  });
}

type Attempt =
  | { readonly done: true }
  | { readonly still: string; readonly exists: boolean; readonly unanswered: boolean };

/** No answer came, or Kafka was still at it when its answer was due. */
export function mayHaveWorked(errors: readonly string[]): boolean {
  return errors.length === 0 || errors.includes("REQUEST_TIMED_OUT");
}

async function tryToCreate(
  admin: Admin,
  { name, settings: wanted }: OwnTopic,
  layout: readonly Assignment[],
): Promise<Attempt> {
  const settings = Object.entries(wanted(layout[0]?.brokers.length ?? 1));
  try {
    await admin.createTopics({
      topics: [
        {
          topic: name,
          assignments: layout.map(({ partition, brokers }) => ({ partition, brokers: [...brokers] })),
        },
      ],
      configs: settings.map(([setting, value]) => ({ name: setting, value })),
    });
    return { done: true };
  } catch (error) {
    const fault = libraryFault(`create ${name}`, error);
    const errors = kafkaErrors(error);
    const exists = errors.includes("TOPIC_ALREADY_EXISTS");
    if (exists) return { still: "an earlier one is still being deleted", exists, unanswered: false };
    if (errors.every((name) => passing.has(name)))
      return { still: fault.what, exists, unanswered: mayHaveWorked(errors) };
    throw new KctlError(fault, { cause: error });
  }
}

async function missing(bench: Bench, layout: readonly Assignment[]): Promise<string | null> {
  const all = await Promise.all(bench.brokers.map((broker) => lacking(bench, broker, layout, "preferred")));
  return all.find((why) => why !== null) ?? null;
}

/** Every broker knows of every partition's leader and its replicas in sync, and every leader serves. */
export async function topicReady(bench: Bench, layout: readonly Assignment[]): Promise<void> {
  await until(
    `${bench.topic.name} to be led and in sync on every broker`,
    bench.seconds,
    bench.signal,
    async (): Promise<Look<true>> => {
      const why = await missing(bench, layout);
      if (why !== null) return { still: why };
      const leaders = await leadersNow(bench);
      return typeof leaders === "string" ? { still: leaders } : { done: true };
    },
  );
}
