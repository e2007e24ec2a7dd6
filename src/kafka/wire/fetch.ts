/** Fetch, version 11, of one partition: FetchRequest.json and FetchResponse.json of Kafka's message definitions. */
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

const mostBytes = 8 * 1024 * 1024;

/** As a consumer; since version 11 a follower answers as well as the leader, up to the high watermark that it knows of. */
export function fetchPartition(topic: string, partition: number, offset: bigint, waitMs: number): Message<Fetched> {
  const body = compose()
    .int32(-1) // replica_id: a consumer
    .int32(waitMs)
    .int32(1) // min_bytes
    .int32(mostBytes)
    .int8(0) // isolation_level: read uncommitted
    .int32(0) // session_id
    .int32(-1) // session_epoch: no session
    .array([topic], (name, part) => {
      part.string(name).array([partition], (index) => {
        part.int32(index).int32(-1).int64(offset).int64(-1n).int32(mostBytes);
      });
    })
    .array([], () => undefined) // forgotten_topics_data
    .string("") // rack_id
    .done();
  return { apiKey: 1, version: 11, body, read };
}

function read(answer: Cursor): Fetched {
  answer.int32(); // throttle_time_ms
  const error = answer.int16();
  answer.int32(); // session_id
  const partitions = answer
    .array(() => {
      answer.string(); // topic
      return answer.array(() => readPartition(answer));
    })
    .flat();
  const [first] = partitions;
  if (first === undefined) return { error, highWatermark: -1n, batches: Buffer.alloc(0), next: null };
  return error === 0 ? first : { ...first, error };
}

function readPartition(answer: Cursor): Fetched {
  answer.int32(); // partition_index
  const error = answer.int16();
  const highWatermark = answer.int64();
  answer.int64(); // last_stable_offset
  answer.int64(); // log_start_offset
  answer.array(() => [answer.int64(), answer.int64()]); // aborted_transactions
  answer.int32(); // preferred_read_replica
  return { error, highWatermark, ...wholeBatches(answer.bytes()) };
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
