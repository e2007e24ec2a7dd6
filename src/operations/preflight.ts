/** What `up` sees to before it changes anything on machines that are new to the cluster: the errors of `kctl check`. */
import type { Fault } from "../fault.ts";
import type { Finding } from "../preflight/finding.ts";
import { findings } from "../preflight/findings.ts";
import { pathsOf } from "../preflight/paths.ts";
import { askHosts } from "./ask-facts.ts";
import type { Survey } from "./survey.ts";

export async function preflight(seen: Survey, signal: AbortSignal): Promise<readonly Fault[]> {
  const { cluster, desired, observed, provider, unreachable } = seen;
  const absent = provider.fleet?.absent() ?? new Set<string>();
  // Machines that are still to be made are looked at once they are there.
  if (absent.size > 0) return judged(seen);
  const fresh = newNodes(seen);
  const { machine } = provider.platform;
  // Where a machine is out of reach, `up` goes no further anyway.
  if (machine === null || fresh.size === 0 || unreachable.size > 0) return [];
  const isNew = ({ from, to }: { readonly from: string; readonly to: string }): boolean =>
    fresh.has(from) || fresh.has(to);
  const paths = pathsOf(cluster, machine.addresses).filter(isNew);
  const asked = await askHosts(provider, cluster, paths, signal);
  const found = findings({
    cluster,
    ...asked,
    shared: null,
    paths,
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
function newNodes({ cluster, receipt: { former } }: Survey): ReadonlySet<string> {
  const known = former?.machines ?? {};
  return new Set(cluster.nodes.flatMap(({ name }) => (Object.hasOwn(known, name) ? [] : [name])));
}
