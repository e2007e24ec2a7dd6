/** DescribeGroups, version 1: DescribeGroupsRequest.json and DescribeGroupsResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type DescribedGroup = {
  readonly error: number;
  readonly group: string;
  /** Stable, PreparingRebalance, CompletingRebalance, Empty or Dead. */
  readonly state: string;
  /** `consumer`; empty where nobody ever joined. */
  readonly protocolType: string;
  readonly members: readonly DescribedMember[];
};

export type DescribedMember = {
  readonly id: string;
  readonly clientId: string;
  readonly clientHost: string;
  /** Of consumers: see consumer-protocol.ts. */
  readonly assignment: Buffer;
};

/** For the groups' coordinator. */
export function describeGroups(groups: readonly string[]): Message<readonly DescribedGroup[]> {
  const body = compose()
    .array(groups, (group, part) => void part.string(group))
    .done();
  return { apiKey: 15, version: 1, body, read };
}

function read(answer: Cursor): readonly DescribedGroup[] {
  answer.int32(); // throttle_time_ms
  return answer.array(() => {
    const error = answer.int16();
    const group = answer.string();
    const state = answer.string();
    const protocolType = answer.string();
    answer.string(); // protocol_data
    const members = answer.array(() => {
      const member = { id: answer.string(), clientId: answer.string(), clientHost: answer.string() };
      answer.bytes(); // member_metadata
      return { ...member, assignment: answer.bytes() };
    });
    return { error, group, state, protocolType, members };
  });
}
