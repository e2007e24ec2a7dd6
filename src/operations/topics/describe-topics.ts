/** Topics in full: each partition with its leader and replicas, what is set on them, and how much there is in them. */
import { KctlError } from "../../fault.ts";
import { nobodyAnswers } from "../../kafka/nobody-answers.ts";
import { partitionKey, partitionSizes, total, type PartitionSizes } from "../../kafka/partition-sizes.ts";
import { topicStates, type ObservedTopic } from "../../kafka/topic-state.ts";
import { kafkaView } from "../../kafka/view.ts";
import { refusal } from "../../kafka/wire/error-names.ts";
import type { TopicShown } from "../../report/topics-text.ts";
import { nearest } from "../../spec/nearest.ts";
import type { Context } from "../context.ts";
import { openKafka, type OpenKafka } from "../open-kafka.ts";
import { countsOf } from "./list-topics.ts";

export type TopicsDescribed = { readonly cluster: string; readonly topics: readonly TopicShown[] };

const patienceMs = 10_000;

/** @param name null: all but Kafka's own, or with them where `internal` */
export async function describeTopics(
  context: Context,
  name: string | null,
  internal: boolean,
): Promise<TopicsDescribed> {
  const open = await openKafka(context);
  const { signal } = context;
  const told = await topicStates(open.bootstrap, signal, patienceMs, name === null ? null : [name]);
  if (told === null) throw nobodyAnswers(open);
  if (name !== null) await mustBeThere(name, told[0], open, signal);
  const topics = told.filter((topic) => name !== null || internal || !topic.internal);
  const led = topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partition, leader }) => ({ topic, partition, leader })),
  );
  const sizes = await partitionSizes(led, open.brokers, signal, patienceMs);
  return { cluster: open.name, topics: topics.map((topic) => shown(topic, sizes)) };
}

function shown(topic: ObservedTopic, sizes: PartitionSizes): TopicShown {
  const { name, id, internal, settings } = topic;
  const partitions = topic.partitions.map(({ partition, leader, replicas, isr }) => {
    const copies = sizes.bytes.get(partitionKey(name, partition));
    const records = sizes.records.get(partitionKey(name, partition)) ?? null;
    return { partition, leader, replicas, isr, records, bytes: leader === null ? null : (copies?.get(leader) ?? null) };
  });
  const copies = topic.partitions.flatMap(({ partition, replicas }) =>
    replicas.map((broker) => sizes.bytes.get(partitionKey(name, partition))?.get(broker) ?? null),
  );
  return {
    ...countsOf(topic),
    internal,
    id,
    partitions,
    settings,
    records: total(partitions.map(({ records }) => records)),
    bytes: total(partitions.map(({ bytes }) => bytes)),
    bytesOnDisk: total(copies),
  };
}

const unknownTopic = 3;
const invalidTopic = 17;

async function mustBeThere(
  name: string,
  told: ObservedTopic | undefined,
  open: OpenKafka,
  signal: AbortSignal,
): Promise<void> {
  const error = told?.error ?? unknownTopic;
  if (error === unknownTopic || error === invalidTopic) throw await noTopic(name, open, signal);
  if (error !== 0) throw new KctlError(refusal(`find the topic ${name}`, { error }));
}

async function noTopic(name: string, { name: cluster, bootstrap }: OpenKafka, signal: AbortSignal): Promise<KctlError> {
  const all = (await kafkaView(bootstrap, signal))?.topics.map((topic) => topic.name) ?? [];
  const near = nearest(name, all);
  return new KctlError({
    code: "no-topic",
    what: `there is no topic ${name} in ${cluster}`,
    fix: near === null ? "`kctl topics list` shows those that there are" : `did you mean ${near}?`,
  });
}
