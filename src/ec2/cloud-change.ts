/** One change of a cluster's machines, seen from outside: its common form. */
import type { Change, CloudStep } from "../plan/change.ts";

export type CloudChange = Extract<Change, { kind: "cloud" }>;

type Shape = Partial<Pick<CloudChange, "why" | "effect" | "diff" | "after" | "node">>;

export function cloudChange(
  key: string,
  verb: CloudChange["verb"],
  step: CloudStep,
  title: string,
  shape: Shape = {},
): CloudChange {
  const common = { layer: "machine", node: null, why: [], effect: "none", diff: [], after: [] } as const;
  return { ...common, ...shape, kind: "cloud", verb, key, step, title };
}
