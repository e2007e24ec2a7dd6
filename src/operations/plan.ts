/** What `up` would change; touches nothing of the cluster. */
import type { Costs } from "../ec2/costs.ts";
import { KctlError, type Fault } from "../fault.ts";
import type { Change } from "../plan/change.ts";
import { savedPlan, savedPlanText } from "../plan/saved-plan.ts";
import type { Context } from "./context.ts";
import { openCluster } from "./open-cluster.ts";
import { mayBeOutputFile, writeOutputFile } from "./output-file.ts";
import { serverJava } from "./server-java.ts";
import { mustReachAll, survey } from "./survey.ts";

export type PlanMade = {
  readonly changes: readonly Change[];
  readonly refused: readonly Fault[];
  /** Of the machines, where kctl makes them. */
  readonly costs: (Costs & { readonly text: string | null }) | null;
  /** Why machines are unknown: what would change on them does not stand in `changes`. */
  readonly unknown: readonly Fault[];
};

/** @param save where to put it aside for `up --plan`, and the version of the kctl that does */
export async function plan(
  context: Context,
  save: { readonly file: string; readonly kctl: string } | null,
): Promise<PlanMade> {
  if (save !== null) await mayBeOutputFile("the plan", save.file, context);
  const { spec, provider } = await openCluster(context);
  const seen = await survey(spec, provider, (receipt, cache) => serverJava(spec, receipt, cache, context), context);
  const { changes, obstacles, refusals } = seen.plan;
  if (obstacles.length > 0) throw new KctlError(obstacles);
  if (save !== null) {
    mustReachAll(seen);
    const { cluster, desired } = seen;
    const to = { cluster: cluster.name, folder: provider.platform.root };
    await writeOutputFile(
      save.file,
      0o600,
      savedPlanText(savedPlan({ spec, desired, changes }, to, save.kctl)),
      context,
    );
  }
  const costs = provider.fleet?.costs(seen.cluster) ?? null;
  return { changes, costs, refused: refusals, unknown: [...seen.unreachable.values()].flatMap(({ faults }) => faults) };
}
