/** ListOffsets, version 1: ListOffsetsRequest.json and ListOffsetsResponse.json of Kafka's message definitions. */
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
): Message<readonly PartitionOffset[]> {
  const body = compose()
    .int32(replicaIds[asker])
    .array([topic], (name, part) => {
      part.string(name).array(partitions, (partition) => void part.int32(partition).int64(timestamps[which]));
    })
    .done();
  return { apiKey: 2, version: 1, body, read };
}

function read(answer: Cursor): readonly PartitionOffset[] {
  const topics = answer.array(() => {
    answer.string(); // name
    return answer.array(() => {
      const partition = answer.int32();
      const error = answer.int16();
      answer.int64(); // timestamp
      return { partition, error, offset: answer.int64() };
    });
  });
  return topics.flat();
}
