/** OffsetCommit, version 5, of one topic: OffsetCommitRequest.json and OffsetCommitResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";
import type { Membership } from "./heartbeat.ts";

export type CommittedPartition = { readonly partition: number; readonly error: number };

/** The offset of the next record to be read, by partition. */
export function offsetCommit(
  { group, generation, memberId }: Membership,
  topic: string,
  offsets: ReadonlyMap<number, bigint>,
): Message<readonly CommittedPartition[]> {
  const body = compose()
    .string(group)
    .int32(generation)
    .string(memberId)
    .array([topic], (name, part) => {
      part.string(name).array([...offsets], ([partition, offset]) => {
        part.int32(partition).int64(offset).nullableString(null);
      });
    })
    .done();
  return { apiKey: 8, version: 5, body, read };
}

function read(answer: Cursor): readonly CommittedPartition[] {
  answer.int32(); // throttle_time_ms
  const topics = answer.array(() => {
    answer.string(); // name
    return answer.array(() => ({ partition: answer.int32(), error: answer.int16() }));
  });
  return topics.flat();
}
