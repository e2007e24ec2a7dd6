/** Removes all that `up` made, and nothing else: what the receipt lists, servers first. */
import type { Member } from "../cluster/cluster.ts";
import { KctlError } from "../fault.ts";
import type { Host } from "../hosts/host.ts";
import { parseReceipt } from "../plan/receipt.ts";
import type { Provider } from "../providers/provider.ts";
import type { Spec } from "../spec/schema.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import { openCluster } from "./open-cluster.ts";
import { keepLogs } from "./keep-logs.ts";
import { inHistory } from "./in-history.ts";
import { lookAtAll, recordedCluster, staysOn } from "./recorded-cluster.ts";
import { runningServers, stopServers, type End } from "./stop-servers.ts";
import { mustReachAll } from "./survey.ts";
import { unmakeMachines } from "./unmake-machine.ts";

export type DestroyResult = {
  readonly cluster: string;
  readonly changed: number;
  /** Where data was kept; empty without --keep-data. */
  readonly kept: readonly string[];
  /** What lies among kctl's things and is not kctl's. */
  readonly left: readonly string[];
  /** Archives of the servers' logs; empty without --keep-logs. */
  readonly logs: readonly string[];
};

type DestroyOptions = { readonly yes: boolean; readonly keepData: boolean; readonly keepLogs: string | null };

export async function destroy(given: Context, options: DestroyOptions): Promise<DestroyResult> {
  const { spec, provider } = await openCluster(given);
  if (spec.protected)
    throw new KctlError({
      code: "protected",
      what: `${spec.name} is protected: \`protected: true\` stands in its spec`,
      fix: "take it out of the spec first",
    });
  if (!options.yes && given.ask === null)
    throw new KctlError({
      code: "confirmation-needed",
      what: "destroy removes the cluster's data, and there is no terminal to ask on",
      fix: "add --yes",
    });
  return inHistory({ provider, command: "destroy", context: given }, async (context) => {
    if (provider.fleet !== null) return destroyFleet(spec, provider, provider.fleet, options, context);
    const text = await provider.readReceipt();
    if (text === null) await mustBeNothing(spec, provider, context);
    if (text === null) return { cluster: spec.name, changed: 0, kept: [], left: [], logs: [] };
    const receipt = parseReceipt(text);
    const recorded = await recordedCluster(spec, provider, receipt);
    const { looked, unreachable } = await lookAtAll(recorded, provider, context.signal);
    const members = recorded.cluster.members.filter(({ node }) => !unreachable.has(node));
    const data = members.map(({ folders }) => folders.data);
    if (!options.yes)
      await confirm(staysOn({ unreachable }) + question(spec.name, data, options.keepData), spec.name, context);
    // What servers write as they stop is worth the most.
    const stopped = await stopServers(
      runningServers(looked),
      endFor(options.keepData || options.keepLogs !== null, context.signal),
      context,
    );
    const logs = options.keepLogs === null ? [] : await keepLogs(members, options.keepLogs, provider, context);
    const machines = looked.filter(({ wanted }) => wanted.machine !== undefined);
    const hosts = new Map(looked.filter((one) => !machines.includes(one)).map(({ host }) => [host.node, host]));
    const removed =
      (await removeAll(members, hosts, options.keepData, context)) +
      (await unmakeMachines(
        machines,
        receipt,
        { keep: options.keepData ? dataOf(members) : null, platform: provider.platform.machine },
        context,
      ));
    // The receipt of one that was out of reach lies there still: once it is back, this goes on where it was.
    if (options.keepData) mustReachAll({ unreachable });
    if (options.keepData) return { cluster: spec.name, changed: stopped + removed, kept: data, left: [], logs };
    const left = await provider.tidy(members);
    await provider.removeReceipt();
    mustReachAll({ unreachable });
    return { cluster: spec.name, changed: stopped + removed + 1, kept: [], left, logs };
  });
}

function dataOf(members: readonly Member[]): ReadonlyMap<string, readonly string[]> {
  const byNode = Map.groupBy(members, ({ node }) => node);
  return new Map([...byNode].map(([node, its]) => [node, its.map(({ folders }) => folders.data)]));
}

/**
 * Machines that kctl made go whole, by their tag alone: what lies on them need not be taken back, nor even be reached. Only where data
 * or logs are kept are their servers stopped in order.
 */
