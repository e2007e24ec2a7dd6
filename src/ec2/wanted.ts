/** What a cluster wants of EC2, as plain data; made from the spec and what is there by want-cloud.ts. */
import type { Member } from "../cluster/cluster.ts";
import type { End } from "./end.ts";
import type { Rule } from "./security-rules.ts";

export type VolumeType = "gp2" | "gp3" | "io1" | "io2" | "sc1" | "st1";

export type WantedVolume = {
  readonly sizeGiB: number;
  readonly type: VolumeType;
  readonly iops: number | null;
  readonly throughput: number | null;
  /** One that a former machine of the node left: it is attached, and no other is made. */
  readonly existing: string | null;
};

export type WantedMachine = {
  readonly node: string;
  /** Best first. */
  readonly types: readonly string[];
  /** As the spec has it: a name, or an AMI's id. */
  readonly image: string;
  /** Null where it is not known yet which zones there are. */
  readonly zone: string | null;
  /** The spec names it, or its data is there: no other will do. */
  readonly bound: boolean;
  readonly spot: boolean;
  /** Of its own disk. */
  readonly rootGiB: number;
  /** Of the cluster's placement group, where that has some; from 1. */
  readonly partition: number | null;
  /** Against termination. */
  readonly protected: boolean;
  /** By itself, and its data with it. */
  readonly ends: boolean;
  readonly volume: WantedVolume | null;
  /** `broker=1,zookeeper=1` */
  readonly ids: string;
};

export type WantedCloud = {
  readonly cluster: string;
  readonly region: string;
  readonly group: { readonly name: string; readonly rules: readonly Rule[] };
  readonly members: readonly Member[];
  /** Ports that may be open to everybody. */
  readonly allowWorld: readonly number[];
  /** The key pair that kctl makes; null: one of the user's own. */
  readonly key: { readonly name: string } | null;
  /** The range of a network of the cluster's own; null: one that is there. */
  readonly network: string | null;
  readonly placement: { readonly name: string; readonly strategy: "spread" | "partition" } | null;
  readonly end: End;
  readonly machines: readonly WantedMachine[];
  /** The user's own, on everything. */
  readonly tags: Readonly<Record<string, string>>;
};
