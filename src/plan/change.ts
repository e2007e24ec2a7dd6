/** A change of the plan: plain JSON that `plan` shows, `up` carries out and tests compare. Content is named by its digest. */
import type { Artifact, ClassArchive, DesiredVolume, InstalledSoftware } from "../services/desired.ts";
import type { PartitionMove } from "./reassignment.ts";
import type { SettingChange } from "./topic-difference.ts";

/** The key of the spec that a change comes from, with what stood there and what stands there now. */
export type Why = { readonly field: string; readonly from: string | null; readonly to: string | null };

/** What the change does to what is running or stored. */
export type ChangeEffect = "none" | "live" | "restart" | "replace" | "data-loss";

/** `begun`: the other change need only be under way (a server of an ensemble serves once its peers run as well). */
export type Edge = { readonly key: string; readonly until: "begun" | "done" };

type Common = {
  /** What it is about; unique in a plan. */
  readonly key: string;
  readonly layer: "machine" | "host" | "kafka";
  readonly node: string | null;
  /** Its own sentence, in the imperative. */
  readonly title: string;
  readonly why: readonly Why[];
  readonly effect: ChangeEffect;
  /** Lines of a difference to show, each with its `+`, `-` or blank in front; secrets taken out. */
  readonly diff: readonly string[];
  readonly after: readonly Edge[];
};

/** What a machine is given besides folders, files and processes. */
export type MachineStep =
  | { readonly kind: "user"; readonly user: string }
  | { readonly kind: "java" }
  /** As a reader may see it, as all artifacts of a plan are: without what an address has of passwords. */
  | { readonly kind: "software"; readonly software: InstalledSoftware }
  /** A former version goes, which nothing on the machine runs from any more. */
  | { readonly kind: "old-software"; readonly folder: string }
  /** What transfers that were cut off left, by name. */
  | { readonly kind: "leftovers"; readonly names: readonly string[] }
  /** kctl's block in /etc/hosts: `old` is the digest of the whole file as it was looked at. */
  | { readonly kind: "hosts"; readonly old: string | null; readonly new: string }
  | { readonly kind: "sysctl"; readonly settings: Readonly<Record<string, string>> }
  /** `format` only ever what was seen to be blank; `await` where the machine does not know of the disk yet. */
  | { readonly kind: "volume"; readonly work: "await" | "format" | "mount" | "grow"; readonly volume: DesiredVolume }
  /** systemd reads the unit's file, and starts it at boot from now on. */
  | { readonly kind: "unit"; readonly unit: string };

/** What is done to a cluster's machines from outside, by the API of the cloud that has them. */
export type CloudStep =
  | { readonly kind: "network"; readonly cidr: string }
  | { readonly kind: "group"; readonly name: string }
  | { readonly kind: "rules" }
  | { readonly kind: "key"; readonly name: string }
  /** Launches a machine and waits until it lets kctl in; `volume`: one with data that it takes over. */
  | {
      readonly kind: "instance";
      readonly type: string;
      readonly image: string;
      readonly zone: string;
      readonly volume: string | null;
    }
  /** Waits for one that was launched and has not let kctl in yet. */
  | { readonly kind: "arrival"; readonly instance: string }
  /** Starts one that is stopped. */
  | { readonly kind: "power"; readonly instance: string }
  | { readonly kind: "host-keys" }
  | { readonly kind: "placement"; readonly name: string; readonly strategy: "spread" | "partition" }
  /** The user's own tags, and the end that the cluster has. */
  | { readonly kind: "labels" }
  /** Against termination. */
  | { readonly kind: "protection"; readonly instance: string; readonly on: boolean }
  | { readonly kind: "tags"; readonly instance: string }
  | { readonly kind: "volume"; readonly volume: string }
  | { readonly kind: "attachment"; readonly volume: string }
  /** Ends a machine whose servers were stopped in order; the next round launches another. */
  | { readonly kind: "replacement"; readonly instance: string };

export type Change = Common &
  (
    | {
        readonly kind: "cloud";
        readonly verb: "create" | "update" | "start" | "grow" | "replace" | "await";
        readonly step: CloudStep;
      }
    | { readonly kind: "receipt"; readonly verb: "create" | "update" }
    | { readonly kind: "artifact"; readonly verb: "fetch"; readonly artifact: Artifact }
    /** Makes an archive of loaded classes; servers start without it while it is not there. */
    | { readonly kind: "class-archive"; readonly verb: "create"; readonly archive: ClassArchive }
    | { readonly kind: "folder"; readonly verb: "create" | "update"; readonly path: string; readonly mode: number }
    | {
        readonly kind: "file";
        readonly verb: "create" | "update";
        readonly path: string;
        readonly old: string | null;
        readonly new: string;
      }
    /** Sets up a machine that is kctl's to set up. */
    | {
        readonly kind: "machine";
        readonly verb: "create" | "update" | "install" | "remove";
        readonly step: MachineStep;
      }
    /** Formats the storage of a server that has none yet. */
    | { readonly kind: "storage"; readonly verb: "format"; readonly member: string }
    | { readonly kind: "process"; readonly verb: "start"; readonly member: string }
    /** Ends further processes of a service that runs: there must be one. */
    | { readonly kind: "extra"; readonly verb: "stop"; readonly member: string }
    /** Waits until enough of these members serve; changes nothing. */
    | { readonly kind: "gate"; readonly verb: "await"; readonly members: readonly string[]; readonly enough: number }
    /** Restarts servers one at a time, each asked first whether it may go; the order is decided as it goes. */
    | { readonly kind: "roll"; readonly verb: "restart"; readonly members: readonly string[] }
    /** Makes a controller that follows the quorum a voter of it. */
    | { readonly kind: "voter"; readonly verb: "add"; readonly member: string }
    /** Sets a setting live, or takes back one that kctl set; `broker` is null for the whole cluster. */
    | {
        readonly kind: "setting";
        readonly verb: "set" | "unset";
        readonly name: string;
        readonly broker: number | null;
        readonly old: string | null;
        readonly new: string | null;
      }
    | {
        readonly kind: "topic";
        readonly verb: "create";
        readonly topic: string;
        readonly partitions: number | null;
        readonly replicas: number | null;
        readonly settings: Readonly<Record<string, string>>;
      }
    | {
        readonly kind: "partitions";
        readonly verb: "grow";
        readonly topic: string;
        readonly old: number;
        readonly new: number;
      }
    | {
        readonly kind: "topic-settings";
        readonly verb: "update";
        readonly topic: string;
        readonly settings: readonly SettingChange[];
      }
    /** Moves replicas under a throttle, which is taken back at the end: once in a plan, for all topics. */
    | {
        readonly kind: "reassignment";
        readonly verb: "move";
        /** Bytes a second that each broker sends at most, and takes at most. */
        readonly throttle: number;
        readonly moves: readonly PartitionMove[];
        /** What a run that was cut off began, and Kafka goes on with. */
        readonly underWay: readonly PartitionMove[];
        /** About how much is to be copied; null: not known. */
        readonly bytes: number | null;
      }
    | {
        readonly kind: "topic-deletion";
        readonly verb: "delete";
        readonly topic: string;
        readonly id: string;
        /** What is lost; null: not known. */
        readonly records: number | null;
        /** Of one copy. */
        readonly bytes: number | null;
      }
    /** Nothing to do, but good to know. */
    | { readonly kind: "note"; readonly verb: "note" }
  );

/** Gates and notes are in the plan to be seen; they change nothing. */
export function changesSomething(change: Change): boolean {
  return change.kind !== "gate" && change.kind !== "note";
}
