/** Starts what is stopped or dead of a cluster, in the right order, and waits until it is well; restarts nothing. */
import { KctlError } from "../fault.ts";
import { startsOf } from "../plan/starts.ts";
import { awaitHealth } from "./await-health.ts";
import { bootstrapOf } from "./client-addresses.ts";
import type { Context } from "./context.ts";
import { execute } from "./execute.ts";
import { randomId } from "./fresh-id.ts";
import { noCluster } from "./no-cluster.ts";
import { openCluster } from "./open-cluster.ts";
import { paceOf, performer } from "./perform.ts";
import { inHistory } from "./in-history.ts";
import { serverJava } from "./server-java.ts";
import { mustReachAll, survey } from "./survey.ts";

export type StartResult = { readonly cluster: string; readonly changed: number; readonly bootstrap: string };

export async function start(given: Context): Promise<StartResult> {
  const { spec, provider } = await openCluster(given);
  return inHistory({ provider, command: "start", context: given }, async (context, lock) => {
    const seen = await survey(
      spec,
      provider,
      (receipt, cache) => serverJava(spec, receipt, cache, context),
      context,
      randomId,
    );
    mustReachAll(seen);
    const { plan, cluster, receipt } = seen;
    if (receipt.former === null) throw noCluster(spec.name);
    if (plan.obstacles.length > 0) throw new KctlError(plan.obstacles);
    // What the spec has and the cluster has not is made by `up`.
    const known = new Set(Object.keys(receipt.former.members));
    const options = { ...context, ...paceOf(provider) };
    const { changed, faults } = await execute(startsOf(plan.changes, known), performer(seen, context, lock), options);
    if (faults.length > 0) throw new KctlError(faults);
    await awaitHealth(
      { desired: seen.desired, cluster: { ...cluster, members: cluster.members.filter(({ key }) => known.has(key)) } },
      context,
    );
    return { cluster: cluster.name, changed, bootstrap: bootstrapOf(cluster) };
  });
}
