/** The partitions of the topic as every broker sees them. */
import { unreachableWhy } from "../wire/exchange.ts";
import { listOffsets } from "../wire/list-offsets.ts";
import { metadata, type MetadataPartition } from "../wire/metadata.ts";
import { askBroker, brokerOf, type Bench, type BrokerAt } from "./bench.ts";
import type { Assignment } from "./topic.ts";

/** Kafka's UNKNOWN_TOPIC_OR_PARTITION. */
const unknownTopic = 3;

export type TopicSeen =
  | { readonly kind: "absent" }
  | { readonly kind: "there"; readonly partitions: readonly MetadataPartition[] }
  | { readonly kind: "unknown"; readonly why: string };

export async function topicSeenBy(bench: Bench, { id, at }: BrokerAt): Promise<TopicSeen> {
  try {
    const { topics } = await askBroker(bench, at, metadata([bench.topic.name]));
    const topic = topics.find(({ name }) => name === bench.topic.name);
    if (topic === undefined || topic.error === unknownTopic) return { kind: "absent" };
    if (topic.partitions.length === 0) return { kind: "unknown", why: `broker ${id} answers error ${topic.error}` };
    return { kind: "there", partitions: topic.partitions.toSorted((a, b) => a.partition - b.partition) };
  } catch (error) {
    bench.signal.throwIfAborted();
    return { kind: "unknown", why: `broker ${id} does not answer: ${unreachableWhy(error)}` };
  }
}

/** What is not yet as laid out, in one broker's view: leaders where they belong, every replica in sync. Null: nothing. */
export async function lacking(
  bench: Bench,
  broker: BrokerAt,
  layout: readonly Assignment[],
  leaders: "preferred" | "any",
): Promise<string | null> {
  const seen = await topicSeenBy(bench, broker);
  if (seen.kind === "unknown") return seen.why;
  if (seen.kind === "absent") return `broker ${broker.id} does not know the topic`;
  for (const { partition, brokers } of layout) {
    const found = seen.partitions.find((other) => other.partition === partition);
    const missing = brokers.filter((id) => !found?.isr.includes(id) || found.offline.includes(id));
    if (found === undefined || found.leader < 0) return `partition ${partition} has no leader`;
    if (missing.length > 0) return `partition ${partition} is not in sync on broker ${missing.join(" and ")}`;
    if (leaders === "preferred" && found.leader !== brokers[0]) {
      return `partition ${partition} is led by broker ${found.leader}, not by broker ${brokers[0]}`;
    }
  }
  return null;
}

/** The broker that leads each partition now; a sentence where one has none, or it does not serve it yet. */
export async function leadersNow(bench: Bench): Promise<ReadonlyMap<number, BrokerAt> | string> {
  const views = await Promise.all(bench.brokers.map((broker) => topicSeenBy(bench, broker)));
  const there = views.find((view) => view.kind === "there");
  if (there === undefined) return "no broker answers for the topic";
  const leaders = new Map<number, BrokerAt>();
  for (const { partition, leader } of there.partitions) {
    const broker = brokerOf(bench, leader);
    if (broker === undefined) return `partition ${partition} has no leader`;
    leaders.set(partition, broker);
  }
  const wrong = await Promise.all([...leaders].map(([partition, broker]) => notServing(bench, partition, broker)));
  return wrong.find((why) => why !== null) ?? leaders;
}

/** A broker may be told that it leads a moment before it does. */
async function notServing(bench: Bench, partition: number, { id, at }: BrokerAt): Promise<string | null> {
  try {
    const [seen] = await askBroker(bench, at, listOffsets("consumer", bench.topic.name, [partition], "latest"));
    return seen?.error === 0 ? null : `broker ${id} does not lead partition ${partition} yet`;
  } catch (error) {
    bench.signal.throwIfAborted();
    return `broker ${id} does not answer: ${unreachableWhy(error)}`;
  }
}
