/**
 * JoinGroup, version 4: JoinGroupRequest.json and JoinGroupResponse.json of Kafka's message definitions. It is the first that
 * gives a newcomer its id before it is let in, so that a lost answer leaves no member that nobody is.
 */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type GroupMember = { readonly id: string; readonly metadata: Buffer };

export type Joined = {
  readonly error: number;
  readonly generation: number;
  readonly protocol: string;
  /** The member that shares out the partitions. */
  readonly leader: string;
  readonly memberId: string;
  /** For the leader all members; for the others none. */
  readonly members: readonly GroupMember[];
};

export type JoinRequest = {
  readonly group: string;
  /** Empty for a newcomer. */
  readonly memberId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocol: string;
  readonly metadata: Buffer;
};

/** For the group's coordinator, which answers once every member has joined. */
export function joinGroup(request: JoinRequest): Message<Joined> {
  const body = compose()
    .string(request.group)
    .int32(request.sessionTimeoutMs)
    .int32(request.rebalanceTimeoutMs)
    .string(request.memberId)
    .string("consumer") // protocol_type
    .array([request], ({ protocol, metadata }, part) => void part.string(protocol).bytes(metadata))
    .done();
  return { apiKey: 11, version: 4, body, read };
}

function read(answer: Cursor): Joined {
  answer.int32(); // throttle_time_ms
  return {
    error: answer.int16(),
    generation: answer.int32(),
    protocol: answer.string(),
    leader: answer.string(),
    memberId: answer.string(),
    members: answer.array(() => ({ id: answer.string(), metadata: answer.bytes() })),
  };
}
