/** CreatePartitions, version 1: CreatePartitionsRequest.json and CreatePartitionsResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type PartitionGrowth = {
  readonly name: string;
  /** How many there are to be in all. */
  readonly count: number;
  /** The brokers of each new partition; null leaves it to Kafka. */
  readonly assignment: readonly (readonly number[])[] | null;
};

export type GrownTopic = { readonly name: string; readonly error: number; readonly errorMessage: string | null };

/** For the controller. `validateOnly`: only say whether it could be done. */
export function createPartitions(
  topics: readonly PartitionGrowth[],
  timeoutMs: number,
  validateOnly: boolean,
): Message<readonly GrownTopic[]> {
  const body = compose()
    .array(topics, ({ name, count, assignment }, part) => {
      part
        .string(name)
        .int32(count)
        .array(assignment, (brokers) => void part.array(brokers, (broker) => void part.int32(broker)));
    })
    .int32(timeoutMs)
    .boolean(validateOnly)
    .done();
  return { apiKey: 37, version: 1, body, read };
}

function read(answer: Cursor): readonly GrownTopic[] {
  answer.int32(); // throttle_time_ms
  return answer.array(() => ({
    name: answer.string(),
    error: answer.int16(),
    errorMessage: answer.nullableString(),
  }));
}
