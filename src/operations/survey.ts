/** Looks at the world once and plans: what is wanted, what is there, and the difference. Reads only. */
import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { archivePath, cacheFolder, softwareFolder } from "../artifacts/cache.ts";
import { classArchivePath, hasClassArchives, isClassArchiveReady } from "../artifacts/class-archive.ts";
import { isReady } from "../artifacts/ready.ts";
import { membersOf, type Cluster, type Role } from "../cluster/cluster.ts";
import { admit } from "../cluster/joining.ts";
import { noKnownIds, type KnownIds } from "../cluster/known-ids.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import type { Host } from "../hosts/host.ts";
import type { CloudPlan } from "../ec2/cloud-changes.ts";
import { freshHost } from "../plan/fresh-host.ts";
import { kafkaChanges } from "../plan/kafka-changes.ts";
import { makePlan, type Plan } from "../plan/make-plan.ts";
import { hasRun } from "../plan/obstacles.ts";
import type { ObservedHost, ObservedState } from "../plan/observed.ts";
import { addedByOthers, identityOf, knownIdsOf, nextReceipt, parseReceipt, type Receipt } from "../plan/receipt.ts";
import { recordOfVolume } from "../plan/volume-steps.ts";
import type { MachinePlatform } from "../cluster/platform.ts";
import type { Provider } from "../providers/provider.ts";
import { javaLink, softwareOn } from "../services/machine.ts";
import { KctlError } from "../fault.ts";
import type { DesiredState, JavaArtifact } from "../services/desired.ts";
import { desiredState } from "../services/desired-state.ts";
import { templateNames, type Identity, type ServiceContext } from "../services/service.ts";
import type { Spec } from "../spec/schema.ts";
import { readTemplate } from "../templates.ts";
import type { Context } from "./context.ts";
import { idAfterUp, type FreshId } from "./fresh-id.ts";
import { observeKafka } from "./observe-kafka.ts";
import { readReceipt } from "./read-receipt.ts";

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

/** On machines of their own servers run what a link of the cluster's leads to. */
function javaOn(machine: MachinePlatform): ServerJava {
  const home = javaLink(machine);
  return { home, executable: `${home}/bin/java`, temurin: null, major: null, missing: null };
}

function kafkaFolder(machine: MachinePlatform | null, cache: string, { kafka: { version } }: Spec): string {
  const artifact = { name: "kafka", version } as const;
  return machine === null ? softwareFolder(cache, artifact) : softwareOn(machine, artifact);
}

export type Wanted = Pick<Survey, "cluster" | "desired"> & { readonly identity: Identity };

/** Which Java the servers run on: its home, and the program itself. */
export type ServerJava = {
  readonly home: string;
  readonly executable: string;
  /** Where it is one of the cache's own, there or yet to be fetched. */
  readonly temurin: JavaArtifact | null;
  /** null where it is not known. */
  readonly major: number | null;
  /** Why it is to be fetched: none that is there fits. */
  readonly missing: KctlError | null;
};

async function templates(): Promise<ServiceContext["templates"]> {
  const texts = await Promise.all(templateNames.map(async (name) => [name, await readTemplate(name)] as const));
  return Object.fromEntries(texts) as ServiceContext["templates"];
}

/** What is known of a cluster's birth: from its receipt, or from its data where that was lost. */
export type Past = { readonly receipt: Receipt | null; readonly known: KnownIds; readonly clusterId: string | null };

/** @param tags what the machines' own tags say, where they have any: a receipt knows better */
export function pastOf(receipt: Receipt | null, tags: KnownIds = noKnownIds): Past {
  const { members, highest } = knownIdsOf(receipt);
  const all = { ...tags.highest, ...highest };
  for (const [role, id] of Object.entries(tags.highest) as [Role, number][]) all[role] = Math.max(all[role] ?? 0, id);
  return {
    receipt,
    known: { members: { ...tags.members, ...members }, highest: all },
    clusterId: receipt?.clusterId ?? null,
  };
}

/** Where archives of loaded classes lie, where the spec and the Java have them. */
export function classArchiveIn(
  spec: Spec,
  { quorum }: Cluster,
  { home, major }: Pick<ServerJava, "home" | "major">,
  cache: string,
): ServiceContext["classArchive"] {
  const wanted = spec.java?.archive !== false && hasClassArchives(major);
  return (artifact) => (wanted ? classArchivePath(cache, artifact, quorum, home) : null);
}

/** Makes what the spec wants, given what is known; `admitted`: how many ZooKeeper servers may join one that runs, null for all. */
export type Want = (past: Past, admitted?: number | null) => Wanted;

export async function wantedBy(
  spec: Spec,
  provider: Provider,
  java: Omit<ServerJava, "missing">,
  cache: string,
  fresh: FreshId,
): Promise<Want> {
  const texts = await templates();
  return ({ receipt, known, clusterId }, admitted = null) => {
    const all = resolveCluster(spec, provider.platform, known);
    const cluster = admitted === null ? all : admit(all, new Set(Object.keys(known.members)), admitted);
    const identity = identityOf(cluster, receipt, clusterId, fresh);
    const { platform } = provider;
    const { machine } = platform;
    const software: ServiceContext["software"] = (artifact) =>
      machine === null || artifact.name === "java" ? softwareFolder(cache, artifact) : softwareOn(machine, artifact);
    const classArchive = machine === null ? classArchiveIn(spec, cluster, java, cache) : () => null;
    const state = desiredState({
      cluster,
      platform,
      java: machine === null ? java.executable : javaOn(machine).executable,
      software,
      classArchive,
      templates: texts,
      identity,
    });
    const artifacts = java.temurin === null || machine !== null ? state.artifacts : [...state.artifacts, java.temurin];
    return { cluster, desired: { ...state, artifacts }, identity };
  };
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

const nothingInTheCloud: CloudPlan = { changes: [], obstacles: [], refusals: [] };

/** One look at everything, and the plan that follows from it. */
export async function survey(
  spec: Spec,
  provider: Provider,
  javaOf: (receipt: Receipt | null, cache: string) => Promise<ServerJava>,
  context: Context,
  fresh: FreshId = idAfterUp,
): Promise<Survey> {
  const { signal } = context;
  const receiptFile = await readReceipt(provider);
  const former = receiptFile === null ? null : parseReceipt(receiptFile);
  const cache = await cacheOf(spec, provider, former, context);
  const { machine } = provider.platform;
  const java = machine === null ? await javaOf(former, cache) : javaOn(machine);
  const want = await wantedBy(spec, provider, java, cache, fresh);
  const { wanted, hosts, seen, unreachable } = await wantedAndSeen(
    want,
    async (one) => ({ wanted: one, ...(await lookAtHosts(one.desired, provider, signal)) }),
    former,
    provider.fleet?.ids() ?? noKnownIds,
  );
  const { cluster, desired, identity } = wanted;
  const cloud = provider.fleet?.plan(cluster) ?? nothingInTheCloud;
  // What was not seen is not planned for.
  const looked = { ...desired, hosts: desired.hosts.filter(({ node }) => !unreachable.has(node)) };
  const topicNames = [...new Set([...cluster.topics.map(({ name }) => name), ...Object.keys(former?.topics ?? {})])];
  const [artifacts, classArchives, kafka] = await Promise.all([
    artifactsThere(cache, desired),
    classArchivesThere(cache, desired, java.home),
    hasRun(desired, seen) ? observeKafka(cluster, seen, topicNames, signal) : ({ state: "new" } as const),
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
  const next = nextReceipt({ cluster, desired: looked, made, stored, inherited, kafka: changes.receipt }, former);
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
