/** Metadata, version 10, the first that tells topics' ids: MetadataRequest.json and MetadataResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type MetadataPartition = {
  readonly error: number;
  readonly partition: number;
  /** -1: none. */
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offline: readonly number[];
};

type MetadataTopic = {
  readonly error: number;
  readonly name: string;
  /** Another topic that is made later under the same name has another one; null: this broker knows none. */
  readonly id: string | null;
  readonly internal: boolean;
  readonly partitions: readonly MetadataPartition[];
};

type MetadataBroker = { readonly id: number; readonly host: string; readonly port: number };

export type Metadata = {
  readonly brokers: readonly MetadataBroker[];
  readonly clusterId: string | null;
  /** -1: none that this broker knows of. */
  readonly controllerId: number;
  readonly topics: readonly MetadataTopic[];
};

/** Of the topics named, or of all where null. Never creates a topic. */
export function metadata(topics: readonly string[] | null): Message<Metadata> {
  const body = compose()
    .compactArray(topics, (name, part) => void part.uuid(null).compactString(name).noTags())
    .boolean(false) // allow_auto_topic_creation
    .boolean(false) // include_cluster_authorized_operations
    .boolean(false) // include_topic_authorized_operations
    .noTags()
    .done();
  return { apiKey: 3, version: 10, flexible: "both", body, read, names: ({ brokers }: Metadata) => brokers };
}

function read(answer: Cursor): Metadata {
  answer.int32(); // throttle_time_ms
  const brokers = answer.compactArray(() => {
    const broker = { id: answer.int32(), host: answer.compactString(), port: answer.int32() };
    answer.compactNullableString(); // rack
    answer.tags();
    return broker;
  });
  const metadata = {
    brokers,
    clusterId: answer.compactNullableString(),
    controllerId: answer.int32(),
    topics: answer.compactArray(() => readTopic(answer)),
  };
  answer.int32(); // cluster_authorized_operations
  answer.tags();
  return metadata;
}

function readTopic(answer: Cursor): MetadataTopic {
  const topic = {
    error: answer.int16(),
    name: answer.compactString(),
    id: answer.uuid(),
    internal: answer.boolean(),
    partitions: answer.compactArray(() => readPartition(answer)),
  };
  answer.int32(); // topic_authorized_operations
  answer.tags();
  return topic;
}

function readPartition(answer: Cursor): MetadataPartition {
  const ids = (): number[] => answer.compactArray(() => answer.int32());
  const error = answer.int16();
  const partition = answer.int32();
  const leader = answer.int32();
  answer.int32(); // leader_epoch
  const seen = { error, partition, leader, replicas: ids(), isr: ids(), offline: ids() };
  answer.tags();
  return seen;
}
