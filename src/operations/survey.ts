/** Looks at the world once and plans: what is wanted, what is there, and the difference. Reads only. */
import { cacheFolder, softwareFolder } from "../artifacts/cache.ts";
import { isReady } from "../artifacts/ready.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { KnownIds } from "../cluster/known-ids.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import type { Host } from "../hosts/host.ts";
import { makePlan, type Plan } from "../plan/make-plan.ts";
import type { ObservedHost, ObservedState } from "../plan/observed.ts";
import { identityOf, knownIdsOf, nextReceipt, parseReceipt, type Receipt } from "../plan/receipt.ts";
import type { Provider } from "../providers/provider.ts";
import type { DesiredState } from "../services/desired.ts";
import { desiredState } from "../services/desired-state.ts";
import { templateNames, type Identity, type ServiceContext } from "../services/service.ts";
import type { Spec } from "../spec/schema.ts";
import { readTemplate } from "../templates.ts";
import type { Context } from "./context.ts";
import { idAfterUp, type FreshId } from "./fresh-id.ts";

export type Survey = {
  readonly provider: Provider;
  readonly cache: string;
  readonly mirror: string | null;
  /** Where Kafka is unpacked: its bin/ has the tools that people reach for. */
  readonly kafkaFolder: string;
  readonly cluster: Cluster;
  readonly desired: DesiredState;
  readonly observed: ObservedState;
  readonly receipt: { readonly former: Receipt | null; readonly next: Receipt };
  /** By node. */
  readonly hosts: ReadonlyMap<string, Host>;
  readonly plan: Plan;
};

export type Wanted = Pick<Survey, "cluster" | "desired"> & { readonly identity: Identity };

/** Which Java the servers run on: its home, and the program itself. */
export type ServerJava = { readonly home: string; readonly executable: string };

async function templates(): Promise<ServiceContext["templates"]> {
  const texts = await Promise.all(templateNames.map(async (name) => [name, await readTemplate(name)] as const));
  return Object.fromEntries(texts) as ServiceContext["templates"];
}

/** What is known of a cluster's birth: from its receipt, or from its data where that was lost. */
export type Past = { readonly receipt: Receipt | null; readonly known: KnownIds; readonly clusterId: string | null };

export function pastOf(receipt: Receipt | null): Past {
  return { receipt, known: knownIdsOf(receipt), clusterId: receipt?.clusterId ?? null };
}

/** What the spec wants, given what is known. */
export async function wantedBy(
  spec: Spec,
  provider: Provider,
  java: string,
  cache: string,
  fresh: FreshId,
): Promise<(past: Past) => Wanted> {
  const texts = await templates();
  return ({ receipt, known, clusterId }) => {
    const cluster = resolveCluster(spec, provider.platform, known);
    const identity = identityOf(cluster, receipt, clusterId, fresh);
    const software: ServiceContext["software"] = (artifact) => softwareFolder(cache, artifact);
    const desired = desiredState({ cluster, platform: provider.platform, java, software, templates: texts, identity });
    return { cluster, desired, identity };
  };
}

/** The cache that the cluster runs from, while what it runs is whole there; else the present one. */
async function cacheOf(spec: Spec, former: Receipt | null, { env, platform, home }: Context): Promise<string> {
  const present = cacheFolder(env, platform, home);
  if (former === null || former.cache === present) return present;
  return (await isReady(former.cache, { name: "kafka", version: spec.kafka.version })) ? former.cache : present;
}

/** Ids that data folders hold and the receipt does not, because it was lost; null where there is nothing new. */
function pastInData(wanted: Wanted, hosts: Readonly<Record<string, ObservedHost>>, past: Past): Past | null {
  const { known } = past;
  const found = wanted.cluster.members.flatMap(({ key, node, id }) => {
    const stored = hosts[node]?.identities[key]?.id;
    return stored === undefined || stored === null || stored === id || Object.hasOwn(known.members, key)
      ? []
      : [[key, stored] as const];
  });
  const clusterIds = Object.values(hosts).flatMap(({ identities }) =>
    Object.values(identities).map((one) => one.clusterId),
  );
  const clusterId = past.clusterId ?? clusterIds.find((id) => id !== null) ?? null;
  if (found.length === 0 && clusterId === past.clusterId) return null;
  return { ...past, clusterId, known: { ...known, members: { ...known.members, ...Object.fromEntries(found) } } };
}

/** One look at everything, and the plan that follows from it. */
export async function survey(
  spec: Spec,
  provider: Provider,
  javaOf: (receipt: Receipt | null) => Promise<ServerJava>,
  context: Context,
  fresh: FreshId = idAfterUp,
): Promise<Survey> {
  const receiptFile = await provider.readReceipt();
  const former = receiptFile === null ? null : parseReceipt(receiptFile);
  const [java, cache] = await Promise.all([javaOf(former), cacheOf(spec, former, context)]);
  const want = await wantedBy(spec, provider, java.executable, cache, fresh);
  const look = async ({ desired }: Wanted): Promise<Pick<Survey, "hosts" | "observed">> => {
    const hosts = new Map(provider.hosts(desired.hosts.map(({ node }) => node)).map((host) => [host.node, host]));
    const [seen, artifacts] = await Promise.all([
      Promise.all(
        desired.hosts.map(async (host) => [host.node, await hosts.get(host.node)?.look(host, context.signal)] as const),
      ),
      Promise.all(
        desired.artifacts.map(
          async (artifact) => [`${artifact.name} ${artifact.version}`, await isReady(cache, artifact)] as const,
        ),
      ),
    ]);
    const observedHosts = Object.fromEntries(
      seen.flatMap(([node, host]) => (host === undefined ? [] : [[node, host]])),
    );
    return {
      hosts,
      observed: { hosts: observedHosts, artifacts: Object.fromEntries(artifacts), receipt: receiptFile },
    };
  };
  const past = pastOf(former);
  let wanted = want(past);
  let looked = await look(wanted);
  const stored = pastInData(wanted, looked.observed.hosts, past);
  if (stored !== null) {
    wanted = want(stored);
    looked = await look(wanted);
  }
  const receipt = {
    former,
    next: nextReceipt(wanted.cluster, wanted.desired, { java: java.home, cache, identity: wanted.identity }, former),
  };
  return {
    provider,
    cache,
    mirror: spec.artifacts?.mirror ?? null,
    kafkaFolder: softwareFolder(cache, { name: "kafka", version: spec.kafka.version }),
    ...wanted,
    ...looked,
    receipt,
    plan: makePlan({ root: provider.platform.root, ...wanted, observed: looked.observed, receipt }),
  };
}
