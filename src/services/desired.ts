/** What each machine must have, as plain data: made from a cluster by the services, read by the planner and the hosts. */
import type { Role, Topic } from "../cluster/cluster.ts";

/** Names of a user and a group of the machine. */
export type Owner = { readonly user: string; readonly group: string };

/** Without an owner it is that of the user who runs kctl. */
export type DesiredFolder = { readonly path: string; readonly mode: number; readonly owner?: Owner };

export type DesiredFile = {
  readonly path: string;
  readonly mode: number;
  readonly owner?: Owner;
  readonly content: string;
  /** The member whose process reads it; null where none does. */
  readonly member: string | null;
  /** What of it takes hold only at a start, where that is not all: a change of the rest needs no restart. */
  readonly readAtStart?: string;
  /** Which keys of the spec decide lines of kctl's own, by what stands before their `=`. */
  readonly origins?: Origins;
};

export type Origins = Readonly<Record<string, readonly Origin[]>>;

/** A key of the spec that decides a line, or a part of it: a change of the rest is not its doing. */
export type Origin = {
  readonly field: string;
  readonly reads: /** The whole value. */
    | { readonly kind: "value" }
    /** That the line is there at all. */
    | { readonly kind: "presence" }
    /** How many items there are in a list with commas. */
    | { readonly kind: "items" }
    /** The number that the first group of a pattern finds, less the one that another finds, and `plus` more. */
    | { readonly kind: "number"; readonly of: string; readonly less?: string; readonly plus: number }
    /** What the first group of a pattern finds. */
    | { readonly kind: "part"; readonly of: string };
};

/** How a service is asked whether it serves. `member` is its key; ports are its own. */
export type Probe =
  | { readonly kind: "zookeeper"; readonly address: string; readonly port: number }
  | { readonly kind: "kafka"; readonly address: string; readonly port: number; readonly brokerId: number }
  | { readonly kind: "controller"; readonly address: string; readonly port: number; readonly id: number }
  | { readonly kind: "connect"; readonly address: string; readonly port: number }
  | { readonly kind: "burrow"; readonly address: string; readonly port: number };

/**
 * What must be gone before a service may start again: a broker refuses to start while the registration of its killed
 * predecessor is there, which ZooKeeper keeps until the session has timed out.
 */
export type Registration = {
  readonly path: string;
  readonly servers: readonly { readonly address: string; readonly port: number }[];
};

export type DesiredProcess = {
  /** The member's key, NODE/ROLE. */
  readonly key: string;
  readonly node: string;
  readonly role: Role;
  /** The whole command; the first is an absolute path. */
  readonly argv: readonly string[];
  /** The key of the spec that chose its program: of a JVM its Java; `java` where none did. */
  readonly programFrom: string;
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  /** One of argv that no other process has: it names a file or folder of this service's own. */
  readonly mark: string;
  /** Digest of everything the process read when it started; stands in argv as `-Dkctl.inputs=DIGEST`. */
  readonly inputs: string;
  /** Takes standard output and error: what is said before logging is up, and by a crashing JVM. */
  readonly console: string;
  /** Where the service itself logs. */
  readonly log: string;
  readonly pidFile: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly probe: Probe;
  readonly registration?: Registration;
  /** Brokers that must serve the topic of committed offsets before it starts: else it ends at once. */
  readonly readsOffsetsOf?: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  /** A file that it leaves when it is killed, and that would keep it from starting. */
  readonly leaves?: string;
  /** Seconds that an orderly stop may take. */
  readonly stopSeconds: number;
};

/** Where a service keeps the id that it was born with: `meta.properties`, `myid`. */
export type StoredId = { readonly member: string; readonly path: string; readonly form: "myid" | "meta.properties" };

/** Storage that must be formatted by Kafka's own tool before its server starts for the first time. */
export type DesiredStorage = {
  readonly member: string;
  readonly folder: string;
  /** The tool's whole command; the first is an absolute path. */
  readonly argv: readonly string[];
};

/** Software unpacked where servers run from it; several clusters share it. */
export type InstalledSoftware = { readonly artifact: Software; readonly folder: string };

/** The Java that servers run: `link` is a symbolic link to its home. */
export type HostJava = {
  readonly link: string;
  /** Where one goes that comes in an archive. */
  readonly unpacked: string;
  /** Major versions: the oldest that will do, and the one to install where there is none. */
  readonly least: number;
  readonly best: number;
  /** The newest that will do; null: any newer one. */
  readonly most: number | null;
  /** The spec's own choice: then no other will do. */
  readonly home: string | null;
};

export function isFittingJava({ least, most }: Pick<HostJava, "least" | "most">, major: number): boolean {
  return major >= least && (most === null || major <= most);
}

