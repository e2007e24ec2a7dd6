/**
 * ConsumerGroupDescribe, version 0, of groups of the protocol of KIP-848: ConsumerGroupDescribeRequest.json and
 * ConsumerGroupDescribeResponse.json of Kafka's message definitions.
 */
import { compose } from "./compose.ts";
import type { Assigned } from "./consumer-protocol.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type DescribedConsumerGroup = {
  readonly error: number;
  readonly errorMessage: string | null;
  readonly group: string;
  /** Empty, Assigning, Reconciling, Stable or Dead. */
  readonly state: string;
  readonly members: readonly {
    readonly id: string;
    readonly clientId: string;
    readonly clientHost: string;
    /** What it has at the moment, not what it is to have. */
    readonly assigned: readonly Assigned[];
  }[];
};

/** For the groups' coordinator. */
export function consumerGroupDescribe(groups: readonly string[]): Message<readonly DescribedConsumerGroup[]> {
  const body = compose()
    .compactArray(groups, (group, part) => void part.compactString(group))
    .boolean(false) // include_authorized_operations
    .noTags()
    .done();
  return { apiKey: 69, version: 0, flexible: "both", body, read };
}

function read(answer: Cursor): readonly DescribedConsumerGroup[] {
  answer.int32(); // throttle_time_ms
  const groups = answer.compactArray(() => readGroup(answer));
  answer.tags();
  return groups;
}

function readGroup(answer: Cursor): DescribedConsumerGroup {
  const head = {
    error: answer.int16(),
    errorMessage: answer.compactNullableString(),
    group: answer.compactString(),
    state: answer.compactString(),
  };
  answer.int32(); // group_epoch
  answer.int32(); // assignment_epoch
  answer.compactString(); // assignor_name
  const members = answer.compactArray(() => readMember(answer));
  answer.int32(); // authorized_operations
  answer.tags();
  return { ...head, members };
}

function readMember(answer: Cursor): DescribedConsumerGroup["members"][number] {
  const id = answer.compactString();
  answer.compactNullableString(); // instance_id
  answer.compactNullableString(); // rack_id
  answer.int32(); // member_epoch
  const clientId = answer.compactString();
  const clientHost = answer.compactString();
  answer.compactArray(() => answer.compactString()); // subscribed_topic_names
  answer.compactNullableString(); // subscribed_topic_regex
  const assigned = readAssignment(answer);
  readAssignment(answer); // target_assignment
  answer.tags();
  return { id, clientId, clientHost, assigned };
}

function readAssignment(answer: Cursor): readonly Assigned[] {
  const assigned = answer.compactArray(() => {
    answer.uuid(); // topic_id
    const one = { topic: answer.compactString(), partitions: answer.compactArray(() => answer.int32()) };
    answer.tags();
    return one;
  });
  answer.tags();
  return assigned;
}