async function destroyFleet(
  spec: Spec,
  provider: Provider,
  fleet: NonNullable<Provider["fleet"]>,
  { yes, keepData, keepLogs: logsFolder }: DestroyOptions,
  context: Context,
): Promise<DestroyResult> {
  await fleet.look();
  const ends = fleet.expires();
  if (keepData && ends !== null)
    throw new KctlError({
      code: "usage",
      where: "--keep-data",
      what: `${spec.name} ends itself at ${ends}, and its data volumes go with their machines`,
      fix: "leave --keep-data out",
    });
  const data = fleet.data();
  const machines = fleet.machines();
  if (!yes && machines.length + data.length > 0) {
    const which = machines.map(({ node, id, type }) => `  ${node} (${id}, ${type})\n`).join("");
    const begin = `This terminates the machines of ${spec.name}:\n${which}`;
    const what = keepData ? `Their data volumes stay:\n` : "and deletes their data:\n";
    await confirm(
      `${begin}${what}${data.map((line) => `  ${line}\n`).join("")}Type the cluster's name to go on: `,
      spec.name,
      context,
    );
  }
  let logs: readonly string[] = [];
  let stopped = 0;
  if (keepData || logsFolder !== null) {
    const text = await provider.readReceipt();
    const recorded = await recordedCluster(spec, provider, text === null ? null : parseReceipt(text));
    const absent = fleet.absent();
    const { looked, unreachable } = await lookAtAll(recorded, provider, context.signal);
    // What cannot be stopped in order is not ended as if it had been: its last records may be in memory only.
    if (keepData) mustReachAll({ unreachable });
    stopped = await stopServers(runningServers(looked), endFor(true, context.signal), context);
    const members = recorded.cluster.members.filter(({ node }) => !unreachable.has(node) && !absent.has(node));
    if (logsFolder !== null) logs = await keepLogs(members, logsFolder, provider, context);
  }
  const { removed, kept } = await fleet.destroy({ keepData });
  return { cluster: spec.name, changed: stopped + removed, kept, left: [], logs };
}

/** Without a receipt nothing is removed; but then what `up` made must not be taken for gone. */
async function mustBeNothing(spec: Spec, provider: Provider, { signal }: Context): Promise<void> {
  const { cluster, desired } = await recordedCluster(spec, provider, null);
  const { looked, unreachable } = await lookAtAll({ desired }, provider, signal);
  mustReachAll({ unreachable });
  const there = cluster.members.filter(({ key, folders }) =>
    looked.some(
      ({ seen }) =>
        seen.processes[key]?.state === "running" ||
        Object.values(folders).some((path) => seen.folders[path]?.kind === "folder"),
    ),
  );
  if (there.length === 0) return;
  throw new KctlError({
    code: "receipt-unreadable",
    what: `the receipt of ${spec.name} is gone, and what it listed is there: ${there.map(({ key }) => key).join(", ")}`,
    fix: "run `kctl up`, which writes the receipt anew from what it finds, then this again",
  });
}

function question(name: string, data: readonly string[], keepData: boolean): string {
  const what = keepData
    ? "The data stays."
    : `This removes the cluster ${name} and its data:\n${data.map((path) => `  ${path}\n`).join("")}`;
  return `${what}\nType the cluster's name to go on: `;
}

/** Data that is kept is worth an orderly end; where it goes anyway, there is nothing to wait for. */
function endFor(keepData: boolean, signal: AbortSignal): End {
  return (host, running, { stopSeconds }) => host.stop(running, keepData ? stopSeconds : 0, signal);
}

async function removeAll(
  members: readonly Member[],
  hosts: ReadonlyMap<string, Host>,
  keepData: boolean,
  context: Context,
): Promise<number> {
  const counts = await Promise.all(
    members.map(async ({ node, key, folders }) => {
      const host = hosts.get(node);
      if (host === undefined) return 0;
      const { data, ...others } = folders;
      const paths = keepData ? Object.values(others) : [...Object.values(others), data];
      await Promise.all(paths.map((path) => host.removeTree(path)));
      context.emit({
        type: "change-done",
        key: `remove ${key}`,
        title: `remove ${key}${keepData ? " but for its data" : ""}`,
        seconds: 0,
        node,
      });
      return paths.length;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
