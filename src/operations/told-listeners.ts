/** The way in of commands that need to know what clients are told, and no more: no machine is asked where the spec says it all. */
import { clientListeners, type ClientListener, type ListenerName } from "../cluster/client-listeners.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { isKnown } from "../cluster/known-after-up.ts";
import { noKnownIds, type KnownIds } from "../cluster/known-ids.ts";
import type { Platform } from "../cluster/platform.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import { KctlError } from "../fault.ts";
import { knownIdsOf, parseReceipt } from "../plan/receipt.ts";
import { openProvider } from "../providers/open-provider.ts";
import { platformOf } from "../providers/platform.ts";
import type { Spec } from "../spec/schema.ts";
import type { Context } from "./context.ts";
import { readSpec } from "./read-spec.ts";

export type Told = {
  readonly spec: Spec;
  readonly cluster: Cluster;
  readonly listeners: readonly ClientListener[];
};

export async function toldListeners(context: Context): Promise<Told> {
  const { spec, warnings, folder } = await readSpec(context);
  for (const fault of warnings) context.emit({ type: "warning", fault });
  const { platform, ids } = await knownOf(spec, folder, context);
  const listeners = clientListeners(spec, platform, ids);
  if (!listeners.every(({ brokers }) => brokers.every(({ host, behind }) => isKnown(host) && isKnown(behind))))
    throw new KctlError({
      code: "no-cluster",
      what: `there are not all machines of ${spec.name} yet, so nobody knows the addresses that clients will be told`,
      fix: "bring it up first: `kctl up`",
    });
  return { spec, cluster: resolveCluster(spec, platform, ids), listeners };
}

/** Ids count where ports come from them, which is on this machine; addresses are EC2's to tell where kctl makes the machines. */
async function knownOf(
  spec: Spec,
  folder: string,
  context: Context,
): Promise<{ readonly platform: Platform; readonly ids: KnownIds }> {
  if (spec.provider.type === "ssh") return { platform: platformOf(spec, folder), ids: noKnownIds };
  const provider = await openProvider(spec, folder, context);
  if (provider.fleet !== null) {
    await provider.fleet.look();
    return { platform: provider.platform, ids: provider.fleet.ids() };
  }
  const receipt = await provider.readReceipt();
  return { platform: provider.platform, ids: receipt === null ? noKnownIds : knownIdsOf(parseReceipt(receipt)) };
}

/** @throws KctlError `usage` where clients outside have none */
export function theListener({ spec, listeners }: Told, name: ListenerName): ClientListener {
  const found = listeners.find((listener) => listener.name === name);
  if (found !== undefined) return found;
  throw new KctlError({
    code: "usage",
    what: `${spec.name} has no listener for clients outside`,
    fix: "add `kafka: { external: {} }` to the spec and run `kctl up`, or leave out --external",
  });
}
