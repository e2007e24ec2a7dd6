/** The way in of commands that speak with Kafka alone: where its brokers are reached from here. */
import { membersOf, type Cluster } from "../cluster/cluster.ts";
import { noKnownIds } from "../cluster/known-ids.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import { KctlError } from "../fault.ts";
import type { Address } from "../kafka/address.ts";
import { knownIdsOf, parseReceipt, type Receipt } from "../plan/receipt.ts";
import { openProvider } from "../providers/open-provider.ts";
import { platformOf } from "../providers/platform.ts";
import type { Provider } from "../providers/provider.ts";
import type { Spec } from "../spec/schema.ts";
import { addressOf } from "./ask-kafka.ts";
import type { Context } from "./context.ts";
import { openSpec, type OpenCluster } from "./open-cluster.ts";

export type OpenKafka = {
  /** The cluster's. */
  readonly name: string;
  readonly spec: Spec;
  /** Of one that kctl does not manage it has no nodes. */
  readonly cluster: Cluster;
  readonly brokers: readonly { readonly id: number; readonly address: Address }[];
  readonly bootstrap: readonly Address[];
  /** null: kctl does not manage it. */
  readonly provider: Provider | null;
};

/** @throws KctlError `no-cluster` where none was made yet; of a cluster that kctl does not manage, why it lets nobody in */
export async function openKafka(context: Context): Promise<OpenKafka> {
  const { spec, folder } = await openSpec(context);
  if (spec.provider.type === "external") {
    const { openExternal } = await import("./open-external.ts");
    const cluster = resolveCluster(spec, platformOf(spec, folder), noKnownIds);
    const brokers = await openExternal(spec.name, spec.provider, folder, context);
    const bootstrap = brokers.map(({ address }) => address);
    return { name: spec.name, spec, cluster, brokers, bootstrap, provider: null };
  }
  const provider = await openProvider(spec, folder, context);
  const { cluster } = recordOf(await provider.readReceipt("soon"), { spec, provider });
  const brokers = membersOf(cluster, "broker").map((member) => ({ id: member.id, address: addressOf(member) }));
  return { name: cluster.name, spec, cluster, brokers, bootstrap: brokers.map(({ address }) => address), provider };
}

/** As its receipt numbers it. */
export async function clusterThere(open: OpenCluster): Promise<Cluster> {
  return (await recordThere(open)).cluster;
}

/** With the receipt itself, for what changes something. */
export async function recordThere(open: OpenCluster): Promise<Recorded> {
  return recordOf(await open.provider.readReceipt(), open);
}

type Recorded = { readonly cluster: Cluster; readonly receipt: Receipt };

function recordOf(text: string | null, { spec, provider }: OpenCluster): Recorded {
  if (text === null)
    throw new KctlError({
      code: "no-cluster",
      what: `there is no cluster ${spec.name} here`,
      fix: "bring it up first: `kctl up`",
    });
  const receipt = parseReceipt(text);
  return { cluster: resolveCluster(spec, provider.platform, knownIdsOf(receipt)), receipt };
}
