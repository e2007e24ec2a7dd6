/** Where partitions begin and end, as their leaders tell consumers. */
import { KctlError } from "../../fault.ts";
import { passing } from "../passing-errors.ts";
import { until, type Look } from "../until.ts";
import { errorName, refusal } from "../wire/error-names.ts";
import { silentBroker, withBroker } from "../wire/exchange.ts";
import { listOffsets, type PartitionOffset } from "../wire/list-offsets.ts";
import { topicAt, type KafkaAt, type Leader } from "./topic-at.ts";

const askMs = 5000;

/** @param committed the latest is where the first open transaction begins */
export async function offsetsOf(
  kafka: KafkaAt,
  topic: string,
  partitions: readonly number[],
  which: "earliest" | "latest",
  committed: boolean,
): Promise<ReadonlyMap<number, bigint>> {
  return until(`the ${which} offsets of ${topic}`, kafka.seconds, kafka.signal, async () => {
    const seen = await topicAt(kafka, topic);
    if (seen === null) return { still: "no broker tells of it" };
    const lost = partitions.find((partition) => !seen.leaders.has(partition));
    if (lost !== undefined) return { still: `partition ${lost} has no leader` };
    const byLeader = Map.groupBy(partitions, (partition) => seen.leaders.get(partition)?.id ?? -1);
    const asked = [...byLeader].flatMap(([id, some]) => {
      const leader = [...seen.leaders.values()].find((one) => one.id === id);
      return leader === undefined
        ? []
        : [askLeader(kafka, leader, listOffsets("consumer", topic, some, which, committed))];
    });
    const answers = await Promise.all(asked);
    const failed = answers.find((answer) => "still" in answer);
    if (failed !== undefined) return failed;
    return { done: new Map(answers.flatMap((answer) => ("done" in answer ? answer.done : []))) };
  });
}

async function askLeader(
  { signal }: KafkaAt,
  { id, at }: Leader,
  message: ReturnType<typeof listOffsets>,
): Promise<Look<[number, bigint][]>> {
  let answer: readonly PartitionOffset[];
  try {
    answer = await withBroker(at, signal, askMs, (ask) => ask(message));
  } catch (error) {
    signal.throwIfAborted();
    return { still: silentBroker(id, error) };
  }
  const wrong = answer.find(({ error }) => error !== 0);
  if (wrong === undefined) return { done: answer.map(({ partition, offset }) => [partition, offset]) };
  const name = errorName(wrong.error);
  if (!passing.has(name)) throw new KctlError(refusal(`ask where partition ${wrong.partition} begins and ends`, wrong));
  return { still: `the leader of partition ${wrong.partition} answers ${name}` };
}