/** kctl's own part of /etc/hosts, marked with the cluster's name. */
export type HostsBlock = {
  readonly cluster: string;
  readonly entries: readonly { readonly address: string; readonly names: readonly string[] }[];
};

/** A systemd unit; its text is among the host's files. */
export type DesiredUnit = {
  /** `kctl-CLUSTER-ROLE.service`, or that of the volume's mount point. */
  readonly name: string;
  readonly path: string;
  /** Whose process it runs; null for one that runs no server. */
  readonly member: string | null;
};

/** A disk of its own for the cluster's data: an XFS file system, mounted by a unit of kctl's. */
export type DesiredVolume = {
  /** As EC2 calls it: `vol-0123456789abcdef0`. */
  readonly id: string;
  /** Where the machine finds it by that id. */
  readonly device: string;
  /** Of its file system: it tells a volume that kctl has formatted from any other. */
  readonly uuid: string;
  readonly mountPoint: string;
  /** The unit that mounts it. */
  readonly unit: string;
  readonly sizeBytes: number;
};

/** A machine that is kctl's to set up: what it must have besides folders, files and processes. */
export type DesiredMachine = {
  /** The servers' own user and group, which nobody can log in as. */
  readonly user: string;
  readonly software: readonly InstalledSoftware[];
  /** Folders of former versions that are to go, where nothing runs from them. */
  readonly retired?: readonly string[];
  readonly java: HostJava;
  readonly hosts: HostsBlock;
  /** Settings of the kernel, as they stand in a file of /etc/sysctl.d, which is among the host's files. */
  readonly sysctl: Readonly<Record<string, string>>;
  readonly units: readonly DesiredUnit[];
  /** null: data lies on the machine's own disk. */
  readonly volume: DesiredVolume | null;
};

export type DesiredHost = {
  readonly node: string;
  /** Absent where the machine is not kctl's to set up: everything is the user's own. */
  readonly machine?: DesiredMachine;
  readonly folders: readonly DesiredFolder[];
  readonly files: readonly DesiredFile[];
  readonly processes: readonly DesiredProcess[];
  readonly storedIds: readonly StoredId[];
  readonly storage: readonly DesiredStorage[];
};

export type ApacheArtifact = { readonly name: "kafka" | "zookeeper"; readonly version: string };

/** LinkedIn's Burrow: a program for one sort of machine. */
export type BurrowArtifact = {
  readonly name: "burrow";
  readonly version: string;
  /** null: a mirror has it. */
  readonly from: GivenFile | null;
};

/** What the spec names by itself: a path or an http(s) address, and what must be there. */
export type GivenFile = { readonly at: string; readonly sha512: string };

/** Jars of Connect's own: connectors, converters, transformations. `version` says which, and stands in its folder's name. */
export type PluginArtifact = { readonly name: "connect-plugin"; readonly version: string; readonly from: PluginSource };

export type PluginSource =
  /** With all that it needs and Connect does not have. */
  | { readonly kind: "maven"; readonly group: string; readonly artifact: string; readonly version: string }
  /** A .tar.gz with jars in it, or one jar: a path, or an http(s) address. */
  | ({ readonly kind: "archive" | "file" } & GivenFile);

/** The Prometheus JMX exporter: a Java agent that a JVM loads when it starts. */
export type ExporterArtifact = { readonly name: "jmx-exporter"; readonly version: string };

/** A Java for machines that have none; `version` is the major one. */
export type JavaArtifact = {
  readonly name: "java";
  readonly version: string;
  readonly os: "linux" | "alpine-linux" | "mac";
  readonly architecture: "x64" | "aarch64";
};

/** What lies on every machine that has a server which runs from it. */
export type Software = ApacheArtifact | BurrowArtifact | PluginArtifact | ExporterArtifact;

export type Artifact = Software | JavaArtifact;

/** The user's settings of a broker that can be changed while it runs. */
export type DesiredLiveSettings = {
  readonly broker: number;
  /** Each with the key of the spec that it comes from. */
  readonly settings: Readonly<Record<string, { readonly value: string; readonly from: string }>>;
};

/** An archive of loaded classes, made from software and a list of what of it servers load. */
export type ClassArchive = {
  readonly path: string;
  readonly of: ApacheArtifact;
  readonly list: "zookeeper" | "kraft";
};

export type DesiredState = {
  readonly artifacts: readonly Artifact[];
  readonly classArchives: readonly ClassArchive[];
  readonly hosts: readonly DesiredHost[];
  readonly liveSettings: readonly DesiredLiveSettings[];
  readonly topics: readonly Topic[];
};
