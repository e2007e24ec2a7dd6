/** What a smoke test gives back. */
import type { Fault } from "../../fault.ts";

/** In the order of the result; while it runs, a check is told once it is done. */
export const checkNames = [
  "brokers-reachable",
  "topic-created",
  "acks-1",
  "acks-all",
  "read-back",
  "order-kept",
  "keys-keep-partition",
  "keyless-spread",
  "replicas-in-sync",
  "every-broker-leads-and-follows",
  "offset-resumed",
  "lag-counted",
  "second-group",
  "order-over-rebalance",
  "topic-kept",
  "cleaned-up",
  "failover",
] as const;

export type CheckName = (typeof checkNames)[number];

export type SmokeCheck = {
  readonly name: CheckName;
  readonly ok: boolean;
  readonly detail: string;
  readonly seconds: number;
  /** How much of `seconds` went by waiting for coordinators of consumer groups. */
  readonly waited: number;
};

export type SmokeResult = {
  readonly ok: boolean;
  readonly checks: readonly SmokeCheck[];
  readonly faults: readonly Fault[];
  /** The faults of each check that failed. */
  readonly why: ReadonlyMap<CheckName, readonly Fault[]>;
  readonly seconds: number;
  /** How much of `seconds` went by waiting for coordinators of consumer groups; checks that overlap wait once. */
  readonly waited: number;
};
