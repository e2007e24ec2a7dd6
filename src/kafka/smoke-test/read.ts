/** Reads a partition from one broker's copy, and takes its record batches apart. */
import { until, type Look } from "../until.ts";
import { unreachableWhy } from "../wire/exchange.ts";
import { fetchPartition } from "../wire/fetch.ts";
import { askBroker, type Bench, type BrokerAt } from "./bench.ts";

export type ReadRecord = {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
  readonly timestamp: bigint;
};

export type ReadPartition = {
  /** The batches as they lie on disk: the same on every replica. */
  readonly bytes: Buffer;
  readonly highWatermark: bigint;
};

/** From `from` until the high watermark reaches `end`; consumers are shown nothing beyond it. */
export async function readPartition(
  bench: Bench,
  broker: BrokerAt,
  partition: number,
  from: bigint,
  end: bigint,
): Promise<ReadPartition> {
  const chunks: Buffer[] = [];
  let highWatermark = -1n;
  for await (const chunk of partitionChunks(bench, broker, partition, from, end)) {
    chunks.push(chunk.bytes);
    ({ highWatermark } = chunk);
  }
  return { bytes: Buffer.concat(chunks), highWatermark };
}

/** The same, a few MiB at a time. */
export async function* partitionChunks(
  bench: Bench,
  broker: BrokerAt,
  partition: number,
  from: bigint,
  end: bigint,
): AsyncGenerator<ReadPartition> {
  const what = `partition ${partition} to be readable up to offset ${end} on broker ${broker.id}`;
  for (let offset = from; offset < end;) {
    const fetched = await until(what, bench.seconds, bench.signal, () => fetchOnce(bench, broker, partition, offset));
    offset = fetched.next;
    yield fetched;
  }
}

export type Chunk = ReadPartition & { readonly next: bigint };

export async function fetchOnce(
  bench: Bench,
  { id, at }: BrokerAt,
  partition: number,
  offset: bigint,
): Promise<Look<Chunk>> {
  try {
    const { error, next, batches, highWatermark } = await askBroker(
      bench,
      at,
      fetchPartition(bench.topic.name, partition, offset, 200),
    );
    if (error !== 0) return { still: `broker ${id} answers error ${error}` };
    if (next === null) return { still: `it has come to ${offset}, and the high watermark is ${highWatermark}` };
    return { done: { bytes: batches, highWatermark, next } };
  } catch (error) {
    bench.signal.throwIfAborted();
    return { still: `broker ${id} does not answer: ${unreachableWhy(error)}` };
  }
}

export async function decode(partition: number, bytes: Buffer): Promise<readonly ReadRecord[]> {
  const { Reader, readRecordsBatches } = await import("@platformatic/kafka");
  return readRecordsBatches(Reader.from(bytes)).flatMap((batch) =>
    batch.records.map((record) => ({
      partition,
      offset: batch.firstOffset + BigInt(record.offsetDelta),
      key: record.key,
      value: record.value,
      headers: record.headers.map(([name, value]) => [name?.toString("utf8") ?? "", value] as const),
      timestamp: batch.firstTimestamp + record.timestampDelta,
    })),
  );
}
