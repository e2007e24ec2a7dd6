/** What a provider says of its machines, as data: where things lie, which address and ports they get, how JVMs are sized. */
import type { Cluster } from "./cluster.ts";

/** Machines that are kctl's to set up, each with a file system of its own. */
export type MachinePlatform = {
  /** The user and group that servers run as. */
  readonly user: string;
  /** Software is unpacked below it, and shared by all clusters. */
  readonly software: string;
  /** What belongs to the cluster and to none of its servers. */
  readonly cluster: string;
  /** Folders below which kctl makes everything, each the cluster's own. */
  readonly roots: readonly string[];
  readonly units: string;
  /** The node's IP addresses, by name: what stands in the spec may be a name of DNS. Empty until it was asked. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Data volumes by node, where it has one: the disk by its EC2 id, and the UUID that its file system has or is to get. */
  readonly volumes: Readonly<Record<string, VolumePlatform>>;
};

/** What a provider knows of a machine that it makes. */
export type NodeFacts = {
  /** Where this machine reaches it; null until it is there. */
  readonly address: string | null;
  readonly privateAddress: string | null;
  readonly publicAddress: string | null;
  /** Its zone; of one that is still to be made, the one that it is to be made in. */
  readonly rack: string | null;
  /** Whom to log in as. */
  readonly user: string | null;
};

export type VolumePlatform = { readonly id: string; readonly uuid: string; readonly sizeBytes: number };

export type Platform = {
  readonly provider: Cluster["provider"];
  /** Where they share a machine, everything that kctl makes for the cluster lies below; paths are shown from here. */
  readonly root: string;
  /** Folders of a member; `{node}` and `{role}` stand for its own. */
  readonly folders: Readonly<Record<"config" | "data" | "log" | "run", string>>;
  /** The one address of all nodes, where they share a machine; null: each node has its own. */
  readonly sharedAddress: string | null;
  /** Machines that the provider makes, by node: one that is not there is still to be made. null: the spec says where machines are. */
  readonly nodes: Readonly<Record<string, NodeFacts>> | null;
  /** Added to every base port. */
  readonly portShift: number;
  /** Added once more for each further member of a role, where they share a machine. */
  readonly portStep: number;
  /** `laptop` starts fast and stays small; `server` is for production. */
  readonly profile: "laptop" | "server";
  /** null: everything runs as the user who runs kctl, and nothing but the cluster's folder is touched. */
  readonly machine: MachinePlatform | null;
};
