/** The records that the smoke test writes: made from the run's id and a time, so that each can be told and checked byte by byte. */
import { partitionForKey } from "../murmur2.ts";

/** Every record carries both: by the first, a later run knows a topic for one of ours. */
export const runHeader = "kctl-smoke-test";
export const numberHeader = "kctl-record";

export type SmokeRecord = {
  readonly kind: "sequence" | "keyed" | "keyless";
  /** Its own in the run; within a partition they rise in the order of writing. */
  readonly number: number;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers: readonly (readonly [name: string, value: Buffer])[];
  /** In milliseconds. */
  readonly timestamp: bigint;
};

type Draft = Pick<SmokeRecord, "kind" | "partition" | "key">;

const keyCount = 48;
const timesPerKey = 3;

/** A sequence for each partition: the records that prove order. */
export function sequenceRecords(partitions: number, perPartition: number): readonly Draft[] {
  return inPartitions(partitions, perPartition, "sequence");
}

/** Keys in the form of text, other scripts and raw bytes; each comes several times, and its partition is what murmur2 says. */
export function keyedRecords(partitions: number): readonly Draft[] {
  const keys = Array.from({ length: keyCount }, (_, index) => {
    if (index % 3 === 0) return Buffer.from(`order-${index}`);
    return index % 3 === 1 ? Buffer.from(`Schlüssel-鍵-${index}`) : Buffer.from([0, 255, index, 128, 10, index * 5]);
  });
  return Array.from({ length: timesPerKey }, () => keys)
    .flat()
    .map((key) => ({ kind: "keyed", key, partition: partitionForKey(key, partitions) }));
}

/** Records without a key go to the partitions in turn. */
export function keylessRecords(partitions: number, perPartition: number): readonly Draft[] {
  return inPartitions(partitions, perPartition, "keyless");
}

function inPartitions(partitions: number, perPartition: number, kind: SmokeRecord["kind"]): readonly Draft[] {
  return Array.from({ length: partitions * perPartition }, (_, index) => ({
    kind,
    key: null,
    partition: index % partitions,
  }));
}

export function numbered(drafts: readonly Draft[], first: number, run: string, now: bigint): readonly SmokeRecord[] {
  return drafts.map((draft, index) => {
    const number = first + index;
    return {
      ...draft,
      number,
      value: valueOf(number),
      headers: [
        [runHeader, Buffer.from(run)],
        [numberHeader, Buffer.from(String(number))],
        ["kctl-binary-€", Buffer.from([0, number % 256, 255, 10])],
        ["kctl-empty", Buffer.alloc(0)],
      ],
      timestamp: now + BigInt(number),
    };
  });
}

/** Every byte value comes up; most are small, a few empty, one in a hundred is 32 KiB. */
function valueOf(number: number): Buffer {
  if (number % 50 === 7) return Buffer.alloc(0);
  const size = number % 100 === 13 ? 32 * 1024 : 20 + (number % 200);
  const value = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) value[at] = (number * 31 + at * 7) % 256;
  return value;
}
