/** What `up` sees to before it changes anything on machines that are new to the cluster: the errors of `kctl check`. */
import { isDeepStrictEqual } from "node:util";
import type { Cluster } from "../cluster/cluster.ts";
import type { Fault } from "../fault.ts";
import type { Receipt } from "../plan/receipt.ts";
import type { Finding } from "../preflight/finding.ts";
import { findings } from "../preflight/findings.ts";
import { pathsOf, type Path } from "../preflight/paths.ts";
import type { Provider } from "../providers/provider.ts";
import { askHosts, type FactsAsked } from "./ask-facts.ts";
import type { Survey } from "./survey.ts";

const nowhere: ReadonlySet<string> = new Set();

/** What machines that are new to the cluster say of themselves, asked while all of them are looked at. */
export type FactsQuestions = {
  readonly begin: (cluster: Cluster, former: Receipt | null) => void;
  /** Null, where nobody was to be asked. */
  readonly answers: (cluster: Cluster, former: Receipt | null) => Promise<Asked | null>;
  /** Nobody waits for the answers any more. */
  readonly end: () => void;
};

type Asked = FactsAsked & { readonly fresh: ReadonlySet<string>; readonly paths: readonly Path[] };

export function factsQuestions(provider: Provider, signal: AbortSignal): FactsQuestions {
  const ended = new AbortController();
  let last: { readonly cluster: Cluster; readonly asked: Promise<Asked | null> } | null = null;
  const answers: FactsQuestions["answers"] = (cluster, former) => {
    if (last !== null && isDeepStrictEqual(last.cluster, cluster)) return last.asked;
    const asked = askNewOnes(provider, cluster, former, AbortSignal.any([signal, ended.signal]));
    // Where the look fails, nobody asks how this ended.
    asked.catch(() => null);
    last = { cluster, asked };
    return asked;
  };
  return { begin: (cluster, former) => void answers(cluster, former), answers, end: () => ended.abort() };
}

async function askNewOnes(
  provider: Provider,
  cluster: Cluster,
  former: Receipt | null,
  signal: AbortSignal,
): Promise<Asked | null> {
  const fresh = newNodes(cluster, former);
  const { machine } = provider.platform;
  const isWhole = (provider.fleet?.absent() ?? nowhere).size === 0;
  if (machine === null || fresh.size === 0 || !isWhole) return null;
  const isNew = ({ from, to }: Path): boolean => fresh.has(from) || fresh.has(to);
  const paths = pathsOf(cluster, machine.addresses).filter(isNew);
  return { ...(await askHosts(provider, cluster, paths, signal)), fresh, paths };
}

export async function preflight(seen: Survey, questions: FactsQuestions): Promise<readonly Fault[]> {
  const { cluster, desired, observed, provider, unreachable } = seen;
  // Machines that are still to be made are looked at once they are there.
  if ((provider.fleet?.absent() ?? nowhere).size > 0) return judged(seen);
  // Where a machine is out of reach, `up` goes no further anyway.
  if (unreachable.size > 0) return [];
  const asked = await questions.answers(cluster, seen.receipt.former);
  if (asked === null) return [];
  const { fresh } = asked;
  const found = findings({
    cluster,
    ...asked,
    shared: null,
    desired: desired.hosts,
    observed: observed.hosts,
  });
  // A machine that serves already is not stopped by what it lives with; a way from it to a new one is another matter.
  const counts = (node: string | null, id: string): boolean =>
    node === null || fresh.has(node) || id === "unreachable-port" || id === "clocks-apart";
  return found.filter(({ level, node, id }) => level === "error" && counts(node, id)).map(faultOf);
}

/** Whether the machines can be launched, before the first one is. */
async function judged({ provider, cluster, plan }: Survey): Promise<readonly Fault[]> {
  const its = await provider.fleet?.judge(cluster, plan.changes);
  if (its === undefined) return [];
  return [...its.faults, ...its.findings.filter(({ level }) => level === "error").map(faultOf)];
}

function faultOf({ what, node, measured, fix }: Finding): Fault {
  return {
    code: "preflight-failed",
    what: `${what} (found: ${measured})`,
    ...(node === null ? {} : { node }),
    fix,
  };
}

/** Those that no receipt knows. */
function newNodes(cluster: Cluster, former: Receipt | null): ReadonlySet<string> {
  const known = former?.machines ?? {};
  return new Set(cluster.nodes.flatMap(({ name }) => (Object.hasOwn(known, name) ? [] : [name])));
}
