/** What a role declares about itself. Shared code never branches on a role's name: it asks these. */
import type { Cluster, Member, Role } from "../cluster/cluster.ts";
import type { Platform } from "../cluster/platform.ts";
import type { Spec } from "../spec/schema.ts";
import type {
  ApacheArtifact,
  Artifact,
  BurrowArtifact,
  DesiredFile,
  DesiredProcess,
  DesiredStorage,
  PluginArtifact,
  StoredId,
} from "./desired.ts";

export type Section = {
  readonly heap?: number | undefined;
  readonly config: Readonly<Record<string, string>>;
  /** Names in `config` that stand under the role's own key, where others come from another's. */
  readonly own?: readonly string[];
  readonly jvm: readonly string[];
};

/** What rendering needs besides the cluster; `java` and `software` are paths on the machine where it will run. */
export type ServiceContext = {
  readonly cluster: Cluster;
  readonly platform: Platform;
  readonly java: string;
  readonly software: (artifact: Artifact) => string;
  /** Where the archive of its loaded classes lies, or will; null: it is started without. */
  readonly classArchive: (artifact: ApacheArtifact) => string | null;
  readonly templates: Readonly<Record<TemplateName, string>>;
  readonly identity: Identity;
};

/** What a KRaft cluster is born with: made once at random, kept in the receipt. */
export type Identity = {
  readonly clusterId: string;
  /** The directory ids of the first voters, by member key; a controller that is not here joins a quorum that has voters. */
  readonly directoryIds: Readonly<Record<string, string>>;
};

export const templateNames = [
  "kafka-log4j.properties",
  "kafka-log4j2.yaml",
  "connect-log4j.properties",
  "connect-log4j2.yaml",
  "burrow.toml",
  "zookeeper-log4j.properties",
  "zookeeper-logback.xml",
  "server.service",
  "hosts.service",
  "restore-hosts.sh",
  "volume.mount",
  "metrics-kafka.yaml",
  "metrics-zookeeper.yaml",
  "metrics-connect.yaml",
] as const;
export type TemplateName = (typeof templateNames)[number];

export type MemberState = {
  readonly files: readonly DesiredFile[];
  readonly process: DesiredProcess;
  /** null: it is born with no id that it would have to keep. */
  readonly storedId: StoredId | null;
  readonly storage: DesiredStorage | null;
};

export type Service = {
  readonly role: Role;
  /** What people call one of it in a sentence. */
  readonly title: string;
  /** What its own log is called. */
  readonly logName: string;
  readonly firstId: number;
  readonly basePorts: (spec: Spec) => Readonly<Record<string, number>>;
  /** What its part of the spec is called. */
  readonly sectionName: "kafka" | "zookeeper" | "controller" | "connect" | "burrow";
  readonly section: (spec: Spec) => Section;
  /** null: it is no JVM. */
  readonly defaultHeapMiB: Readonly<Record<Platform["profile"], number>> | null;
  /** The archive that it runs from. */
  readonly artifact: (cluster: Cluster) => ApacheArtifact | BurrowArtifact;
  /** What it loads beside that. */
  readonly plugins?: (cluster: Cluster) => readonly PluginArtifact[];
  /** Roles that must serve before it can start; a majority of them where they are an ensemble, or where the others fail. */
  readonly needs: (cluster: Cluster) => readonly Role[];
  /** The ports, by their names, that it must reach on other servers. */
  readonly reaches: (cluster: Cluster) => readonly { readonly role: Role; readonly ports: readonly string[] }[];
  /** When it may start before what it needs serves, and waits for it by itself: once that has served before, at the first start of all, or never. */
  readonly waitsItself: (cluster: Cluster) => "later" | "first" | "never";
  /** How many of `count` servers must serve for the role to serve. */
  readonly quorum: (count: number) => number;
  readonly desired: (member: Member, context: ServiceContext) => MemberState;
};
