/** The first part of a plan, where data lies on volumes that are not mounted: it says who servers are, and whose. */
import type { DesiredState } from "../services/desired.ts";
import type { Change } from "./change.ts";

/** Nothing else is planned, and nothing written down, on a guess. */
export function mountingOnly(
  changes: readonly Change[],
  unseen: readonly string[],
  { hosts }: Pick<DesiredState, "hosts">,
): readonly Change[] {
  const units = new Set(hosts.flatMap(({ machine }) => machine?.volume?.unit ?? []));
  const mounting = changes.filter(
    (change) =>
      (change.kind === "file" && units.has(change.path.slice(change.path.lastIndexOf("/") + 1))) ||
      (change.kind === "machine" && (change.step.kind === "volume" || isOneOf(units, change.step))),
  );
  const keys = new Set(mounting.map(({ key }) => key));
  const whose = `the data volume${unseen.length === 1 ? "" : "s"} of ${unseen.join(", ")}`;
  return [
    ...mounting.map((change) => ({ ...change, after: change.after.filter(({ key }) => keys.has(key)) })),
    {
      kind: "note",
      verb: "note",
      key: "later volumes",
      layer: "host",
      node: null,
      title: `the rest is planned once ${whose} can be read`,
      why: [],
      effect: "none",
      diff: [],
      after: [],
    },
  ];
}

type Step = Extract<Change, { kind: "machine" }>["step"];

function isOneOf(units: ReadonlySet<string>, step: Step): boolean {
  return step.kind === "unit" && units.has(step.unit);
}
