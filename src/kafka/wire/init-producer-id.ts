/** InitProducerId, version 1: InitProducerIdRequest.json and InitProducerIdResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type ProducerId = { readonly error: number; readonly id: bigint; readonly epoch: number };

/** For any broker: an id that nobody else has, for a producer without transactions. */
export function initProducerId(): Message<ProducerId> {
  const body = compose()
    .nullableString(null) // transactional_id
    .int32(0x7f_ff_ff_ff) // transaction_timeout_ms: there are none
    .done();
  return { apiKey: 22, version: 1, body, read };
}

function read(answer: Cursor): ProducerId {
  answer.int32(); // throttle_time_ms
  return { error: answer.int16(), id: answer.int64(), epoch: answer.int16() };
}
