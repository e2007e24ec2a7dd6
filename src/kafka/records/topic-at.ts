/** A topic that is read or written: its partitions and who leads them, asked for again whenever that may have changed. */
import { KctlError } from "../../fault.ts";
import { nearest } from "../../spec/nearest.ts";
import type { Address } from "../address.ts";
import { askBrokers } from "../ask-brokers.ts";
import { nobodyAnswers } from "../nobody-answers.ts";
import { errorName, refusal } from "../wire/error-names.ts";
import { metadata, type Metadata } from "../wire/metadata.ts";

export type KafkaAt = {
  readonly bootstrap: readonly Address[];
  readonly signal: AbortSignal;
  /** The longest that one thing is waited for. */
  readonly seconds: number;
};

export type Leader = { readonly id: number; readonly at: Address };

export type TopicAt = {
  /** How many partitions it has. */
  readonly partitions: number;
  /** Of those that have one. */
  readonly leaders: ReadonlyMap<number, Leader>;
};

const unknownTopic = 3;
const invalidTopic = 17;
/** For a question that any broker answers at once. */
const askMs = 5000;

/** As the first broker that knows it tells; null: none that answers does. */
export async function topicAt(kafka: KafkaAt, topic: string): Promise<TopicAt | null> {
  const seen = await ask(kafka, [topic]);
  return seen === null || seen.topics[0]?.error === unknownTopic ? null : topicIn(seen);
}

/** The same, of a topic that must be there; whoever mistyped it is told what it may have been. */
export async function mustBeTopic(kafka: KafkaAt, topic: string): Promise<TopicAt> {
  const seen = await ask(kafka, [topic]);
  if (seen === null) throw nobodyAnswers(kafka);
  const error = seen.topics[0]?.error ?? unknownTopic;
  if (error === unknownTopic || error === invalidTopic) throw await noTopic(kafka, topic);
  const found = topicIn(seen);
  if (found.partitions === 0) throw new KctlError(refusal(`find the topic ${topic}`, { error }));
  return found;
}

export function mustBePartition(topic: string, { partitions }: TopicAt, partition: number): void {
  if (partition < partitions) return;
  const last = partitions - 1;
  throw new KctlError({
    code: "no-topic",
    what: `${topic} has no partition ${partition}`,
    fix: last === 0 ? "its only partition is 0" : `its partitions are 0 to ${last}`,
  });
}

async function ask(
  { bootstrap, signal, seconds }: KafkaAt,
  topics: readonly string[] | null,
): Promise<Metadata | null> {
  const knows = (seen: Metadata): boolean =>
    seen.brokers.length > 0 && seen.topics.every(({ error }) => errorName(error) !== "UNKNOWN_TOPIC_OR_PARTITION");
  return askBrokers(bootstrap, metadata(topics), signal, Math.min(seconds * 1000, askMs), knows);
}

function topicIn({ topics, brokers }: Metadata): TopicAt {
  const byId = new Map(brokers.map(({ id, host, port }) => [id, { id, at: { host, port } }]));
  const partitions = topics[0]?.partitions ?? [];
  const leaders = partitions.flatMap(({ partition, leader }): [number, Leader][] => {
    const broker = byId.get(leader);
    return broker === undefined ? [] : [[partition, broker]];
  });
  return { partitions: partitions.length, leaders: new Map(leaders) };
}

const mostNames = 5;

async function noTopic(kafka: KafkaAt, topic: string): Promise<KctlError> {
  const seen = await ask(kafka, null);
  const names = (seen?.topics ?? []).flatMap(({ name, internal }) => (internal ? [] : [name])).toSorted();
  const meant = nearest(topic, names);
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : "";
  const there = `the topics are ${names.slice(0, mostNames).join(", ")}${more}`;
  const none = "there are none yet: write it under `topics` in the spec, then `kctl topics apply`";
  return new KctlError({
    code: "no-topic",
    what: `there is no topic ${topic}`,
    fix: meant === null ? (names.length === 0 ? none : there) : `did you mean ${meant}?`,
  });
}
