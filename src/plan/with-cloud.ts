/** A plan with what comes before all of it: the machines themselves, where they come and go with the cluster. */
import type { Fault } from "../fault.ts";
import type { Change, Edge } from "./change.ts";

export type CloudPart = {
  readonly changes: readonly Change[];
  readonly obstacles: readonly Fault[];
  readonly refusals: readonly Fault[];
};

export function withCloud<P extends CloudPart>(plan: P, cloud: CloudPart | undefined): P {
  if (cloud === undefined) return plan;
  const first = cloud.changes.flatMap(({ kind, key }): readonly Edge[] =>
    kind === "cloud" ? [{ key, until: "done" }] : [],
  );
  // Whatever else is done comes after the receipt was written, or needs no order.
  const changes = plan.changes.map((change) =>
    change.kind === "receipt" ? { ...change, after: [...first, ...change.after] } : change,
  );
  return {
    ...plan,
    changes: [...cloud.changes, ...changes],
    obstacles: [...cloud.obstacles, ...plan.obstacles],
    refusals: [...cloud.refusals, ...plan.refusals],
  };
}
