/** Looks at the world once and plans: what is wanted, what is there, and the difference. Reads only. */
import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { archivePath, cacheFolder, softwareFolder } from "../artifacts/cache.ts";
import { isClassArchiveReady } from "../artifacts/class-archive.ts";
import { isReady } from "../artifacts/ready.ts";
import { membersOf, type Cluster, type Role } from "../cluster/cluster.ts";
import { noKnownIds, type KnownIds } from "../cluster/known-ids.ts";
import type { Host } from "../hosts/host.ts";
import type { CloudPlan } from "../ec2/cloud-changes.ts";
import { freshHost } from "../plan/fresh-host.ts";
import { kafkaChanges } from "../plan/kafka-changes.ts";
import { makePlan, type Plan } from "../plan/make-plan.ts";
import { hasRun } from "../plan/obstacles.ts";
import type { ObservedHost, ObservedState } from "../plan/observed.ts";
import { addedByOthers, nextReceipt, parseReceipt, type Receipt } from "../plan/receipt.ts";
import { recordOfVolume } from "../plan/volume-steps.ts";
import type { MachinePlatform } from "../cluster/platform.ts";
import type { Provider } from "../providers/provider.ts";
import { softwareOn } from "../services/machine.ts";
import { KctlError } from "../fault.ts";
import type { DesiredState } from "../services/desired.ts";
import type { Spec } from "../spec/schema.ts";
import type { Context } from "./context.ts";
import { idAfterUp, type FreshId } from "./fresh-id.ts";
import { observedKafka, questions } from "./observe-kafka.ts";
import { readReceipt } from "./read-receipt.ts";
import { javaOn, pastOf, wantedBy, type Past, type ServerJava, type Want, type Wanted } from "./wanted.ts";

export type Survey = {
  readonly provider: Provider;
  readonly cache: string;
  readonly mirror: string | null;
  readonly java: ServerJava;
  /** Where Kafka is unpacked: its bin/ has the tools that people reach for. */
  readonly kafkaFolder: string;
  readonly cluster: Cluster;
  readonly desired: DesiredState;
  readonly observed: ObservedState;
  readonly receipt: { readonly former: Receipt | null; readonly next: Receipt };
  /** By node. */
  readonly hosts: ReadonlyMap<string, Host>;
  /** Why machines could not be looked at, by node. */
  readonly unreachable: ReadonlyMap<string, KctlError>;
  readonly plan: Plan;
};

function kafkaFolder(machine: MachinePlatform | null, cache: string, { kafka: { version } }: Spec): string {
  const artifact = { name: "kafka", version } as const;
  return machine === null ? softwareFolder(cache, artifact) : softwareOn(machine, artifact);
}

