/** What leaders tell of their partitions: the first offset, the last, the one at a time; one request for all that a broker leads. */
import { setTimeout as delay } from "node:timers/promises";
import { addressText, type Address } from "../address.ts";
import type { AskAt } from "../hold-brokers.ts";
import { listTopicOffsets } from "../wire/list-offsets.ts";
import { metadata } from "../wire/metadata.ts";

export type TopicPartition = { readonly topic: string; readonly partition: number };

/** By topic, then by partition; null: it has no leader at the moment. A topic that is not there is absent. */
export type Leaders = ReadonlyMap<string, ReadonlyMap<number, Address | null>>;

/** By topic, then by partition; one that is not known is absent. */
export type Offsets = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** How often a leader that has just moved is looked for again. */
const attempts = 4;
const pauseMs = 250;

export async function leadersOf(topics: readonly string[], from: Address, askAt: AskAt): Promise<Leaders> {
  if (topics.length === 0) return new Map();
  const seen = await askAt(from, metadata(topics));
  const addresses = new Map(seen.brokers.map(({ id, host, port }) => [id, { host, port }]));
  return new Map(
    seen.topics
      .filter(({ partitions }) => partitions.length > 0)
      .map(({ name, partitions }) => [
        name,
        new Map(partitions.map(({ partition, leader }) => [partition, addresses.get(leader) ?? null])),
      ]),
  );
}

/**
 * A leader that has just moved is looked for again; one that does not answer tells nothing.
 * @param which a time in milliseconds: the first record at or after it, -1 where there is none
 */
export async function offsetsOf(
  partitions: readonly TopicPartition[],
  from: Address,
  which: "earliest" | "latest" | number,
  askAt: AskAt,
): Promise<Offsets> {
  const known = new Map<string, Map<number, number>>();
  let wanted = byTopics(partitions);
  for (let attempt = 1; wanted.size > 0 && attempt <= attempts; attempt += 1) {
    if (attempt > 1) await delay(pauseMs);
    const leaders = await leadersOf([...wanted.keys()], from, askAt);
    const moved = await askLeaders(wanted, leaders, which, askAt, known);
    wanted = byTopics(moved);
  }
  return known;
}

/** @returns those whose leader says that it is none: it will be another one */
async function askLeaders(
  wanted: ReadonlyMap<string, ReadonlySet<number>>,
  leaders: Leaders,
  which: "earliest" | "latest" | number,
  askAt: AskAt,
  known: Map<string, Map<number, number>>,
): Promise<readonly TopicPartition[]> {
  const asked = await Promise.all(
    byLeader(wanted, leaders).map(async ({ address, topics }) =>
      askAt(address, listTopicOffsets(topics, which)).catch(() => []),
    ),
  );
  const told = asked.flat();
  for (const { topic, partition, error, offset } of told) {
    if (error !== 0) continue;
    const offsets = known.get(topic) ?? new Map<number, number>();
    known.set(topic, offsets.set(partition, Number(offset)));
  }
  return told.filter(({ error }) => error !== 0);
}

function byTopics(partitions: readonly TopicPartition[]): ReadonlyMap<string, ReadonlySet<number>> {
  const topics = new Map<string, Set<number>>();
  for (const { topic, partition } of partitions) topics.set(topic, (topics.get(topic) ?? new Set()).add(partition));
  return topics;
}

type OfLeader = { readonly address: Address; readonly topics: Map<string, number[]> };

function byLeader(wanted: ReadonlyMap<string, ReadonlySet<number>>, leaders: Leaders): readonly OfLeader[] {
  const requests = new Map<string, OfLeader>();
  for (const [topic, partitions] of wanted)
    for (const partition of partitions) {
      const address = leaders.get(topic)?.get(partition) ?? null;
      if (address === null) continue;
      const key = addressText(address);
      const request = requests.get(key) ?? { address, topics: new Map<string, number[]>() };
      requests.set(key, request);
      request.topics.set(topic, [...(request.topics.get(topic) ?? []), partition]);
    }
  return [...requests.values()];
}
