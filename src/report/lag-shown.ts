/** What `lag` tells of consumer groups: the fields of its result, and of the events of `lag --watch`. */
import type { GroupStatus, PartitionStatus } from "../kafka/lag/evaluate.ts";

export type Judge = "burrow" | "kctl";

export type PartitionLag = {
  readonly topic: string;
  readonly partition: number;
  /** null: its leader did not tell, or the topic is gone. */
  readonly end: number | null;
  /** null: the group has committed none. */
  readonly committed: number | null;
  /** null where one of them is. */
  readonly lag: number | null;
  /** The member's id; null: none has it. */
  readonly owner: string | null;
  /** Of the owner. */
  readonly clientId: string | null;
  readonly host: string | null;
  readonly status: PartitionStatus;
  /** Who says so: a Burrow of the cluster's own, or kctl by what it saw itself. */
  readonly judgedBy: Judge;
  /** With --watch: by how many records a second it grew over the window; null: not known yet. */
  readonly trend?: number | null;
};

export type GroupLag = {
  readonly cluster: string;
  readonly group: string;
  readonly status: GroupStatus;
  /** `burrow` where it knows the group. */
  readonly judgedBy: Judge;
  /** By Burrow only: the share of the partitions whose window it has filled; below 1 it judges by few commits. */
  readonly complete?: number;
  /** Of all its partitions whose lag is known. */
  readonly lag: number;
  readonly state: string;
  readonly protocol: "classic" | "consumer";
  readonly members: number;
  readonly trend?: number | null;
  readonly partitions: readonly PartitionLag[];
};

export type LagShown = { readonly groups: readonly GroupLag[] };

/** One round of --watch: how many looks the window holds, of how many; the statuses are Burrow's once it is full. */
export type LagRound = LagShown & { readonly looks: number; readonly window: number };
