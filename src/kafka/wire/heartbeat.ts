/** Heartbeat, version 1: HeartbeatRequest.json and HeartbeatResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

/** Who a consumer is in its group until the next rebalance. */
export type Membership = { readonly group: string; readonly generation: number; readonly memberId: string };

/** Answers REBALANCE_IN_PROGRESS where the member is to join again. */
export function heartbeat({ group, generation, memberId }: Membership): Message<{ readonly error: number }> {
  const body = compose().string(group).int32(generation).string(memberId).done();
  return { apiKey: 12, version: 1, body, read };
}

function read(answer: Cursor): { readonly error: number } {
  answer.int32(); // throttle_time_ms
  return { error: answer.int16() };
}
