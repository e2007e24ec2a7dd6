/** Everything that can be known before `up`: all machines asked at the same time, all findings at once. Reads only. */
import { noKnownIds } from "../cluster/known-ids.ts";
import { resolveCluster } from "../cluster/resolve.ts";
import { KctlError, faultsOf, type Fault } from "../fault.ts";
import type { Finding } from "../preflight/finding.ts";
import { findings } from "../preflight/findings.ts";
import { pathsOf } from "../preflight/paths.ts";
import { askHosts, askThisMachine } from "./ask-facts.ts";
import type { Context } from "./context.ts";
import { openCluster, type OpenCluster } from "./open-cluster.ts";
import { serverJava, unknownJava } from "./server-java.ts";
import { survey, type Survey } from "./survey.ts";
import type { ServerJava } from "./wanted.ts";

export type Checked = {
  readonly cluster: string;
  readonly nodes: readonly string[];
  /** What findings are about that are about no node. */
  readonly place: string;
  readonly findings: readonly Finding[];
};

export async function check(context: Context): Promise<Checked> {
  const open = await openCluster(context);
  const { spec, provider } = open;
  const unseen = await faultsOfLook(provider, context);
  const { machine } = provider.platform;
  const cluster = resolveCluster(spec, provider.platform, noKnownIds);
  const nothing = { facts: new Map(), shared: null, paths: [], desired: [], observed: {} };
  const about = {
    cluster: cluster.name,
    nodes: cluster.nodes.map(({ name }) => name),
    place: provider.fleet === null ? "this machine" : "the account",
  };
  if (unseen.length > 0) return { ...about, findings: findings({ cluster, ...nothing, faults: unseen }) };
  // A machine that is still to be made cannot be asked.
  const absent = provider.fleet?.absent() ?? new Set<string>();
  const there = { ...cluster, nodes: cluster.nodes.filter(({ name }) => !absent.has(name)) };
  const paths = pathsOf(cluster, machine?.addresses ?? {}).filter(
    ({ from, to }) => !absent.has(from) && !absent.has(to),
  );
  const [looked, asked, shared] = await Promise.all([
    look(open, context),
    machine === null ? { facts: new Map(), faults: [] } : askHosts(provider, there, paths, context.signal),
    machine === null ? askThisMachine(provider, context) : null,
  ]);
  const { seen } = looked;
  const found = findings({
    cluster: seen?.cluster ?? cluster,
    facts: asked.facts,
    shared,
    paths,
    desired: seen?.desired.hosts ?? [],
    observed: seen?.observed.hosts ?? {},
    faults: [...looked.faults, ...asked.faults],
  });
  return { ...about, findings: [...looked.findings, ...found] };
}

/** Why nothing can be seen of the account that the machines are in. */
async function faultsOfLook({ fleet }: OpenCluster["provider"], { signal }: Context): Promise<readonly Fault[]> {
  try {
    await fleet?.look();
    return [];
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof KctlError)) throw error;
    return error.faults;
  }
}

type Looked = {
  /** null: it could not be had, which the faults tell of. */
  readonly seen: Survey | null;
  readonly faults: readonly Fault[];
  readonly findings: readonly Finding[];
};

async function look({ spec, provider }: OpenCluster, context: Context): Promise<Looked> {
  const about: Finding[] = [];
  const faults: Fault[] = [];
  // Without a Java there is still all else to see.
  const javaOf: Parameters<typeof survey>[2] = async (receipt, cache) => {
    try {
      const java = await serverJava(spec, receipt, cache, context);
      if (java.missing !== null) about.push(...java.missing.faults.map((fault) => toBeFetched(fault, java)));
      return java;
    } catch (error) {
      context.signal.throwIfAborted();
      faults.push(...faultsOf(error));
      return unknownJava;
    }
  };
  try {
    const seen = await survey(spec, provider, javaOf, context);
    const { obstacles, refusals, changes } = seen.plan;
    const unknown = [...seen.unreachable.values()].flatMap((error) => error.faults);
    const judged = await provider.fleet?.judge(seen.cluster, changes);
    return {
      seen,
      faults: [...faults, ...unknown, ...obstacles, ...refusals, ...(judged?.faults ?? [])],
      findings: [...about, ...(judged?.findings ?? [])],
    };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof KctlError)) throw error;
    return { seen: null, faults: [...faults, ...error.faults], findings: about };
  }
}

function toBeFetched({ what }: Fault, { temurin }: ServerJava): Finding {
  return {
    id: "java",
    node: null,
    level: "warning",
    what,
    measured: "none that fits",
    wanted: `Java ${temurin?.version ?? ""}`.trim(),
    fix: "nothing need be done where Adoptium can be reached: `kctl up` fetches a Temurin JRE into its cache",
  };
}
