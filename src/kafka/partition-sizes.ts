/** How much there is in topics: the records between a partition's first and last offset, and the bytes of each copy. */
import type { Address } from "./address.ts";
import { withBroker } from "./wire/exchange.ts";
import { describeLogDirs } from "./wire/describe-log-dirs.ts";
import { listOffsets } from "./wire/list-offsets.ts";

export type LedPartition = { readonly topic: string; readonly partition: number; readonly leader: number | null };

type Brokers = readonly { readonly id: number; readonly address: Address }[];

/** By `TOPIC PARTITION`; what nobody told is not in it. */
export type PartitionSizes = {
  readonly records: ReadonlyMap<string, number>;
  /** By broker. */
  readonly bytes: ReadonlyMap<string, ReadonlyMap<number, number>>;
};

export const partitionKey = (topic: string, partition: number): string => `${topic} ${partition}`;

export async function partitionSizes(
  partitions: readonly LedPartition[],
  brokers: Brokers,
  signal: AbortSignal,
  timeoutMs = 10_000,
): Promise<PartitionSizes> {
  const [records, bytes] = await Promise.all([
    recordCounts(partitions, brokers, signal, timeoutMs),
    bytesOnDisk(partitions, brokers, signal, timeoutMs),
  ]);
  return { records, bytes };
}

/** A leader tells of what it leads only. */
async function recordCounts(
  partitions: readonly LedPartition[],
  brokers: Brokers,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  await Promise.all(
    brokers.map(async ({ id, address }) => {
      const led = [...Map.groupBy(partitions, ({ topic }) => topic)].flatMap(([topic, ofOne]) => {
        const ids = ofOne.filter(({ leader }) => leader === id).map(({ partition }) => partition);
        return ids.length === 0 ? [] : [{ topic, ids }];
      });
      if (led.length === 0) return;
      const told = await quietly(signal, () =>
        withBroker(address, signal, timeoutMs, (ask) =>
          Promise.all(
            led.map(async ({ topic, ids }) => {
              const [first, last] = await Promise.all([
                ask(listOffsets("consumer", topic, ids, "earliest")),
                ask(listOffsets("consumer", topic, ids, "latest")),
              ]);
              return { topic, first, last };
            }),
          ),
        ),
      );
      for (const { topic, first, last } of told ?? [])
        for (const { partition, error, offset } of last) {
          const start = first.find((one) => one.partition === partition);
          if (error === 0 && start?.error === 0)
            found.set(partitionKey(topic, partition), Number(offset - start.offset));
        }
    }),
  );
  return found;
}

export async function bytesOnDisk(
  partitions: readonly Pick<LedPartition, "topic" | "partition">[],
  brokers: Brokers,
  signal: AbortSignal,
  timeoutMs = 10_000,
): Promise<PartitionSizes["bytes"]> {
  const wanted = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, ofOne]) => ({
    topic,
    partitions: ofOne.map(({ partition }) => partition),
  }));
  const found = new Map<string, Map<number, number>>();
  if (wanted.length === 0) return found;
  await Promise.all(
    brokers.map(async ({ id, address }) => {
      const told = await quietly(signal, () =>
        withBroker(address, signal, timeoutMs, (ask) => ask(describeLogDirs(wanted))),
      );
      for (const { topic, partition, bytes, future } of told ?? []) {
        if (future) continue;
        const key = partitionKey(topic, partition);
        const copies = found.get(key) ?? new Map<number, number>();
        found.set(key, copies.set(id, Number(bytes)));
      }
    }),
  );
  return found;
}

/** A broker that does not tell leaves a gap, and no more. */
export async function quietly<Result>(signal: AbortSignal, ask: () => Promise<Result>): Promise<Result | null> {
  try {
    return await ask();
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** null where one of them is not known. */
export function total(numbers: readonly (number | null)[]): number | null {
  const known = numbers.filter((number) => number !== null);
  return known.length < numbers.length ? null : known.reduce((sum, number) => sum + number, 0);
}
