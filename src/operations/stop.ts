/**
 * Stops a whole cluster in order, and keeps all of its data: brokers all at once, then controllers or ZooKeeper servers, which the
 * brokers need to the end. Nothing is killed: a server that takes longer is left to go on stopping.
 */
import { KctlError } from "../fault.ts";
import { parseReceipt } from "../plan/receipt.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import { openCluster } from "./open-cluster.ts";
import { inHistory } from "./in-history.ts";
import { lookAtAll, recordedCluster, staysOn } from "./recorded-cluster.ts";
import { runningServers, stopServers, type End } from "./stop-servers.ts";
import { mustReachAll } from "./survey.ts";

export type StopResult = { readonly cluster: string; readonly changed: number };

/** @param options.machines the machines that kctl made are stopped as well */
export async function stop(
  given: Context,
  { yes, machines }: { readonly yes: boolean; readonly machines: boolean },
): Promise<StopResult> {
  const { spec, provider } = await openCluster(given);
  if (machines && provider.fleet === null) throw noMachines("stop");
  return inHistory({ provider, command: "stop", context: given }, async (context) => {
    const text = await provider.readReceipt();
    const recorded = await recordedCluster(spec, provider, text === null ? null : parseReceipt(text));
    const { looked, unreachable } = await lookAtAll(recorded, provider, context.signal);
    const servers = runningServers(looked);
    if (servers.length > 0 && !yes) {
      const names = servers.map(({ process }) => process.key).join(", ");
      await confirm(`${staysOn({ unreachable })}This stops ${names}; the data stays. Go on? [y/N] `, "y", context);
    }
    const changed = await stopServers(servers, inOrder(context.signal), context);
    mustReachAll({ unreachable });
    const off = machines ? ((await provider.fleet?.stop(provider.fleet.machines().map(({ node }) => node))) ?? 0) : 0;
    return { cluster: spec.name, changed: changed + off };
  });
}

/** Machines that are the user's own are not kctl's to switch off. */
export function noMachines(command: string): KctlError {
  return new KctlError({
    code: "usage",
    what: `--machines is for machines that kctl made in EC2`,
    fix: `leave it out: \`kctl ${command}\` does the servers`,
  });
}

/** As long as an orderly stop may take, and never by force: a broker that is killed reads all its logs through at the next start. */
function inOrder(signal: AbortSignal): End {
  return async (host, running, { key, node, log, stopSeconds }) => {
    const late = AbortSignal.timeout(stopSeconds * 1000);
    try {
      await host.stop(running, Infinity, AbortSignal.any([signal, late]));
    } catch (error) {
      if (!late.aborted || signal.aborted) throw error;
      throw new KctlError(
        {
          code: "timeout",
          node,
          where: log,
          what: `${key} (process ${running.pid}) was told to stop ${stopSeconds} s ago, and has not ended yet`,
          fix: "it goes on stopping: see its log, and run `kctl stop` again, which waits for it",
        },
        { cause: error },
      );
    }
  };
}
