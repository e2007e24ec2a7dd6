/** What was seen of a cluster in EC2, as plain data. Only what carries the cluster's tag is here; nothing else is ever touched. */
import type { ThereRule } from "./security-rules.ts";

export const clusterTag = "kctl:cluster";
export const nodeTag = "kctl:node";
/** Of an instance: the ids of its servers, `broker=1,zookeeper=1`. */
export const idsTag = "kctl:ids";
/** Public half of the host key that user-data gave (base64); it goes once the host has made its own. */
export const firstKeyTag = "kctl:first-host-key";
/** Public half of the host key that the host itself made. */
export const hostKeyTag = "kctl:host-key";
/** Of an instance: the image by its name in the spec, from which it came. */
export const imageTag = "kctl:image";
/** Of an instance: whom to log in as. */
export const userTag = "kctl:user";
/** The moment, by EC2's clock, at which the cluster ends itself; what has none stays. */
export const expiresTag = "kctl:expires";
/** Who made it: `USER@HOST`. */
export const ownerTag = "kctl:owner";
/** When it was made. */
export const sinceTag = "kctl:since";
/** Of an instance: `true` where kctl had EC2 protect it against termination. */
export const protectedTag = "kctl:protected";

export type InstanceState = "pending" | "running" | "stopping" | "stopped" | "shutting-down" | "terminated";

export type SeenInstance = {
  readonly id: string;
  /** Null: the tag was taken away. */
  readonly node: string | null;
  readonly state: InstanceState;
  /** EC2's own words for how it came into that state, where it says any. */
  readonly stateReason: string | null;
  readonly type: string;
  readonly imageId: string;
  readonly zone: string;
  readonly subnet: string | null;
  readonly vpc: string | null;
  readonly privateAddress: string | null;
  readonly publicAddress: string | null;
  readonly launched: string;
  readonly volumes: readonly { readonly id: string; readonly device: string }[];
  readonly interfaces?: readonly string[];
  /** The network interface's, by which it is reached. */
  readonly groups: readonly string[];
  /** Against termination; null: nobody asked. */
  readonly protected: boolean | null;
  readonly tags: Readonly<Record<string, string>>;
};

export type SeenVolume = {
  readonly id: string;
  readonly node: string | null;
  readonly state: string;
  readonly sizeGiB: number;
  readonly type: string;
  readonly iops: number | null;
  readonly throughput: number | null;
  readonly zone: string;
  readonly attached: { readonly instance: string; readonly device: string } | null;
  readonly tags: Readonly<Record<string, string>>;
};

export type SeenGroup = {
  readonly id: string;
  readonly name: string;
  readonly vpc: string;
  readonly rules: readonly ThereRule[];
  readonly tags: Readonly<Record<string, string>>;
};

export type SeenKey = { readonly id: string; readonly name: string; readonly tags: Readonly<Record<string, string>> };

export type SeenPlacementGroup = {
  readonly id: string;
  readonly name: string;
  readonly strategy: string;
  readonly tags: Readonly<Record<string, string>>;
};

export type SeenCloud = {
  readonly instances: readonly SeenInstance[];
  readonly volumes: readonly SeenVolume[];
  readonly groups: readonly SeenGroup[];
  readonly keys: readonly SeenKey[];
  /** Absent: the spec wants none, and nobody asked. */
  readonly placementGroups?: readonly SeenPlacementGroup[];
};

export type SeenSubnet = {
  readonly id: string;
  readonly vpc: string;
  readonly zone: string;
  readonly cidr: string;
  readonly givesPublicAddress: boolean;
  readonly freeAddresses: number;
};

/** Those that are a machine still, or will be. */
export function isLive({ state }: SeenInstance): boolean {
  return state !== "terminated" && state !== "shutting-down";
}

/** The machine of a node; of several, the one that was first. */
export function instanceOf({ instances }: Pick<SeenCloud, "instances">, node: string): SeenInstance | null {
  const its = instances.filter((one) => one.node === node && isLive(one));
  return (
    its.toSorted((a, b) => (a.launched < b.launched ? -1 : a.launched > b.launched ? 1 : a.id < b.id ? -1 : 1))[0] ??
    null
  );
}

/** Where data volumes are attached: kctl gives this name at launch, and knows a volume from the root disk by it. */
export const dataDevice = "/dev/sdf";

/** The data volume of a node: attached to its machine, or left from a former one. Null where there is none. */
export function dataVolumeOf({ volumes, instances }: SeenCloud, node: string): SeenVolume | null {
  const its = volumes.filter(
    (volume) => volume.node === node && volume.state !== "deleting" && volume.state !== "deleted",
  );
  const machine = instanceOf({ instances }, node);
  const attached = its.find(
    ({ id, attached }) =>
      (attached !== null && attached.instance === machine?.id && attached.device === dataDevice) ||
      machine?.volumes.some((one) => one.id === id && one.device === dataDevice) === true,
  );
  if (attached !== undefined) return attached;
  // A root disk goes with its machine: what is left alone, or hangs on one that is going away, holds data.
  return its.find(({ attached }) => attached === null || attached.device === dataDevice) ?? null;
}
