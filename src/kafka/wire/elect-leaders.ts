/** ElectLeaders, version 1: ElectLeadersRequest.json and ElectLeadersResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type ElectedLeaders = {
  readonly error: number;
  /** Where all partitions were meant, Kafka leaves out those that were led by the right replica already. */
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    /** `electionNotNeeded`: the preferred replica leads already. */
    readonly error: number;
    readonly errorMessage: string | null;
  }[];
};

export const electionNotNeeded = 84;

/** REQUEST_TIMED_OUT: it was held, and the broker that answers has not heard by then who leads. */
export const electionNotSeen = 7;

/** ElectionType of Kafka's clients; the other one, unclean, may lose data and is not for kctl. */
const preferred = 0;

export type TopicPartitions = { readonly topic: string; readonly partitions: readonly number[] };

/**
 * Kafka answers once its own view has the new leaders, and where that came before it began to wait for it, only when this is over
 * (its DelayedElectLeader). Whoever asks looks at who leads anyway.
 */
const answerMs = 3000;

/** For the controller: leadership goes back to the first replica of each partition where it is in sync. null: of all. */
export function electPreferredLeaders(
  partitions: readonly TopicPartitions[] | null,
  timeoutMs = answerMs,
): Message<ElectedLeaders> {
  const body = compose()
    .int8(preferred)
    .array(partitions, ({ topic, partitions: ids }, part) => {
      part.string(topic).array(ids, (id) => void part.int32(id));
    })
    .int32(timeoutMs)
    .done();
  return { apiKey: 43, version: 1, body, read };
}

function read(answer: Cursor): ElectedLeaders {
  answer.int32(); // throttle_time_ms
  const error = answer.int16();
  const topics = answer.array(() => {
    const topic = answer.string();
    return answer.array(() => ({
      topic,
      partition: answer.int32(),
      error: answer.int16(),
      errorMessage: answer.nullableString(),
    }));
  });
  return { error, partitions: topics.flat() };
}
