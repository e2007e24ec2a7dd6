/** Compares what was written with what was read: pure, each a check of its own that gives its sentence or throws. */
import { partitionForKey } from "../murmur2.ts";
import { checkFailed, someOf } from "./failure.ts";
import type { ReadRecord } from "./read.ts";
import { numberHeader, runHeader } from "./records.ts";
import type { Confirmed } from "./write.ts";

/** Everything written is there, at its offset, once, byte for byte; and nothing else is. */
export function readBack(run: string, written: readonly Confirmed[], read: readonly ReadRecord[]): string {
  const foreign = read.filter((record) => headerOf(record, runHeader) !== run);
  if (foreign.length > 0)
    throw checkFailed(`${foreign.length} records are not of this test: ${someOf(foreign.map(place))}`);
  const byNumber = Map.groupBy(read, numberOf);
  const problems = written.flatMap((one) => {
    const found = byNumber.get(one.record.number) ?? [];
    const name = `record ${one.record.number} (${place({ partition: one.record.partition, offset: one.offset })})`;
    if (found.length === 0) return [`${name} is lost`];
    if (found.length > 1) return [`${name} is there ${found.length} times: ${someOf(found.map(place))}`];
    return found.flatMap((record) => alterations(one, record).map((what) => `${name} came back with ${what}`));
  });
  if (problems.length > 0) throw checkFailed(`of ${written.length} records: ${someOf(problems)}`, problems.join("\n"));
  if (read.length !== written.length)
    throw checkFailed(`${written.length} records were written and ${read.length} read`);
  return `${written.length} records written, ${read.length} read, each exactly once and byte for byte (key, value, headers, timestamp)`;
}

function alterations({ record, offset }: Confirmed, read: ReadRecord): readonly string[] {
  const sameHeaders =
    record.headers.length === read.headers.length &&
    record.headers.every(([name, value], at) => read.headers[at]?.[0] === name && same(value, read.headers[at][1]));
  return [
    ...(read.partition === record.partition && read.offset === offset ? [] : [`another place: ${place(read)}`]),
    ...(same(record.key, read.key) ? [] : ["another key"]),
    ...(same(record.value, read.value) ? [] : ["another value"]),
    ...(sameHeaders ? [] : ["other headers"]),
    ...(record.timestamp === read.timestamp ? [] : [`timestamp ${read.timestamp} instead of ${record.timestamp}`]),
  ];
}

/** Records of a partition rise in the order of their offsets. */
export function orderKept(read: readonly ReadRecord[]): string {
  const partitions = Map.groupBy(read, ({ partition }) => partition);
  for (const [partition, records] of partitions) {
    const ordered = records.toSorted((a, b) => (a.offset < b.offset ? -1 : 1));
    const wrong = ordered.findIndex((record, at) => at > 0 && numberOf(record) <= numberOf(ordered[at - 1] ?? record));
    const [record, before] = [ordered[wrong], ordered[wrong - 1]];
    if (record !== undefined && before !== undefined) {
      throw checkFailed(
        `in partition ${partition}, record ${numberOf(record)} stands at offset ${record.offset}, after record ${numberOf(before)}, which was written later`,
      );
    }
  }
  return `${read.length} numbered records stand in ${partitions.size} partitions in the order in which they were written`;
}

/**
 * Each key lies in one partition only, and it is that of Kafka's default partitioner. `hash` is a murmur2 that is not kctl's
 * own, so that the same mistake twice does not pass.
 */
export function keysKept(read: readonly ReadRecord[], partitions: number, hash: (key: Buffer) => number): string {
  const keyed = read.filter((record): record is ReadRecord & { key: Buffer } => record.key !== null);
  const byKey = Map.groupBy(keyed, ({ key }) => key.toString("hex"));
  for (const records of byKey.values()) {
    const places = [...new Set(records.map(({ partition }) => partition))];
    const key = records[0]?.key ?? Buffer.alloc(0);
    const picked = (hash(key) & 0x7fffffff) % partitions;
    if (places.length !== 1 || places[0] !== picked || partitionForKey(key, partitions) !== picked) {
      throw checkFailed(
        `key ${JSON.stringify(key.toString())} belongs in partition ${picked} and lies in ${places.join(", ")}`,
      );
    }
  }
  if (byKey.size === 0) throw checkFailed("no record with a key came back");
  return `${byKey.size} keys in ${keyed.length} records: each lies only in the partition that murmur2, Kafka's default, picks`;
}

export function keylessSpread(read: readonly ReadRecord[], numbers: ReadonlySet<number>, partitions: number): string {
  const keyless = read.filter((record) => record.key === null && numbers.has(numberOf(record)));
  const reached = new Set(keyless.map(({ partition }) => partition));
  if (reached.size !== partitions)
    throw checkFailed(`records without a key reached ${reached.size} of ${partitions} partitions`);
  return `${keyless.length} records without a key reached all ${partitions} partitions`;
}

export function headerOf({ headers }: Pick<ReadRecord, "headers">, wanted: string): string | null {
  return headers.find(([name]) => name === wanted)?.[1]?.toString() ?? null;
}

export function numberOf(record: ReadRecord): number {
  return Number(headerOf(record, numberHeader) ?? Number.NaN);
}

export function place({ partition, offset }: Pick<ReadRecord, "partition" | "offset">): string {
  return `partition ${partition}, offset ${offset}`;
}

function same(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}
