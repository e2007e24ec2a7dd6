/** Looks at topics, their sizes and the moves of their replicas, and plans what `topics apply` does. Reads only. */
import { membersOf, type Cluster } from "../../cluster/cluster.ts";
import { talkToBrokers } from "../../kafka/ask-brokers.ts";
import { certainTopics } from "../../kafka/certain-topics.ts";
import { nobodyAnswers } from "../../kafka/nobody-answers.ts";
import { partitionKey, partitionSizes, total, type PartitionSizes } from "../../kafka/partition-sizes.ts";
import { reassignmentsUnderWay, type MoveUnderWay } from "../../kafka/reassignments.ts";
import type { ObservedTopic } from "../../kafka/topic-state.ts";
import { describeCluster } from "../../kafka/wire/describe-cluster.ts";
import type { Change } from "../../plan/change.ts";
import type { BrokerPlace } from "../../plan/reassignment.ts";
import type { Receipt } from "../../plan/receipt.ts";
import { topicPlan, type TopicPlan, type TopicsInput } from "../../plan/topic-plan.ts";
import { byteText } from "../../report/amounts.ts";
import { addressesOf, addressOf, requestMs } from "../ask-kafka.ts";
import type { Context } from "../context.ts";
import { recordThere } from "../open-kafka.ts";
import type { OpenCluster } from "../open-cluster.ts";
import { throttledBrokers } from "./throttle.ts";

export type TopicsSeen = {
  /** With the brokers that were made, whatever the spec has beyond them. */
  readonly cluster: Cluster;
  readonly receipt: Receipt;
  readonly plan: TopicPlan;
};

/** @param throttle bytes a second */
export async function lookAtTopics(open: OpenCluster, throttle: number, context: Context): Promise<TopicsSeen> {
  const { cluster: wanted, receipt } = await recordThere(open);
  const cluster = { ...wanted, members: wanted.members.filter(({ key }) => Object.hasOwn(receipt.members, key)) };
  const { signal } = context;
  const bootstrap = addressesOf(cluster);
  const names = [...new Set([...cluster.topics.map(({ name }) => name), ...Object.keys(receipt.topics)])];
  const there = await racksOf(cluster, signal);
  if (there === null) throw nobodyAnswers({ bootstrap });
  const [observed, underWay, throttled] = await Promise.all([
    certainTopics(bootstrap, names, signal, requestMs, 1000 * context.timeoutSeconds),
    reassignmentsUnderWay({ bootstrap, signal, timeoutMs: requestMs }),
    throttledBrokers(cluster, signal),
  ]);
  if (observed === null) throw nobodyAnswers({ bootstrap });
  const brokers = membersOf(cluster, "broker").map(({ id, rack }) => ({ id, rack: there.get(id) ?? rack }));
  const input: TopicsInput = {
    wanted: cluster.topics,
    prune: cluster.prune,
    observed: asTheyWillBe(observed, underWay, receipt),
    brokers,
    missing: brokers.map(({ id }) => id).filter((id) => !there.has(id)),
    underWay,
    throttled,
    former: receipt,
    throttle,
    bytesOf: () => null,
  };
  const sizes = await sizesFor(topicPlan(input), observed, cluster, signal);
  const plan = topicPlan({ ...input, bytesOf: (topic, partition) => oneCopy(sizes, topic, partition) });
  const withLosses = plan.changes.map((change) => withLoss(change, observed, sizes));
  return { cluster, receipt, plan: { ...plan, changes: withLosses } };
}

/** Brokers that are there, with their racks as they tell them. */
async function racksOf(
  cluster: Cluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, BrokerPlace["rack"]> | null> {
  const told = await talkToBrokers(
    addressesOf(cluster),
    (ask) => ask(describeCluster(1, "brokers")),
    signal,
    requestMs,
    ({ error, nodes }) => error === 0 && nodes.length > 0,
  );
  return told === null ? null : new Map(told.nodes.map(({ id, rack }) => [id, rack]));
}

/** What kctl began to move counts as moved: Kafka goes on with it. */
function asTheyWillBe(
  topics: readonly ObservedTopic[],
  underWay: readonly MoveUnderWay[],
  { reassigning }: Receipt,
): readonly ObservedTopic[] {
  const ours = underWay.filter(({ topic }) => reassigning?.topics.includes(topic) === true);
  const goals = new Map(ours.map(({ topic, partition, to }) => [partitionKey(topic, partition), to]));
  return topics.map((topic) => ({
    ...topic,
    partitions: topic.partitions.map((one) => {
      const replicas = goals.get(partitionKey(topic.name, one.partition)) ?? one.replicas;
      return { ...one, replicas };
    }),
  }));
}

/** Only of what is moved or deleted. */
function sizesFor(
  { changes }: TopicPlan,
  observed: readonly ObservedTopic[],
  cluster: Cluster,
  signal: AbortSignal,
): Promise<PartitionSizes> {
  const names = new Set(
    changes.flatMap((change) => {
      if (change.kind === "topic-deletion") return [change.topic];
      return change.kind === "reassignment" ? [...change.moves, ...change.underWay].map(({ topic }) => topic) : [];
    }),
  );
  const partitions = observed.flatMap(({ name, partitions }) =>
    names.has(name) ? partitions.map(({ partition, leader }) => ({ topic: name, partition, leader })) : [],
  );
  const brokers = membersOf(cluster, "broker").map((member) => ({ id: member.id, address: addressOf(member) }));
  return partitionSizes(partitions, brokers, signal);
}

/** The largest: others may lack what they were not sent yet. */
function oneCopy({ bytes }: PartitionSizes, topic: string, partition: number): number | null {
  const copies = bytes.get(partitionKey(topic, partition));
  return copies === undefined || copies.size === 0 ? null : Math.max(...copies.values());
}

function withLoss(change: Change, observed: readonly ObservedTopic[], sizes: PartitionSizes): Change {
  if (change.kind !== "topic-deletion") return change;
  const { topic } = change;
  const partitions = observed.find(({ name }) => name === topic)?.partitions ?? [];
  const records = total(partitions.map(({ partition }) => sizes.records.get(partitionKey(topic, partition)) ?? null));
  const bytes = total(partitions.map(({ partition }) => oneCopy(sizes, topic, partition)));
  const text = [
    records === null
      ? "nobody knows how many records"
      : `${records.toLocaleString("en")} record${records === 1 ? "" : "s"}`,
    ...(bytes === null ? [] : [byteText(bytes)]),
  ].join(", ");
  return { ...change, title: `${change.title} with its data (${text})`, records, bytes };
}
