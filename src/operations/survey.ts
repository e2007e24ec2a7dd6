/** Looks at the world once and plans: what is wanted, what is there, and the difference. Reads only. */
import { cacheFolder, softwareFolder } from "../artifacts/cache.ts";
import { isReady } from "../artifacts/ready.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { KnownIds } from "../cluster/known-ids.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import type { Host } from "../hosts/host.ts";
import { makePlan, type Plan } from "../plan/make-plan.ts";
import type { ObservedHost, ObservedState } from "../plan/observed.ts";
import { knownIdsOf, nextReceipt, parseReceipt, type Receipt } from "../plan/receipt.ts";
import type { Provider } from "../providers/provider.ts";
import type { DesiredState } from "../services/desired.ts";
import { desiredState } from "../services/desired-state.ts";
import { templateNames, type ServiceContext } from "../services/service.ts";
import type { Spec } from "../spec/schema.ts";
import { readTemplate } from "../templates.ts";
import type { Context } from "./context.ts";

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

export type Wanted = Pick<Survey, "cluster" | "desired">;

/** Which Java the servers run on: its home, and the program itself. */
export type ServerJava = { readonly home: string; readonly executable: string };

async function templates(): Promise<ServiceContext["templates"]> {
  const texts = await Promise.all(templateNames.map(async (name) => [name, await readTemplate(name)] as const));
  return Object.fromEntries(texts) as ServiceContext["templates"];
}

/** What the spec wants, given the ids that are known. */
export async function wantedBy(
  spec: Spec,
  provider: Provider,
  java: string,
  cache: string,
): Promise<(known: KnownIds) => Wanted> {
  const texts = await templates();
  return (known) => {
    const cluster = resolveCluster(spec, provider.platform, known);
    const software: ServiceContext["software"] = (artifact) => softwareFolder(cache, artifact);
    return {
      cluster,
      desired: desiredState({ cluster, platform: provider.platform, java, software, templates: texts }),
    };
  };
}

/** The cache that the cluster runs from, while what it runs is whole there; else the present one. */
async function cacheOf(spec: Spec, former: Receipt | null, { env, platform, home }: Context): Promise<string> {
  const present = cacheFolder(env, platform, home);
  if (former === null || former.cache === present) return present;
  return (await isReady(former.cache, { name: "kafka", version: spec.kafka.version })) ? former.cache : present;
}

/** Ids that data folders hold and the receipt does not: a receipt was lost, or data was kept by `destroy`. */
function storedIds(wanted: Wanted, hosts: Readonly<Record<string, ObservedHost>>, known: KnownIds): KnownIds | null {
  const found = wanted.cluster.members.flatMap(({ key, node, id }) => {
    const stored = hosts[node]?.identities[key]?.id;
    return stored === undefined || stored === null || stored === id || Object.hasOwn(known.members, key)
      ? []
      : [[key, stored] as const];
  });
  return found.length === 0 ? null : { ...known, members: { ...known.members, ...Object.fromEntries(found) } };
}

/** One look at everything, and the plan that follows from it. */
export async function survey(
  spec: Spec,
  provider: Provider,
  javaOf: (receipt: Receipt | null) => Promise<ServerJava>,
  context: Context,
): Promise<Survey> {
  const receiptFile = await provider.readReceipt();
  const former = receiptFile === null ? null : parseReceipt(receiptFile);
  const [java, cache] = await Promise.all([javaOf(former), cacheOf(spec, former, context)]);
  const want = await wantedBy(spec, provider, java.executable, cache);
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
  const known = knownIdsOf(former);
  let wanted = want(known);
  let looked = await look(wanted);
  const stored = storedIds(wanted, looked.observed.hosts, known);
  if (stored !== null) {
    wanted = want(stored);
    looked = await look(wanted);
  }
  const receipt = { former, next: nextReceipt(wanted.cluster, wanted.desired, { java: java.home, cache }, former) };
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
