/**
 * DeleteTopics, version 6: DeleteTopicsRequest.json and DeleteTopicsResponse.json of Kafka's message definitions. It is the first
 * that takes a topic's id: a topic that somebody made anew under the same name has another, and is left alone.
 */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type DeletedTopic = {
  readonly id: string | null;
  /** null where no topic has that id. */
  readonly name: string | null;
  readonly error: number;
  readonly errorMessage: string | null;
};

/** For the controller. By the topics' ids, as metadata and CreateTopics tell them. */
export function deleteTopics(ids: readonly string[], timeoutMs: number): Message<readonly DeletedTopic[]> {
  const body = compose()
    .compactArray(ids, (id, part) => void part.compactString(null).uuid(id).noTags())
    .int32(timeoutMs)
    .noTags()
    .done();
  return { apiKey: 20, version: 6, flexible: "both", body, read };
}

function read(answer: Cursor): readonly DeletedTopic[] {
  answer.int32(); // throttle_time_ms
  const topics = answer.compactArray(() => {
    const name = answer.compactNullableString();
    const id = answer.uuid();
    const deleted = { id, name, error: answer.int16(), errorMessage: answer.compactNullableString() };
    answer.tags();
    return deleted;
  });
  answer.tags();
  return topics;
}
