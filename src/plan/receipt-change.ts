/** What changes of kctl's own record, before anything that it records. */
import type { Change } from "./change.ts";
import type { ObservedState } from "./observed.ts";
import { receiptText, type Receipt } from "./receipt.ts";
import { differenceLines } from "./text-difference.ts";

export function receiptChange(
  observed: Pick<ObservedState, "receipt" | "receiptBehind">,
  next: Receipt,
): readonly Change[] {
  const text = receiptText(next);
  const behind = observed.receiptBehind ?? [];
  if (observed.receipt === text && behind.length === 0) return [];
  const verb = observed.receipt === null ? "create" : "update";
  return [
    {
      kind: "receipt",
      verb,
      key: "receipt",
      layer: "host",
      node: null,
      title: observed.receipt === text ? `${verb} the receipt on ${behind.join(", ")}` : `${verb} the receipt`,
      why: [],
      effect: "none",
      diff: differenceLines(observed.receipt ?? "", text),
      after: [],
    },
  ];
}
