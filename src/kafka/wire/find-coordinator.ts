/** FindCoordinator, version 1, of a consumer group: FindCoordinatorRequest.json and FindCoordinatorResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type Coordinator = {
  /** Where it is not 0, the rest means nothing. */
  readonly error: number;
  readonly errorMessage: string | null;
  readonly id: number;
  readonly host: string;
  readonly port: number;
};

/** Any broker knows. The first that is asked makes the topic of committed offsets where there is none yet. */
export function findCoordinator(group: string): Message<Coordinator> {
  const body = compose()
    .string(group)
    .int8(0) // key_type: a group
    .done();
  return { apiKey: 10, version: 1, body, read, names: (answer: Coordinator) => (answer.error === 0 ? [answer] : []) };
}

function read(answer: Cursor): Coordinator {
  answer.int32(); // throttle_time_ms
  return {
    error: answer.int16(),
    errorMessage: answer.nullableString(),
    id: answer.int32(),
    host: answer.string(),
    port: answer.int32(),
  };
}
