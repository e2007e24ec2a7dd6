/** The topics that there are, as one broker knows them: one small request. */
import { askBrokers } from "../../kafka/ask-brokers.ts";
import { nobodyAnswers } from "../../kafka/nobody-answers.ts";
import { viewOf, type TopicView } from "../../kafka/view.ts";
import { metadata } from "../../kafka/wire/metadata.ts";
import type { TopicRow } from "../../report/topics-text.ts";
import type { Context } from "../context.ts";
import { openKafka } from "../open-kafka.ts";

export type TopicList = { readonly cluster: string; readonly topics: readonly TopicRow[] };

const patienceMs = 10_000;

/** @param internal Kafka's own too */
export async function listTopics(context: Context, internal: boolean): Promise<TopicList> {
  const { name: cluster, bootstrap } = await openKafka(context);
  const isGood = ({ brokers }: { readonly brokers: readonly unknown[] }): boolean => brokers.length > 0;
  const told = await askBrokers(bootstrap, metadata(null), context.signal, patienceMs, isGood);
  if (told === null) throw nobodyAnswers({ bootstrap });
  const own = new Set(told.topics.filter((topic) => topic.internal).map(({ name }) => name));
  const topics = viewOf(told).topics.filter(({ name }) => internal || !own.has(name));
  return { cluster, topics: topics.map((topic) => ({ ...countsOf(topic), internal: own.has(topic.name) })) };
}

export function countsOf({ name, partitions }: TopicView): Omit<TopicRow, "internal"> {
  const copies = new Set(partitions.map(({ replicas }) => replicas.length));
  return {
    name,
    partitions: partitions.length,
    replicas: copies.size === 1 ? ([...copies][0] ?? null) : null,
    underReplicated: partitions.filter(({ replicas, isr }) => isr.length < replicas.length).length,
    offline: partitions.filter(({ leader }) => leader === null).length,
  };
}
