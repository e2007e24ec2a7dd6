/** ListGroups, versions 1, 4 and 5: ListGroupsRequest.json and ListGroupsResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
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

export type ListedGroup = {
  readonly group: string;
  /** `consumer`; empty where nobody ever joined and offsets were committed all the same. */
  readonly protocolType: string;
  /** `classic`, `consumer` (KIP-848), `share` or `streams`. */
  readonly type: string;
};

export type TypedGroups = { readonly error: number; readonly groups: readonly ListedGroup[] };

/** The same with their types, which version 5 tells; before it, all are classic. */
export function listTypedGroups(version: 4 | 5): Message<TypedGroups> {
  const states = compose().compactArray([], () => undefined);
  const body = (version === 5 ? states.compactArray([], () => undefined) : states).noTags().done();
  return { apiKey: 16, version, flexible: "both", body, read: (answer) => readTyped(answer, version) };
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

function readTyped(answer: Cursor, version: 4 | 5): TypedGroups {
  answer.int32(); // throttle_time_ms
  const error = answer.int16();
  const groups = answer.compactArray(() => {
    const group = answer.compactString();
    const protocolType = answer.compactString();
    answer.compactString(); // group_state
    const type = version === 5 ? answer.compactString().toLowerCase() : "classic";
    answer.tags();
    return { group, protocolType, type };
  });
  answer.tags();
  return { error, groups };
}
