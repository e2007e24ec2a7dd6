/**
 * What consumers of a group tell one another through its coordinator, version 0: ConsumerProtocolSubscription.json and
 * ConsumerProtocolAssignment.json of Kafka's message definitions.
 */
import { compose } from "./compose.ts";
import { cursor } from "./cursor.ts";

const version = 0;

export function subscription(topic: string): Buffer {
  return compose()
    .int16(version)
    .array([topic], (name, part) => void part.string(name))
    .bytes(null) // user_data
    .done();
}

/** The topics that a member subscribes to. Later versions only add to the end of what is read here. */
export function subscribedTopics(bytes: Buffer): readonly string[] {
  if (bytes.length === 0) return [];
  const answer = cursor(bytes);
  answer.int16(); // version
  return answer.array(() => answer.string());
}

export function assignment(topic: string, partitions: readonly number[]): Buffer {
  return assignmentOf(new Map([[topic, partitions]]));
}

/** By topic. */
export function assignmentOf(topics: ReadonlyMap<string, readonly number[]>): Buffer {
  return compose()
    .int16(version)
    .array([...topics], ([name, partitions], part) => {
      part.string(name).array(partitions, (partition) => void part.int32(partition));
    })
    .bytes(null) // user_data
    .done();
}

export type Assigned = { readonly topic: string; readonly partitions: readonly number[] };

/** What is in it, by topic. */
export function assignedTopics(bytes: Buffer): readonly Assigned[] {
  if (bytes.length === 0) return [];
  const answer = cursor(bytes);
  answer.int16(); // version
  return answer.array(() => ({ topic: answer.string(), partitions: answer.array(() => answer.int32()) }));
}

/** The partitions of `topic` in it. */
export function assignedPartitions(bytes: Buffer, topic: string): readonly number[] {
  return assignedTopics(bytes)
    .filter((one) => one.topic === topic)
    .flatMap(({ partitions }) => partitions);
}
