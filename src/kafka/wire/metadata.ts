/** Metadata, version 5: MetadataRequest.json and MetadataResponse.json of Kafka's clients/src/main/resources/common/message/. */
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
    .array(topics, (name, part) => void part.string(name))
    .boolean(false)
    .done();
  return { apiKey: 3, version: 5, body, read };
}

function read(answer: Cursor): Metadata {
  answer.int32(); // throttle_time_ms
  const brokers = answer.array(() => {
    const broker = { id: answer.int32(), host: answer.string(), port: answer.int32() };
    answer.nullableString(); // rack
    return broker;
  });
  return {
    brokers,
    clusterId: answer.nullableString(),
    controllerId: answer.int32(),
    topics: answer.array(() => ({
      error: answer.int16(),
      name: answer.string(),
      internal: answer.boolean(),
      partitions: answer.array(() => ({
        error: answer.int16(),
        partition: answer.int32(),
        leader: answer.int32(),
        replicas: answer.array(() => answer.int32()),
        isr: answer.array(() => answer.int32()),
        offline: answer.array(() => answer.int32()),
      })),
    })),
  };
}
