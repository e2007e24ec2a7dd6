/** ListPartitionReassignments, version 0: ListPartitionReassignmentsRequest.json and ...Response.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type UnderWay = {
  readonly topic: string;
  readonly partition: number;
  /** Those that it has now: old ones and new ones. */
  readonly replicas: readonly number[];
  readonly adding: readonly number[];
  readonly removing: readonly number[];
};

export type ListedReassignments = {
  readonly error: number;
  readonly errorMessage: string | null;
  readonly partitions: readonly UnderWay[];
};

/** For the controller: every reassignment that is under way. */
export function listPartitionReassignments(timeoutMs: number): Message<ListedReassignments> {
  const body = compose()
    .int32(timeoutMs)
    .compactArray(null, () => undefined)
    .noTags()
    .done();
  return { apiKey: 46, version: 0, flexible: "both", body, read };
}

function read(answer: Cursor): ListedReassignments {
  answer.int32(); // throttle_time_ms
  const error = answer.int16();
  const errorMessage = answer.compactNullableString();
  const ids = (): number[] => answer.compactArray(() => answer.int32());
  const topics = answer.compactArray(() => {
    const topic = answer.compactString();
    const partitions = answer.compactArray(() => {
      const one = { topic, partition: answer.int32(), replicas: ids(), adding: ids(), removing: ids() };
      answer.tags();
      return one;
    });
    answer.tags();
    return partitions;
  });
  answer.tags();
  return { error, errorMessage, partitions: topics.flat() };
}
