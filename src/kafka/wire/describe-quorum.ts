/**
 * DescribeQuorum of the metadata log: DescribeQuorumRequest.json and DescribeQuorumResponse.json of Kafka's message definitions.
 * Version 2 (Kafka 3.9) adds directory ids and the controllers' endpoints; version 1 is the only one of 3.7 that tells times.
 */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export const describeQuorumKey = 55;
export const describeQuorumVersions = [1, 2] as const;

export type QuorumReplica = {
  readonly id: number;
  /** null: not told, or a static quorum's. */
  readonly directoryId: string | null;
  readonly logEndOffset: bigint;
  /** When it last fetched from the leader, by the leader's clock, in ms; null: never since that one leads. */
  readonly lastFetch: number | null;
  /** When it last had all that the leader had. */
  readonly lastCaughtUp: number | null;
};

export type QuorumNode = {
  readonly id: number;
  readonly listeners: readonly { readonly name: string; readonly host: string; readonly port: number }[];
};

export type DescribedQuorum = {
  readonly error: number;
  readonly errorMessage: string | null;
  /** -1: none. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly highWatermark: bigint;
  readonly voters: readonly QuorumReplica[];
  /** Brokers, and controllers that do not vote (yet). */
  readonly observers: readonly QuorumReplica[];
  readonly nodes: readonly QuorumNode[];
};

/** A broker hands it to the active controller; a controller answers only where it is the active one. */
export function describeQuorum(version: (typeof describeQuorumVersions)[number]): Message<DescribedQuorum> {
  const body = compose()
    .compactArray(["__cluster_metadata"], (topic, part) => {
      part
        .compactString(topic)
        .compactArray([0], (partition) => void part.int32(partition).noTags())
        .noTags();
    })
    .noTags()
    .done();
  return { apiKey: describeQuorumKey, version, flexible: "both", body, read: (answer) => read(answer, version) };
}

function read(answer: Cursor, version: number): DescribedQuorum {
  const error = answer.int16();
  const errorMessage = version >= 2 ? answer.compactNullableString() : null;
  const topics = answer.compactArray(() => {
    answer.compactString(); // topic_name
    const partitions = answer.compactArray(() => readPartition(answer, version));
    answer.tags();
    return partitions;
  });
  const nodes = version >= 2 ? answer.compactArray(() => readNode(answer)) : [];
  answer.tags();
  const [partition] = topics.flat();
  if (partition !== undefined && error === 0) return { ...partition, nodes };
  return { ...(partition ?? nothing), error, errorMessage, nodes };
}

const nothing = { leaderId: -1, leaderEpoch: -1, highWatermark: -1n, voters: [], observers: [] };

function readPartition(answer: Cursor, version: number): Omit<DescribedQuorum, "nodes"> {
  answer.int32(); // partition_index
  const partition = {
    error: answer.int16(),
    errorMessage: version >= 2 ? answer.compactNullableString() : null,
    leaderId: answer.int32(),
    leaderEpoch: answer.int32(),
    highWatermark: answer.int64(),
    voters: answer.compactArray(() => readReplica(answer, version)),
    observers: answer.compactArray(() => readReplica(answer, version)),
  };
  answer.tags();
  return partition;
}

function readReplica(answer: Cursor, version: number): QuorumReplica {
  const replica = {
    id: answer.int32(),
    directoryId: version >= 2 ? answer.uuid() : null,
    logEndOffset: answer.int64(),
    lastFetch: readTime(answer),
    lastCaughtUp: readTime(answer),
  };
  answer.tags();
  return replica;
}

function readTime(answer: Cursor): number | null {
  const time = answer.int64();
  return time < 0n ? null : Number(time);
}

function readNode(answer: Cursor): QuorumNode {
  const id = answer.int32();
  const listeners = answer.compactArray(() => {
    const listener = { name: answer.compactString(), host: answer.compactString(), port: answer.uint16() };
    answer.tags();
    return listener;
  });
  answer.tags();
  return { id, listeners };
}
