/** OffsetCommit, version 5: OffsetCommitRequest.json and OffsetCommitResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";
import type { Membership } from "./heartbeat.ts";

export type CommittedPartition = { readonly partition: number; readonly error: number };

/** The offset of the next record to be read, by partition. */
export function offsetCommit(
  member: Membership,
  topic: string,
  offsets: ReadonlyMap<number, bigint>,
): Message<readonly CommittedPartition[]> {
  const plain = ({ partition, error }: TopicCommit): CommittedPartition => ({ partition, error });
  const several = offsetCommitTopics(member, new Map([[topic, offsets]]));
  return { ...several, read: (answer) => several.read(answer).map(plain) };
}

export type TopicCommit = CommittedPartition & { readonly topic: string };

/** Who commits without being a member; refused while the group has members. */
export const nobodyOf = (group: string): Membership => ({ group, generation: -1, memberId: "" });

/** The same for several topics. */
export function offsetCommitTopics(
  { group, generation, memberId }: Membership,
  offsets: ReadonlyMap<string, ReadonlyMap<number, bigint>>,
): Message<readonly TopicCommit[]> {
  const body = compose()
    .string(group)
    .int32(generation)
    .string(memberId)
    .array([...offsets], ([topic, partitions], part) => {
      part.string(topic).array([...partitions], ([partition, offset]) => {
        part.int32(partition).int64(offset).nullableString(null);
      });
    })
    .done();
  return { apiKey: 8, version: 5, body, read };
}

function read(answer: Cursor): readonly TopicCommit[] {
  answer.int32(); // throttle_time_ms
  const topics = answer.array(() => {
    const topic = answer.string();
    return answer.array(() => ({ topic, partition: answer.int32(), error: answer.int16() }));
  });
  return topics.flat();
}
