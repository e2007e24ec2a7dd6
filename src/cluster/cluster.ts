/** The resolved cluster: every node with its ids, names, ports, folders and heap. Data only; made by resolve.ts. */
import type { BurrowArtifact, ExporterArtifact, PluginArtifact } from "../services/desired.ts";
import type { roles } from "../spec/formats.ts";

export type Role = (typeof roles)[number];

export type Member = {
  /** `NODE/ROLE`: unique in the cluster, stable for ever. */
  readonly key: string;
  readonly node: string;
  readonly role: Role;
  /** broker.id, node.id of a controller, or ZooKeeper's myid. */
  readonly id: number;
  /** Where this machine reaches it. */
  readonly address: string;
  /** What its peers call it. */
  readonly host: string;
  /** The address that it listens on; empty: every one of its machine. */
  readonly bind: string;
  /** What clients are told. */
  readonly advertised: string;
  /** What clients outside are told; null: there is no listener for them. */
  readonly advertisedOutside: string | null;
  /** Ports by the names that its service declares. */
  readonly ports: Readonly<Record<string, number>>;
  /** 0 where it is no JVM. */
  readonly heapMiB: number;
  /** The key of the spec that says so; null: kctl's own default. */
  readonly heapFrom: string | null;
  readonly rack: string | null;
  /** The user's settings: the cluster's, with the node's or the role's own over them. */
  readonly config: Readonly<Record<string, string>>;
  /** Those of them that stand at the node, or under the role's own key. */
  readonly ownSettings: readonly string[];
  readonly jvm: readonly string[];
  readonly folders: Readonly<Record<"config" | "data" | "log" | "run", string>>;
};

export type ClusterNode = {
  readonly name: string;
  readonly address: string;
  /** Whom to log in as, where the node has its own. */
  readonly user: string | null;
  readonly rack: string | null;
  readonly roles: readonly Role[];
};

/** null: Kafka's own default where it is created, and whatever it has where it is there. */
export type Topic = {
  readonly name: string;
  readonly partitions: number | null;
  readonly replicas: number | null;
  readonly config: Readonly<Record<string, string>>;
  /** Whether it is to go. */
  readonly delete: boolean;
};

/** A cluster that Burrow watches beside this one. */
export type WatchedCluster = {
  readonly name: string;
  readonly brokers: readonly string[];
  /** Empty: it has none, or nobody keeps offsets there. */
  readonly zookeepers: readonly string[];
};

export type BurrowSetup = { readonly artifact: BurrowArtifact; readonly clusters: readonly WatchedCluster[] };

export type Cluster = {
  readonly name: string;
  readonly provider: "local" | "ssh" | "aws" | "external";
  readonly quorum: "zookeeper" | "kraft";
  readonly kafkaVersion: string;
  /** The key of the spec that chooses the Java; `java` where none does. */
  readonly javaFrom: string;
  /** The spec's own choice of one, if any: its home on the machines that run it, or its major version. */
  readonly javaHome: string | null;
  readonly javaVersion: number | null;
  /** How JVMs are set up: `laptop` starts fast and stays small. */
  readonly jvmProfile: "laptop" | "server";
  /** null: the ZooKeeper that lies in Kafka's own libs. */
  readonly zookeeperVersion: string | null;
  readonly nodes: readonly ClusterNode[];
  readonly members: readonly Member[];
  /** ZooKeeper servers that join only after another has: an ensemble takes one at a time. */
  readonly joiningLater: readonly Member[];
  readonly topics: readonly Topic[];
  /** Whether topics that kctl made go once the spec has them no more. */
  readonly prune: boolean;
  /** Of Connect's workers. */
  readonly plugins: readonly PluginArtifact[];
  /** null: no node runs it. */
  readonly burrow: BurrowSetup | null;
  /** What every JVM tells its metrics by; null: they tell none. */
  readonly exporter: ExporterArtifact | null;
  /** The user's settings of the machines' kernels. */
  readonly sysctl: Readonly<Record<string, string>>;
};

export function membersOf(cluster: Cluster, role: Role): readonly Member[] {
  return cluster.members.filter((member) => member.role === role);
}
