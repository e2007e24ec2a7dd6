/** Takes back what `up` made of machines: what the receipt lists, but for what other clusters on them use. */
import { KctlError, faultsOf } from "../fault.ts";
import { historyPath } from "../hosts/ssh/history.ts";
import type { Host, MachineHands } from "../hosts/host.ts";
import type { ObservedMachine } from "../plan/observed.ts";
import { readableReceipt, type Receipt } from "../plan/receipt.ts";
import { javaLink } from "../services/machine.ts";
import { writeHosts } from "./write-hosts.ts";
import { withoutBlock } from "../render/hosts-block.ts";
import { mountUnitName } from "../render/mount-unit.ts";
import type { MachinePlatform } from "../cluster/platform.ts";
import type { Context } from "./context.ts";
import type { LookedAt } from "./recorded-cluster.ts";

type Made = NonNullable<Receipt["machines"]>[string];

/**
 * @param keep folders of data that stay, by node; null: none does
 * @returns how many things were removed
 */
export async function unmakeMachines(
  machines: readonly LookedAt[],
  receipt: Receipt,
  {
    keep,
    platform,
  }: { readonly keep: ReadonlyMap<string, readonly string[]> | null; readonly platform: MachinePlatform | null },
  context: Context,
): Promise<number> {
  // One that fails does not leave the others at work behind a lock that was given back.
  const ended = await Promise.allSettled(
    machines.map(async ({ host, wanted, seen }) => {
      const made = receipt.machines?.[host.node];
      if (platform === null || made === undefined || host.machine === undefined || seen.machine === undefined) return 0;
      const started = performance.now();
      const key = `remove ${host.node}`;
      const title = `take back what was made on ${host.node}${keep === null ? "" : ", but for its data"}`;
      context.emit({ type: "change-started", key, title, node: host.node });
      const data = new Set(keep?.get(host.node));
      const count = await unmake(
        { host, hands: host.machine, seen: seen.machine, sysctl: wanted.machine?.sysctl ?? {} },
        made,
        receipt.cluster,
        data,
        platform,
      );
      const seconds = (performance.now() - started) / 1000;
      context.emit({ type: "change-done", key, title, seconds, node: host.node });
      return count;
    }),
  );
  const failures = ended.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new KctlError(failures.flatMap(faultsOf));
  return ended.reduce((sum, one) => sum + (one.status === "fulfilled" ? one.value : 0), 0);
}

type At = {
  readonly host: Host;
  readonly hands: MachineHands;
  readonly seen: ObservedMachine;
  /** What kctl sets of the kernel's settings. */
  readonly sysctl: Readonly<Record<string, string>>;
};

/** @param data folders that stay */
async function unmake(
  { host, hands, seen, sysctl }: At,
  made: Made,
  cluster: string,
  data: ReadonlySet<string>,
  platform: MachinePlatform,
): Promise<number> {
  const others = Object.values(seen.otherReceipts).map(readableReceipt);
  // One that cannot be read may be of a cluster that uses anything.
  const isOthers = (folder: string): boolean =>
    others.some(
      (other) =>
        other === null || Object.values(other.machines ?? {}).some(({ software }) => software.includes(folder)),
    );
  const mounts = platform.roots
    .map((mountPoint) => ({ mountPoint, unit: mountUnitName(mountPoint) }))
    .filter(({ unit }) => made.units.includes(unit));
  const isMount = (name: string): boolean => mounts.some(({ unit }) => unit === name);
  for (const unit of made.units) if (!isMount(unit)) await hands.quietUnit(unit);
  await Promise.all(made.units.map((unit) => hands.disableUnit(unit)));
  const keeps = [...data].map((path) => `${path}/`);
  const files = made.files.filter((path) => !keeps.some((folder) => path.startsWith(folder)));
  // Those that hold the receipt, or what others put there, go with it where they are empty.
  const folders = made.folders.filter(
    (path) => !platform.roots.includes(path) && ![...data].some((kept) => kept === path || kept.startsWith(`${path}/`)),
  );
  const software = made.software.filter((folder) => !isOthers(folder));
  await Promise.all([
    ...files.map((path) => host.removeFile(path)),
    hands.reloadUnits(),
    ...folders.toSorted(deepestFirst).map((path) => host.removeTree(path)),
    hands.removeSoftware(software),
    hands.removeLink(javaLink(platform)),
  ]);
  for (const volume of mounts) {
    if (data.size === 0) await host.removeFile(historyPath(cluster));
    await hands.unmountVolume(volume);
    // Nothing of kctl's may come to lie in the folder that a mount would hide again.
    await hands.removeIfEmpty([volume.mountPoint]);
  }
  const content = seen.hostsFile === null ? null : withoutBlock(seen.hostsFile, cluster);
  if (content !== null && content !== seen.hostsFile)
    await writeHosts(hands, { former: seen.hostsFile, content }, { node: host.node, command: "destroy" });
  // Another cluster's servers may run on a Java that this one installed: they go with the last cluster, as the user does.
  const packages = others.length === 0 ? named(made, "package ") : [];
  if (packages.length > 0) await hands.removePackages(packages);
  // One that somebody else has set since stays.
  const settings = (others.length === 0 ? named(made, "sysctl ") : [])
    .map(nameAndValue)
    .filter(([name]) => sysctl[name] === undefined || sysctl[name] === seen.sysctl[name]);
  if (settings.length > 0) await hands.setSysctls(Object.fromEntries(settings));
  const goes = named(made, "user ").length > 0 && others.length === 0 && data.size === 0;
  if (goes) await hands.removeUser();
  return files.length + folders.length + software.length + packages.length + settings.length + (goes ? 1 : 0);
}

function nameAndValue(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
}

const deepestFirst = (a: string, b: string): number => b.split("/").length - a.split("/").length;

function named({ made }: Made, kind: string): readonly string[] {
  return made.flatMap((what) => (what.startsWith(kind) ? [what.slice(kind.length)] : []));
}
