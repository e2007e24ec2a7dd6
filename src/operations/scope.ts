/** What a run of `up` may do: all that the spec asks for, or what stands in a plan that was reviewed. */
import { KctlError, type Fault } from "../fault.ts";
import { isForSpec, parseSavedPlan, planDifferences, reviewedPart } from "../plan/saved-plan.ts";
import type { Context } from "./context.ts";
import type { OpenCluster } from "./open-cluster.ts";
import { readPlanFile } from "./plan-file.ts";
import type { Survey } from "./survey.ts";

export type Scope = {
  /** The round that was seen, with no more in its plan than may be done. */
  readonly within: (seen: Survey) => Survey;
  /** What was seen and may not be done, in its own sentences. */
  readonly left: () => readonly string[];
};

export const allOfIt: Scope = { within: (seen) => seen, left: () => [] };

/** Throws `plan-stale` from its first round where that is not what was reviewed; later ones leave out what came to light since. */
export async function reviewedOnly(file: string, { spec, provider }: OpenCluster, context: Context): Promise<Scope> {
  const whose = { cluster: spec.name, folder: provider.platform.root };
  const saved = parseSavedPlan(await readPlanFile(file, context), file, whose);
  const left = new Set<string>();
  let first = true;
  return {
    left: () => [...left],
    within: (seen) => {
      const now = { spec, desired: seen.desired, changes: seen.plan.changes };
      const differences = first ? planDifferences(saved, now) : [];
      if (differences.length > 0) throw new KctlError(stale(file, differences, isForSpec(saved, now)));
      first = false;
      const { changes, others } = reviewedPart(saved, now);
      for (const { title } of others) {
        if (!left.has(title)) context.emit({ type: "warning", fault: notReviewed(file, title) });
        left.add(title);
      }
      return { ...seen, plan: { ...seen.plan, changes } };
    },
  };
}

function stale(file: string, differences: ReturnType<typeof planDifferences>, sameSpec: boolean): Fault {
  return {
    code: "plan-stale",
    where: file,
    what: `nothing was touched: ${sameSpec ? "what is there has" : "the spec has"} changed since this plan was made`,
    fix: "make it again with `kctl plan --out FILE`, and review it",
    detail: differences.map(({ how, title }) => `${how}: ${title}`).join("\n"),
  };
}

function notReviewed(file: string, title: string): Fault {
  return {
    code: "plan-stale",
    where: file,
    what: `not in this plan, and left for another: ${title}`,
    fix: "see `kctl plan`",
  };
}
