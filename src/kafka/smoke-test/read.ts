/** Reads a partition from one broker's copy, and takes its record batches apart. */
import { unreachableWhy, withBroker, type Ask } from "../wire/exchange.ts";
import { fetchPartition } from "../wire/fetch.ts";
import { until } from "../until.ts";
import { requestMs, type Bench, type BrokerAt } from "./bench.ts";
import { topicName } from "./topic.ts";

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
  const batches: Buffer[] = [];
  let offset = from;
  const step = async (ask: Ask) => {
    const fetched = await ask(fetchPartition(topicName, partition, offset, 200));
    if (fetched.error !== 0) return { still: `broker ${broker.id} answers error ${fetched.error}` };
    if (fetched.next !== null) {
      batches.push(fetched.batches);
      offset = fetched.next;
    }
    const { highWatermark } = fetched;
    if (offset >= end) return { done: { bytes: Buffer.concat(batches), highWatermark } };
    return { still: `it has come to ${offset}, and the high watermark is ${highWatermark}` };
  };
  return until(
    `partition ${partition} to be readable up to offset ${end} on broker ${broker.id}`,
    bench.seconds,
    bench.signal,
    async () => {
      try {
        return await withBroker(broker.at, bench.signal, requestMs(bench), step);
      } catch (error) {
        bench.signal.throwIfAborted();
        return { still: `broker ${broker.id} does not answer: ${unreachableWhy(error)}` };
      }
    },
  );
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
