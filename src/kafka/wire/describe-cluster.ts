/**
 * DescribeCluster: DescribeClusterRequest.json and DescribeClusterResponse.json of Kafka's message definitions. Version 1 tells of
 * controllers too; version 2 (Kafka 4.0) also of fenced brokers, which are registered and not (yet) let in.
 */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export const describeClusterKey = 60;
export const describeClusterVersions = [1, 2] as const;

const endpointTypes = { brokers: 1, controllers: 2 } as const;

export type DescribedCluster = {
  readonly error: number;
  readonly errorMessage: string | null;
  readonly clusterId: string;
  /** -1: none. Asked of a KRaft broker this is any broker; of a controller, the active one. */
  readonly controllerId: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly host: string;
    readonly port: number;
    readonly rack: string | null;
    /** null: this version does not tell; it leaves fenced ones out. */
    readonly fenced: boolean | null;
  }[];
};

/** Brokers tell of brokers only, controllers of either. */
export function describeCluster(
  version: (typeof describeClusterVersions)[number],
  which: keyof typeof endpointTypes,
): Message<DescribedCluster> {
  const start = compose().boolean(false).int8(endpointTypes[which]); // include_cluster_authorized_operations: no
  const body = (version >= 2 ? start.boolean(which === "brokers") : start).noTags().done();
  return {
    apiKey: describeClusterKey,
    version,
    flexible: "both",
    body,
    read: (answer) => read(answer, version),
    names: ({ nodes }: DescribedCluster) => nodes,
  };
}

function read(answer: Cursor, version: number): DescribedCluster {
  answer.int32(); // throttle_time_ms
  const error = answer.int16();
  const errorMessage = answer.compactNullableString();
  answer.int8(); // endpoint_type
  const cluster = {
    error,
    errorMessage,
    clusterId: answer.compactString(),
    controllerId: answer.int32(),
    nodes: answer.compactArray(() => {
      const node = {
        id: answer.int32(),
        host: answer.compactString(),
        port: answer.int32(),
        rack: answer.compactNullableString(),
        fenced: version >= 2 ? answer.boolean() : null,
      };
      answer.tags();
      return node;
    }),
  };
  answer.int32(); // cluster_authorized_operations
  answer.tags();
  return cluster;
}
