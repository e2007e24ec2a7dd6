/** What a spec wants of its machines, given what is known of the cluster so far. */
import { softwareFolder } from "../artifacts/cache.ts";
import { classArchivePath, hasClassArchives } from "../artifacts/class-archive.ts";
import type { Cluster, Role } from "../cluster/cluster.ts";
import { admit } from "../cluster/joining.ts";
import { noKnownIds, type KnownIds } from "../cluster/known-ids.ts";
import type { MachinePlatform } from "../cluster/platform.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import type { KctlError } from "../fault.ts";
import { identityOf, knownIdsOf, type Receipt } from "../plan/receipt.ts";
import { withRetired } from "../plan/software-removals.ts";
import type { Provider } from "../providers/provider.ts";
import type { DesiredState, JavaArtifact } from "../services/desired.ts";
import { desiredState } from "../services/desired-state.ts";
import { javaLink, softwareOn } from "../services/machine.ts";
import { templateNames, type Identity, type ServiceContext } from "../services/service.ts";
import type { Spec } from "../spec/schema.ts";
import { readTemplate } from "../templates.ts";
import type { FreshId } from "./fresh-id.ts";

export type Wanted = { readonly cluster: Cluster; readonly desired: DesiredState; readonly identity: Identity };

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
    const state = withRetired(
      receipt,
      desiredState({
        cluster,
        platform,
        java: machine === null ? java.executable : javaOn(machine).executable,
        software,
        classArchive,
        templates: texts,
        identity,
      }),
    );
    const artifacts = java.temurin === null || machine !== null ? state.artifacts : [...state.artifacts, java.temurin];
    return { cluster, desired: { ...state, artifacts }, identity };
  };
}

/** On machines of their own servers run what a link of the cluster's leads to. */
export function javaOn(machine: MachinePlatform): ServerJava {
  const home = javaLink(machine);
  return { home, executable: `${home}/bin/java`, temurin: null, major: null, missing: null };
}
