/** Starts what is stopped or dead of a cluster, in the right order, and waits until it is well; restarts nothing. */
import { KctlError } from "../fault.ts";
import { changesSomething, type Change } from "../plan/change.ts";
import { doneAgain } from "../plan/done-again.ts";
import { startsOf } from "../plan/starts.ts";
import { awaitHealth } from "./await-health.ts";
import { bootstrapOf } from "./client-addresses.ts";
import type { Context } from "./context.ts";
import { execute } from "./execute.ts";
import { randomId } from "./fresh-id.ts";
import { noCluster } from "./no-cluster.ts";
import { openCluster, type OpenCluster } from "./open-cluster.ts";
import { paceOf, performer } from "./perform.ts";
import { inHistory } from "./in-history.ts";
import { serverJava } from "./server-java.ts";
import { noMachines } from "./stop.ts";
import { mustReachAll, survey, type Survey } from "./survey.ts";

export type StartResult = { readonly cluster: string; readonly changed: number; readonly bootstrap: string };

/** @param options.machines those that kctl made, and that are off, are started first */
export async function start(given: Context, { machines }: { readonly machines: boolean }): Promise<StartResult> {
  const open = await openCluster(given);
  const { provider } = open;
  if (machines && provider.fleet === null) throw noMachines("start");
  return inHistory({ provider, command: "start", context: given }, async (context, lock) => {
    const options = { ...context, ...paceOf(provider) };
    let changed = 0;
    const carryOut = async (seen: Survey, changes: readonly Change[]): Promise<void> => {
      const outcome = await execute(changes, performer(seen, context, lock), options);
      changed += outcome.changed;
      if (outcome.faults.length > 0) throw new KctlError(outcome.faults);
    };
    let seen = await look(open, context);
    const off = machines ? seen.plan.changes.filter(isPower) : [];
    if (off.length > 0) {
      await carryOut(seen, off);
      seen = await look(open, context);
    }
    mustBeOn(seen);
    let known = membersIn(seen);
    while (seen.plan.isPartial) {
      const before = seen.plan.changes.filter(changesSomething);
      await carryOut(seen, before);
      seen = await look(open, context);
      known = membersIn(seen);
      const again = doneAgain(seen.plan.changes, before);
      if (again.length > 0) throw new KctlError(again);
    }
    await carryOut(seen, startsOf(seen.plan.changes, known));
    const { cluster } = seen;
    await awaitHealth(
      { desired: seen.desired, cluster: { ...cluster, members: cluster.members.filter(({ key }) => known.has(key)) } },
      context,
    );
    return { cluster: cluster.name, changed, bootstrap: bootstrapOf(cluster) };
  });
}

function isPower(change: Change): boolean {
  return change.kind === "cloud" && change.step.kind === "power";
}

function mustBeOn({ provider, cluster }: Survey): void {
  const absent = provider.fleet?.absent() ?? new Set();
  const off = (provider.fleet?.machines() ?? []).filter(({ node }) => absent.has(node));
  if (off.length === 0) return;
  throw new KctlError({
    code: "unhealthy",
    what: `machines of ${cluster.name} are off: ${off.map(({ node, id, state }) => `${node} (${id}, ${state})`).join(", ")}`,
    fix: "`kctl start --machines` starts them first",
  });
}

async function look({ spec, provider }: OpenCluster, context: Context): Promise<Survey> {
  return survey(spec, provider, (receipt, cache) => serverJava(spec, receipt, cache, context), context, randomId);
}

/** The members that the cluster has: what the spec has beside them is made by `up`. */
function membersIn(seen: Survey): ReadonlySet<string> {
  mustReachAll(seen);
  const { plan, receipt, cluster } = seen;
  if (receipt.former === null) throw noCluster(cluster.name);
  if (plan.obstacles.length > 0) throw new KctlError(plan.obstacles);
  return new Set(Object.keys(receipt.former.members));
}
