/** What was seen, as plain data. "Unknown" is a state of its own: what does not answer is never taken for absent. */
import { isKnown } from "../cluster/known-after-up.ts";
import type { Owner } from "../services/desired.ts";
import type { ObservedSettings } from "./setting-difference.ts";
import type { TopicAsSeen } from "./topic-difference.ts";

export type ObservedFile =
  | { readonly kind: "absent" }
  /** `content` is there for small files, so that a difference can be shown. */
  | {
      readonly kind: "file";
      readonly digest: string;
      readonly mode: number;
      readonly content: string | null;
      /** Where it was asked for. */
      readonly owner?: Owner;
    }
  /** A folder, a symlink, a device where a file should be: never written through, never deleted. */
  | { readonly kind: "other"; readonly what: string };

export type ObservedFolder =
  | { readonly kind: "absent" }
  | { readonly kind: "folder"; readonly mode: number; readonly owner?: Owner }
  | { readonly kind: "other"; readonly what: string };

export type RunningProcess = {
  readonly pid: number;
  /** Tells this process from a later one with the same pid: boot and start time. */
  readonly birth: string;
  /** What `-Dkctl.inputs=` says in its argv; null where it says nothing. */
  readonly inputs: string | null;
  /** The file that it runs, where that can be told. */
  readonly program?: string | null;
  /** Where its pid is noted, if anywhere; removed by the stop. */
  readonly pidFile?: string;
};

/** Whether it was started with something else than what is wanted; where that is not known, nothing is told. */
export function startsAnew({ inputs }: RunningProcess, wanted: string): boolean {
  return isKnown(wanted) && inputs !== wanted;
}

export type ObservedProcess =
  | { readonly state: "absent" }
  /** It ran once (there is a pid file), and is gone without having been stopped. */
  | { readonly state: "dead" }
  | ({
      readonly state: "running";
      /** More processes of the same service, started by two at once: one too many each. */
      readonly extras?: readonly RunningProcess[];
    } & RunningProcess);

/** Who listens on a port; null where nobody does. `pid` is null where this user may not see it. */
export type PortHolder = { readonly pid: number | null; readonly command: string | null } | null;

export type ObservedIdentity = {
  readonly id: number | null;
  readonly clusterId: string | null;
  /** KRaft: the id of this very storage, which tells a new disk from the old one. */
  readonly directoryId: string | null;
};

export type ObservedUnit = {
  /** What systemd calls it: active, inactive, failed, activating, deactivating. */
  readonly active: string;
  readonly enabled: boolean;
  /** systemd has not read the unit's file as it is now. */
  readonly needsReload: boolean;
};

/** A Java that is on the machine. */
export type FoundJava = { readonly home: string; readonly major: number };

/** The data volume that a machine is to have, as it has it. */
export type ObservedVolume = {
  /** null: the machine does not know of such a disk (yet). */
  readonly device: { readonly path: string; readonly bytes: number; readonly content: VolumeContent } | null;
  /** Where its file system is mounted. */
  readonly mounts: readonly string[];
  /** What is mounted at its mount point; null where nothing is, or it is itself. */
  readonly inPlace: string | null;
  /** Of its file system, while that is mounted where it belongs. */
  readonly fileSystemBytes: number | null;
  /** Files (some of them) in the folder of its mount point, on the disk below, while nothing is mounted there. */
  readonly hides: readonly string[];
};

export type VolumeContent =
  /** Nothing that anybody could know, and its first part is zeros. */
  | { readonly kind: "blank" }
  /** The file system with the UUID that is the volume's own. */
  | { readonly kind: "own" }
  | { readonly kind: "other"; readonly what: string };

export type ObservedMachine = {
  /** Whether the servers' user is there. */
  readonly user: boolean;
  /** The shell of that user, where it is one that somebody can log in to. */
  readonly loginShell?: string;
  /** By folder: whether it was unpacked to the end. */
  readonly software: Readonly<Record<string, boolean>>;
  /** What else is unpacked there, by folder; and of what is to go, whether a process runs from it. */
  readonly otherSoftware: Readonly<Record<string, { readonly inUse: boolean }>>;
  /** What transfers that were cut off left, by name; `.socket`: this cluster's machines could still have an archive from here. */
  readonly leftovers: readonly string[];
  /** Where the link points to, and the Java there; null where it is not there, or leads to none. */
  readonly java: FoundJava | null;
  /** Others that are there, best first. */
  readonly javas: readonly FoundJava[];
  /** All of /etc/hosts; null where it is missing. */
  readonly hostsFile: string | null;
  /** By name of the block: what the machine resolves it to at this moment; null where it does not. */
  readonly resolves: Readonly<Record<string, string | null>>;
  /** What it took to resolve them all. */
  readonly resolveSeconds: number;
  readonly sysctl: Readonly<Record<string, string | null>>;
  /** By name. */
  readonly units: Readonly<Record<string, ObservedUnit>>;
  /** Absent where it is to have none. */
  readonly volume?: ObservedVolume;
  /** This cluster's receipt; and by cluster, those of the others that share the machine. */
  readonly receipt: string | null;
  readonly otherReceipts: Readonly<Record<string, string>>;
};

export type ObservedHost = {
  readonly node: string;
  /** Absent where the machine is not kctl's to set up. */
  readonly machine?: ObservedMachine;
  readonly files: Readonly<Record<string, ObservedFile>>;
  readonly folders: Readonly<Record<string, ObservedFolder>>;
  /** By member key. */
  readonly processes: Readonly<Record<string, ObservedProcess>>;
  /** By port: only those that a process needs which is to be started, or started anew. */
  readonly ports: Readonly<Record<string, PortHolder>>;
  /** By member key: what its data folder says. */
  readonly identities: Readonly<Record<string, ObservedIdentity>>;
};

/** What Kafka says of itself. */
export type ObservedKafka =
  /** Nothing of this cluster ever ran, so there is nothing in it. */
  | { readonly state: "new" }
  /** No broker told; what is in it is not known. */
  | { readonly state: "unknown"; /** Brokers that run and do not answer. */ readonly silent: readonly number[] }
  | {
      readonly state: "known";
      /** Brokers that run and do not answer, while others do. */
      readonly silent: readonly number[];
      readonly topics: readonly TopicAsSeen[];
      readonly settings: ObservedSettings;
      /** The ids of the controllers that vote; null: not told, or a cluster with ZooKeeper. */
      readonly voters: readonly number[] | null;
    };

export type ObservedState = {
  readonly kafka: ObservedKafka;
  /** Whether an artifact is unpacked and whole, by `NAME VERSION`. */
  readonly artifacts: Readonly<Record<string, boolean>>;
  /** By path, whether an archive of loaded classes is there, and of what is there. */
  readonly classArchives: Readonly<Record<string, boolean>>;
  readonly hosts: Readonly<Record<string, ObservedHost>>;
  /** What the receipt's file holds; null where there is none. */
  readonly receipt: string | null;
  /** Nodes that have another copy of it, or none. */
  readonly receiptBehind?: readonly string[];
};
