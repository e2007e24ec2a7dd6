/** AlterPartitionReassignments, version 0: AlterPartitionReassignmentsRequest.json and ...Response.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type Reassignment = {
  readonly topic: string;
  readonly partition: number;
  /** The brokers that are to have it, the preferred leader first; null calls off what is under way. */
  readonly replicas: readonly number[] | null;
};

export type AlteredReassignments = {
  /** Of the request as a whole. */
  readonly error: number;
  readonly errorMessage: string | null;
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly error: number;
    readonly errorMessage: string | null;
  }[];
};

/** For the controller. One that is under way already is replaced. */
export function alterPartitionReassignments(
  reassignments: readonly Reassignment[],
  timeoutMs: number,
): Message<AlteredReassignments> {
  const byTopic = [...Map.groupBy(reassignments, ({ topic }) => topic)];
  const body = compose()
    .int32(timeoutMs)
    .compactArray(byTopic, ([topic, partitions], part) => {
      part
        .compactString(topic)
        .compactArray(partitions, ({ partition, replicas }) => {
          part
            .int32(partition)
            .compactArray(replicas, (id) => void part.int32(id))
            .noTags();
        })
        .noTags();
    })
    .noTags()
    .done();
  return { apiKey: 45, version: 0, flexible: "both", body, read };
}

function read(answer: Cursor): AlteredReassignments {
  answer.int32(); // throttle_time_ms
  const error = answer.int16();
  const errorMessage = answer.compactNullableString();
  const topics = answer.compactArray(() => {
    const topic = answer.compactString();
    const partitions = answer.compactArray(() => {
      const one = {
        topic,
        partition: answer.int32(),
        error: answer.int16(),
        errorMessage: answer.compactNullableString(),
      };
      answer.tags();
      return one;
    });
    answer.tags();
    return partitions;
  });
  answer.tags();
  return { error, errorMessage, partitions: topics.flat() };
}
