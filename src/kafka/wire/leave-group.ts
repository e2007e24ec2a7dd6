/** LeaveGroup, version 1: LeaveGroupRequest.json and LeaveGroupResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

/** Also for a member that died: who knows its id may show it out. */
export function leaveGroup(group: string, memberId: string): Message<{ readonly error: number }> {
  return { apiKey: 13, version: 1, body: compose().string(group).string(memberId).done(), read };
}

function read(answer: Cursor): { readonly error: number } {
  answer.int32(); // throttle_time_ms
  return { error: answer.int16() };
}
