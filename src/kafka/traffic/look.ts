/** One look at what went through a cluster: each leader is asked for the ends of its partitions, and for the sizes of their logs. */
import type { Address } from "../address.ts";
import { bytesOnDisk, partitionKey, quietly } from "../partition-sizes.ts";
import type { TopicView } from "../view.ts";
import { withBroker } from "../wire/exchange.ts";
import { listTopicOffsets } from "../wire/list-offsets.ts";
import type { PartitionTraffic, TrafficLook } from "./rates.ts";

type Broker = { readonly id: number; readonly address: Address };

/**
 * A leader that does not answer, that is not among these brokers, or that has moved meanwhile, leaves a gap.
 *
 * @param topics null: no broker told of them
 */
export async function lookAtTraffic(
  topics: readonly TopicView[] | null,
  brokers: readonly Broker[],
  signal: AbortSignal,
  timeoutMs = 3000,
): Promise<TrafficLook> {
  if (topics === null) return { at: performance.now(), partitions: new Map(), missing: null };
  const told = await Promise.all(
    brokers.map(async (broker) => {
      const led = ledBy(broker.id, topics);
      return led.size === 0 ? [] : trafficOf(broker, led, signal, timeoutMs);
    }),
  );
  const partitions = new Map(told.flat().map((one) => [partitionKey(one.topic, one.partition), one]));
  const led = topics.flatMap(({ name, partitions: its }) =>
    its.flatMap(({ partition, leader }) => (leader === null ? [] : [[partitionKey(name, partition), leader] as const])),
  );
  const missing = new Map(led.filter(([key]) => !partitions.has(key)));
  return { at: performance.now(), partitions, missing };
}

type Led = ReadonlyMap<string, readonly number[]>;

function ledBy(id: number, topics: readonly TopicView[]): Led {
  const led = topics.flatMap(({ name, partitions }) => {
    const its = partitions.filter(({ leader }) => leader === id).map(({ partition }) => partition);
    return its.length === 0 ? [] : [[name, its] as const];
  });
  return new Map(led);
}

/** Two connections: a broker that does not let everybody see its disks may hang up. */
async function trafficOf(
  { id, address }: Broker,
  led: Led,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<readonly PartitionTraffic[]> {
  const partitions = [...led].flatMap(([topic, its]) => its.map((partition) => ({ topic, partition })));
  const [ends, sizes] = await Promise.all([
    quietly(signal, async () => {
      const offsets = await withBroker(address, signal, timeoutMs, (ask) => ask(listTopicOffsets(led, "latest")));
      return { at: performance.now(), offsets };
    }),
    bytesOnDisk(partitions, [{ id, address }], signal, timeoutMs),
  ]);
  if (ends === null) return [];
  return ends.offsets.flatMap(({ topic, partition, error, offset }) => {
    if (error !== 0) return [];
    const bytes = sizes.get(partitionKey(topic, partition))?.get(id) ?? null;
    return [{ topic, partition, at: ends.at, leader: id, end: Number(offset), bytes }];
  });
}
