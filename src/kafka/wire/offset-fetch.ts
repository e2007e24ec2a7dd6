/** OffsetFetch, version 3, of one topic: OffsetFetchRequest.json and OffsetFetchResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type CommittedOffsets = {
  /** Of the whole answer. */
  readonly error: number;
  readonly partitions: readonly {
    readonly partition: number;
    readonly error: number;
    /** Null where the group has committed none. */
    readonly offset: bigint | null;
  }[];
};

export function offsetFetch(group: string, topic: string, partitions: readonly number[]): Message<CommittedOffsets> {
  const body = compose()
    .string(group)
    .array([topic], (name, part) => {
      part.string(name).array(partitions, (partition) => void part.int32(partition));
    })
    .done();
  return { apiKey: 9, version: 3, body, read };
}

function read(answer: Cursor): CommittedOffsets {
  answer.int32(); // throttle_time_ms
  const topics = answer.array(() => {
    answer.string(); // name
    return answer.array(() => {
      const partition = answer.int32();
      const offset = answer.int64();
      answer.nullableString(); // metadata
      return { partition, offset: offset < 0n ? null : offset, error: answer.int16() };
    });
  });
  return { partitions: topics.flat(), error: answer.int16() };
}