/** The cache that the cluster runs from, while what it runs is whole there; else the present one. */
async function cacheOf(
  spec: Spec,
  provider: Provider,
  former: Receipt | null,
  { env, platform, home }: Context,
): Promise<string> {
  const present = cacheFolder(env, platform, home);
  if (former === null || former.cache === present || provider.platform.machine !== null) return present;
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

type Look = (wanted: Wanted) => Promise<Seen>;
type Seen = { readonly wanted: Wanted } & LookedAtHosts;
type LookedAtHosts = Pick<Survey, "hosts" | "unreachable"> & {
  readonly seen: Readonly<Record<string, ObservedHost>>;
};

const nowhere: ReadonlySet<string> = new Set();

/** A machine that is not there yet is looked at as it will be when it comes. */
export async function lookAtHosts(
  { hosts: desired }: DesiredState,
  provider: Provider,
  signal: AbortSignal,
): Promise<LookedAtHosts> {
  const hosts = new Map(provider.hosts(desired.map(({ node }) => node)).map((host) => [host.node, host]));
  const unreachable = new Map<string, KctlError>();
  const absent = provider.fleet?.absent() ?? nowhere;
  const seen = await Promise.all(
    desired.map(async (host) => {
      if (absent.has(host.node)) return [host.node, freshHost(host)] as const;
      try {
        return [host.node, await hosts.get(host.node)?.look(host, signal)] as const;
      } catch (error) {
        if (!(error instanceof KctlError) || !provider.unreachable(error)) throw error;
        unreachable.set(host.node, error);
        return [host.node, undefined] as const;
      }
    }),
  );
  return {
    hosts,
    unreachable,
    seen: Object.fromEntries(seen.flatMap(([node, host]) => (host === undefined ? [] : [[node, host]]))),
  };
}

/** What is wanted now, and what is there of it: looked at again where the look itself changes what is wanted. */
async function wantedAndSeen(want: Want, look: Look, former: Receipt | null, tags: KnownIds): Promise<Seen> {
  let past = pastOf(former, tags);
  let looked = await look(want(past));
  const stored = pastInData(looked.wanted, looked.seen, past);
  if (stored !== null) {
    past = stored;
    const wanted = want(past);
    // Most often what is known now is recorded, and nothing else is wanted on any host.
    const asBefore = isDeepStrictEqual(wanted.desired.hosts, looked.wanted.desired.hosts);
    looked = asBefore ? { ...looked, wanted } : await look(wanted);
  }
  const { cluster, desired } = looked.wanted;
  const joining = membersOf(cluster, "zookeeper").filter(({ key }) => !Object.hasOwn(past.known.members, key));
  if (former === null || joining.length === 0 || !hasRun(desired, looked.seen)) return looked;
  looked = await look(want(past, 0));
  // The next one joins once those that did are as they should be.
  return isSettled(looked, "zookeeper") ? look(want(past, 1)) : looked;
}

function isSettled({ wanted: { desired }, seen }: Seen, role: Role): boolean {
  return desired.hosts.every(({ node, processes }) =>
    processes
      .filter((process) => process.role === role)
      .every(({ key, inputs }) => {
        const process = seen[node]?.processes[key];
        return process?.state === "running" && process.inputs === inputs;
      }),
  );
}

/** Servers of this machine run what is unpacked in the cache; to others the archive is sent, which is checked then. */
async function artifactsThere(cache: string, { artifacts, hosts }: DesiredState): Promise<Record<string, boolean>> {
  const isHere = hosts.some(({ machine }) => machine === undefined);
  const there = artifacts.map(async (artifact) => {
    const { name, version } = artifact;
    const ready = isHere ? await isReady(cache, artifact) : existsSync(archivePath(cache, artifact));
    return [`${name} ${version}`, ready] as const;
  });
  return Object.fromEntries(await Promise.all(there));
}

async function classArchivesThere(
  cache: string,
  { classArchives }: DesiredState,
  javaHome: string,
): Promise<Record<string, boolean>> {
  const there = classArchives.map(
    async (archive) => [archive.path, await isClassArchiveReady(cache, archive, javaHome)] as const,
  );
  return Object.fromEntries(await Promise.all(there));
}

function formattedVolume(
  { hosts }: Pick<DesiredState, "hosts">,
  name: string,
  seen: Readonly<Record<string, ObservedHost>>,
): readonly string[] {
  const volume = hosts.find(({ node }) => node === name)?.machine?.volume ?? null;
  const isFormatted = seen[name]?.machine?.volume?.device?.content.kind === "own";
  return volume !== null && isFormatted ? [recordOfVolume(volume)] : [];
}

/** For what depends on all machines: one that cannot be reached may run anything. */
export function mustReachAll({ unreachable }: Pick<Survey, "unreachable">): void {
  if (unreachable.size > 0) throw new KctlError([...unreachable.values()].flatMap(({ faults }) => faults));
}

/** Where there was a cluster already, its brokers are asked while its machines are looked at. */
async function lookAndAsk(
  want: Want,
  provider: Provider,
  former: Receipt | null,
  signal: AbortSignal,
  onLook: OnLook,
): Promise<Seen & { readonly kafka: ObservedState["kafka"] }> {
  const asking = questions(provider.fleet?.absent() ?? nowhere, Object.keys(former?.topics ?? {}), signal);
  const look: Look = async (wanted) => {
    if (former !== null) void asking.ask(wanted.cluster);
    onLook(wanted.cluster, former);
    return { wanted, ...(await lookAtHosts(wanted.desired, provider, signal)) };
  };
  try {
    const looked = await wantedAndSeen(want, look, former, provider.fleet?.ids() ?? noKnownIds);
    const { wanted, seen } = looked;
    if (!hasRun(wanted.desired, seen)) return { ...looked, kafka: { state: "new" } };
    return { ...looked, kafka: observedKafka(await asking.ask(wanted.cluster), seen) };
  } finally {
    asking.end();
  }
}

const nothingInTheCloud: CloudPlan = { changes: [], obstacles: [], refusals: [] };

/** Told before machines are looked at, and again where that changes what is wanted. */
type OnLook = (cluster: Cluster, former: Receipt | null) => void;

/** One look at everything, and the plan that follows from it. */
export async function survey(
  spec: Spec,
  provider: Provider,
  javaOf: (receipt: Receipt | null, cache: string) => Promise<ServerJava>,
  context: Context,
  fresh: FreshId = idAfterUp,
  onLook: OnLook = () => undefined,
): Promise<Survey> {
  const { signal } = context;
  const receiptFile = await readReceipt(provider);
  const former = receiptFile === null ? null : parseReceipt(receiptFile);
  const cache = await cacheOf(spec, provider, former, context);
  const { machine } = provider.platform;
  const java = machine === null ? await javaOf(former, cache) : javaOn(machine);
  const want = await wantedBy(spec, provider, java, cache, fresh);
  const { wanted, hosts, seen, unreachable, kafka } = await lookAndAsk(want, provider, former, signal, onLook);
  const { cluster, desired, identity } = wanted;
  const cloud = provider.fleet?.plan(cluster) ?? nothingInTheCloud;
  // What was not seen is not planned for.
  const looked = { ...desired, hosts: desired.hosts.filter(({ node }) => !unreachable.has(node)) };
  const [artifacts, classArchives] = await Promise.all([
    artifactsThere(cache, desired),
    classArchivesThere(cache, desired, java.home),
  ]);
  const receiptBehind = provider.receiptBehind();
  const observed: ObservedState = { hosts: seen, artifacts, classArchives, receipt: receiptFile, receiptBehind, kafka };
  const changes = kafkaChanges({ cluster, desired, kafka, former });
  const stored = Object.fromEntries(Object.values(seen).flatMap(({ identities }) => Object.entries(identities)));
  const made = { java: java.home, cache: machine === null ? cache : machine.software, identity };
  const inherited = Object.fromEntries(
    cluster.nodes.map(({ name, address }) => [
      name,
      [...addedByOthers(address, seen[name]?.machine?.otherReceipts ?? {}), ...formattedVolume(looked, name, seen)],
    ]),
  );
  const next = nextReceipt({ cluster, desired: looked, made, stored, inherited, seen, kafka: changes.receipt }, former);
  const receipt = { former, next };
  return {
    provider,
    cache,
    mirror: spec.artifacts?.mirror ?? null,
    java,
    kafkaFolder: kafkaFolder(machine, cache, spec),
    ...wanted,
    hosts,
    unreachable,
    observed,
    receipt,
    plan: makePlan({
      root: provider.platform.root,
      cluster,
      desired: looked,
      observed,
      receipt,
      kafka: changes,
      cloud,
    }),
  };
}
