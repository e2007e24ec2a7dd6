/** SyncGroup, version 1: SyncGroupRequest.json and SyncGroupResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";
import type { Membership } from "./heartbeat.ts";

export type Synced = { readonly error: number; readonly assignment: Buffer };

/** What each member gets, from the group's leader; from the others nothing. */
export function syncGroup(
  { group, generation, memberId }: Membership,
  assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[],
): Message<Synced> {
  const body = compose()
    .string(group)
    .int32(generation)
    .string(memberId)
    .array(assignments, (one, part) => void part.string(one.memberId).bytes(one.assignment))
    .done();
  return { apiKey: 14, version: 1, body, read };
}

function read(answer: Cursor): Synced {
  answer.int32(); // throttle_time_ms
  return { error: answer.int16(), assignment: answer.bytes() };
}
