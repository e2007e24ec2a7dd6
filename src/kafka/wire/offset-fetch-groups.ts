/** OffsetFetch, version 8, of many groups at once: OffsetFetchRequest.json and OffsetFetchResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type GroupOffsets = {
  readonly error: number;
  readonly group: string;
  /** Those that it has committed, whatever their topics. */
  readonly committed: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly error: number;
    readonly offset: bigint;
  }[];
};

/** Everything that these groups have committed; for their coordinator. */
export function offsetFetchGroups(groups: readonly string[]): Message<readonly GroupOffsets[]> {
  const body = compose()
    .compactArray(groups, (group, part) => {
      part
        .compactString(group)
        .compactArray(null, () => undefined)
        .noTags();
    })
    .boolean(false) // require_stable
    .noTags()
    .done();
  return { apiKey: 9, version: 8, flexible: "both", body, read };
}

function read(answer: Cursor): readonly GroupOffsets[] {
  answer.int32(); // throttle_time_ms
  const groups = answer.compactArray(() => {
    const group = answer.compactString();
    const committed = answer.compactArray(() => readTopic(answer)).flat();
    const error = answer.int16();
    answer.tags();
    return { error, group, committed: committed.filter(({ offset }) => offset >= 0n) };
  });
  answer.tags();
  return groups;
}

function readTopic(answer: Cursor): GroupOffsets["committed"] {
  const topic = answer.compactString();
  const partitions = answer.compactArray(() => {
    const partition = answer.int32();
    const offset = answer.int64();
    answer.int32(); // committed_leader_epoch
    answer.compactNullableString(); // metadata
    const error = answer.int16();
    answer.tags();
    return { topic, partition, error, offset };
  });
  answer.tags();
  return partitions;
}
