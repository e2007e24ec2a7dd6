/** Fetch, version 11, of partitions of one topic: FetchRequest.json and FetchResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import { malformed, type Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type Fetched = {
  readonly error: number;
  readonly highWatermark: bigint;
  /** Whole record batches; Kafka may cut the last one short, which is left out here. */
  readonly batches: Buffer;
  /** The offset after the last whole batch; null where there is none. */
  readonly next: bigint | null;
};

/** A transaction that was aborted: its records are from this offset on, among those of other producers. */
export type AbortedTransaction = { readonly producerId: bigint; readonly firstOffset: bigint };

export type FetchedPartition = Fetched & {
  readonly partition: number;
  /** Those whose records the batches hold; only where committed records were asked for. */
  readonly aborted: readonly AbortedTransaction[];
};

export type FetchRequest = {
  readonly topic: string;
  /** Where each partition is read from; Kafka fills its answer in this order. */
  readonly positions: readonly { readonly partition: number; readonly offset: bigint }[];
  /** Read committed: nothing beyond the first open transaction, and with what it takes to leave out aborted ones. */
  readonly committed: boolean;
  /** How long Kafka waits for records before it answers that there are none. */
  readonly waitMs: number;
  readonly mostBytes: number;
  readonly mostBytesEach: number;
};

type FetchAnswer = {
  /** Of the whole request. */
  readonly error: number;
  readonly partitions: readonly FetchedPartition[];
};

/** As a consumer; since version 11 a follower answers as well as the leader, up to the high watermark that it knows of. */
export function fetchPartitions(request: FetchRequest): Message<FetchAnswer> {
  const body = compose()
    .int32(-1) // replica_id: a consumer
    .int32(request.waitMs)
    .int32(1) // min_bytes
    .int32(request.mostBytes)
    .int8(request.committed ? 1 : 0) // isolation_level
    .int32(0) // session_id
    .int32(-1) // session_epoch: no session
    .array([request.topic], (name, part) => {
      part.string(name).array(request.positions, ({ partition, offset }) => {
        part.int32(partition).int32(-1).int64(offset).int64(-1n).int32(request.mostBytesEach);
      });
    })
    .array([], () => undefined) // forgotten_topics_data
    .string("") // rack_id
    .done();
  return { apiKey: 1, version: 11, body, read };
}

const mostBytes = 8 * 1024 * 1024;

/** One partition, with the records of open and of aborted transactions too. */
export function fetchPartition(topic: string, partition: number, offset: bigint, waitMs: number): Message<Fetched> {
  const positions = [{ partition, offset }];
  const message = fetchPartitions({
    topic,
    positions,
    committed: false,
    waitMs,
    mostBytes,
    mostBytesEach: mostBytes,
  });
  const readOne = (answer: Cursor): Fetched => {
    const { error, partitions } = read(answer);
    const [first] = partitions;
    if (first === undefined) return { error, highWatermark: -1n, batches: Buffer.alloc(0), next: null };
    return error === 0 ? first : { ...first, error };
  };
  return { ...message, read: readOne };
}

function read(answer: Cursor): FetchAnswer {
  answer.int32(); // throttle_time_ms
  const error = answer.int16();
  answer.int32(); // session_id
  const partitions = answer.array(() => {
    answer.string(); // topic
    return answer.array(() => readPartition(answer));
  });
  return { error, partitions: partitions.flat() };
}

function readPartition(answer: Cursor): FetchedPartition {
  const partition = answer.int32();
  const error = answer.int16();
  const highWatermark = answer.int64();
  answer.int64(); // last_stable_offset
  answer.int64(); // log_start_offset
  const aborted = answer.array(() => ({ producerId: answer.int64(), firstOffset: answer.int64() }));
  answer.int32(); // preferred_read_replica
  return { partition, error, highWatermark, aborted, ...wholeBatches(answer.bytes()) };
}

/** Walks the heads of the batches (RecordBatch, magic 2): base offset at 0, length at 8, last offset delta at 23. */
export function wholeBatches(records: Buffer): Pick<Fetched, "batches" | "next"> {
  let at = 0;
  let next: bigint | null = null;
  while (at + 27 <= records.length) {
    const size = 12 + records.readInt32BE(at + 8);
    if (size < 61) throw malformed(`a record batch of ${size} bytes`);
    if (at + size > records.length) break;
    next = records.readBigInt64BE(at) + BigInt(records.readInt32BE(at + 23)) + 1n;
    at += size;
  }
  return { batches: records.subarray(0, at), next };
}
