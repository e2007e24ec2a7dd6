/** The way in of commands that speak with Kafka alone: where its brokers are reached from here. */
import type { Cluster } from "../cluster/cluster.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import { KctlError } from "../fault.ts";
import type { Address } from "../kafka/address.ts";
import { knownIdsOf, parseReceipt, type Receipt } from "../plan/receipt.ts";
import type { Spec } from "../spec/schema.ts";
import { clientAddresses } from "./client-addresses.ts";
import type { Context } from "./context.ts";
import { openCluster, type OpenCluster } from "./open-cluster.ts";

export type OpenKafka = {
  /** The cluster's. */
  readonly name: string;
  readonly spec: Spec;
  readonly cluster: Cluster;
  readonly bootstrap: readonly Address[];
};

/** @throws KctlError `no-cluster` where none was made yet */
export async function openKafka(context: Context): Promise<OpenKafka> {
  const open = await openCluster(context);
  const cluster = await clusterThere(open);
  return { name: cluster.name, spec: open.spec, cluster, bootstrap: clientAddresses(cluster) };
}

/** As its receipt numbers it. */
export async function clusterThere(open: OpenCluster): Promise<Cluster> {
  return (await recordThere(open)).cluster;
}

/** With the receipt itself, for what changes something. */
export async function recordThere({
  spec,
  provider,
}: OpenCluster): Promise<{ readonly cluster: Cluster; readonly receipt: Receipt }> {
  const text = await provider.readReceipt();
  if (text === null)
    throw new KctlError({
      code: "no-cluster",
      what: `there is no cluster ${spec.name} here`,
      fix: "bring it up first: `kctl up`",
    });
  const receipt = parseReceipt(text);
  return { cluster: resolveCluster(spec, provider.platform, knownIdsOf(receipt)), receipt };
}
