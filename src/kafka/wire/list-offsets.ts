/** ListOffsets, version 1, or 2 of committed records: ListOffsetsRequest.json and ListOffsetsResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type PartitionOffset = { readonly partition: number; readonly error: number; readonly offset: bigint };

const timestamps = { earliest: -2n, latest: -1n } as const;

/**
 * Who asks: `consumer` hears of what consumers may read (latest: the high watermark) and only from a partition's leader;
 * `replica` (Kafka's DEBUGGING_REPLICA_ID) hears of the log end of the copy that this very broker keeps.
 */
const replicaIds = { consumer: -1, replica: -2 } as const;

export function listOffsets(
  asker: keyof typeof replicaIds,
  topic: string,
  partitions: readonly number[],
  which: keyof typeof timestamps,
  /** Read committed: the latest is where the first open transaction begins. */
  committed = false,
): Message<readonly PartitionOffset[]> {
  const body = bodyOf(replicaIds[asker], new Map([[topic, partitions]]), timestamps[which], committed);
  const plain = ({ partition, error, offset }: TopicOffset): PartitionOffset => ({ partition, error, offset });
  const readPlain = (answer: Cursor): readonly PartitionOffset[] => {
    if (committed) answer.int32(); // throttle_time_ms
    return read(answer).map(plain);
  };
  return { apiKey: 2, version: committed ? 2 : 1, body, read: readPlain };
}

export type TopicOffset = PartitionOffset & { readonly topic: string };

/**
 * Of partitions of several topics, as a consumer hears it from their leader.
 * @param which the offset of the first record at or after so many milliseconds, -1 where there is none; or one of the ends
 */
export function listTopicOffsets(
  partitions: ReadonlyMap<string, readonly number[]>,
  which: keyof typeof timestamps | number,
): Message<readonly TopicOffset[]> {
  const at = typeof which === "number" ? BigInt(which) : timestamps[which];
  return { apiKey: 2, version: 1, body: bodyOf(replicaIds.consumer, partitions, at), read };
}

function bodyOf(
  replicaId: number,
  partitions: ReadonlyMap<string, readonly number[]>,
  at: bigint,
  committed = false,
): Buffer {
  const start = compose().int32(replicaId);
  return (committed ? start.int8(1) : start) // isolation_level
    .array([...partitions], ([topic, indexes], part) => {
      part.string(topic).array(indexes, (partition) => void part.int32(partition).int64(at));
    })
    .done();
}

function read(answer: Cursor): readonly TopicOffset[] {
  const topics = answer.array(() => {
    const topic = answer.string();
    return answer.array(() => {
      const partition = answer.int32();
      const error = answer.int16();
      answer.int64(); // timestamp
      return { topic, partition, error, offset: answer.int64() };
    });
  });
  return topics.flat();
}
