/** What `up` sees to before it changes anything on machines that are new to the cluster: the errors of `kctl check`. */
import type { Fault } from "../fault.ts";
import { findings } from "../preflight/findings.ts";
import { pathsOf } from "../preflight/paths.ts";
import { askHosts } from "./ask-facts.ts";
import type { Survey } from "./survey.ts";

export async function preflight(seen: Survey, signal: AbortSignal): Promise<readonly Fault[]> {
  const { cluster, desired, observed, provider, unreachable } = seen;
  const absent = provider.fleet?.absent() ?? new Set<string>();
  // Machines that are still to be made are looked at once they are there.
  if (absent.size > 0) return [];
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
  return found
    .filter(({ level, node, id }) => level === "error" && counts(node, id))
    .map(({ what, node, measured, fix }) => ({
      code: "preflight-failed",
      what: `${what} (found: ${measured})`,
      ...(node === null ? {} : { node }),
      fix,
    }));
}

/** Those that no receipt knows. */
function newNodes({ cluster, receipt: { former } }: Survey): ReadonlySet<string> {
  const known = former?.machines ?? {};
  return new Set(cluster.nodes.flatMap(({ name }) => (Object.hasOwn(known, name) ? [] : [name])));
}
