/** ListGroups, version 1: ListGroupsRequest.json and ListGroupsResponse.json of Kafka's message definitions. */
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type ListedGroups = {
  /** Not 0 where this broker is still loading groups: then some may lack. */
  readonly error: number;
  readonly groups: readonly string[];
};

/** Those that this broker coordinates. */
export function listGroups(): Message<ListedGroups> {
  return { apiKey: 16, version: 1, body: Buffer.alloc(0), read };
}

function read(answer: Cursor): ListedGroups {
  answer.int32(); // throttle_time_ms
  const error = answer.int16();
  const groups = answer.array(() => {
    const group = answer.string();
    answer.string(); // protocol_type
    return group;
  });
  return { error, groups };
}
