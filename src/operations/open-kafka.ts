/** The way in of commands that speak with Kafka alone: where its brokers are reached from here. */
import type { Cluster } from "../cluster/cluster.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import { KctlError } from "../fault.ts";
import type { Address } from "../kafka/address.ts";
import { knownIdsOf, parseReceipt } from "../plan/receipt.ts";
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
export async function clusterThere({ spec, provider }: OpenCluster): Promise<Cluster> {
  const receipt = await provider.readReceipt();
  if (receipt === null)
    throw new KctlError({
      code: "no-cluster",
      what: `there is no cluster ${spec.name} here`,
      fix: "bring it up first: `kctl up`",
    });
  return resolveCluster(spec, provider.platform, knownIdsOf(parseReceipt(receipt)));
}
