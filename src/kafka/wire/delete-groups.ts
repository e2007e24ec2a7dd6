/** DeleteGroups, version 1: DeleteGroupsRequest.json and DeleteGroupsResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type DeletedGroup = { readonly group: string; readonly error: number };

/** For the groups' coordinator. A group that has members is refused with NON_EMPTY_GROUP. */
export function deleteGroups(groups: readonly string[]): Message<readonly DeletedGroup[]> {
  const body = compose()
    .array(groups, (group, part) => void part.string(group))
    .done();
  return { apiKey: 42, version: 1, body, read };
}

function read(answer: Cursor): readonly DeletedGroup[] {
  answer.int32(); // throttle_time_ms
  return answer.array(() => ({ group: answer.string(), error: answer.int16() }));
}
