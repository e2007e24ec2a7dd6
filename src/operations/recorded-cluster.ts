/** The cluster as its receipt has it: what there may be, whatever the spec says by now. */
import type { Role } from "../cluster/cluster.ts";
import type { Host } from "../hosts/host.ts";
import type { ObservedHost } from "../plan/observed.ts";
import type { Receipt } from "../plan/receipt.ts";
import type { Provider } from "../providers/provider.ts";
import type { DesiredHost } from "../services/desired.ts";
import type { Spec } from "../spec/schema.ts";
import { idAfterUp } from "./fresh-id.ts";
import { unknownJava } from "./server-java.ts";
import { lookAtHosts, type Survey } from "./survey.ts";
import { pastOf, wantedBy, type Wanted } from "./wanted.ts";

/** In place of one that the spec no longer has: a process is known by its folder, whichever version runs. */
const unknownBurrow: NonNullable<Spec["burrow"]> = { version: "unknown", clusters: [] };

/** Every member that the receipt lists, whether or not the spec still does; the spec's where there is none. */
export async function recordedCluster(spec: Spec, provider: Provider, receipt: Receipt | null): Promise<Wanted> {
  if (receipt === null)
    return (await wantedBy(spec, provider, unknownJava, "", idAfterUp))(pastOf(null, provider.fleet?.ids()));
  const roles = new Map<string, Role[]>();
  for (const key of Object.keys(receipt.members)) {
    const [node = "", role = ""] = key.split("/");
    roles.set(node, [...(roles.get(node) ?? []), role as Role]);
  }
  const nodes = [...roles].map(([name, its]) => {
    const entry = spec.nodes.find((node) => node.name === name);
    const address = entry?.address ?? receipt.machines?.[name]?.address;
    return { name, roles: its, config: {}, ...(address === undefined ? {} : { address }) };
  });
  await provider.takeIn(nodes.map(({ name }) => name));
  const runsBurrow = nodes.some(({ roles: its }) => its.includes("burrow"));
  const burrow = runsBurrow ? { burrow: spec.burrow ?? unknownBurrow } : {};
  const want = await wantedBy({ ...spec, ...burrow, nodes }, provider, unknownJava, "", idAfterUp);
  return want(pastOf(receipt, provider.fleet?.ids()));
}

export type LookedAt = { readonly wanted: DesiredHost; readonly host: Host; readonly seen: ObservedHost };

/** Those that could be looked at, and why the others could not. */
export async function lookAtAll(
  { desired }: Pick<Wanted, "desired">,
  provider: Provider,
  signal: AbortSignal,
): Promise<{ readonly looked: readonly LookedAt[] } & Pick<Survey, "unreachable">> {
  const { hosts, seen, unreachable } = await lookAtHosts(desired, provider, signal);
  const looked = desired.hosts.flatMap((wanted) => {
    const [host, its] = [hosts.get(wanted.node), seen[wanted.node]];
    return host === undefined || its === undefined ? [] : [{ wanted, host, seen: its }];
  });
  return { looked, unreachable };
}

/** A line of a question: on machines that cannot be reached all stays as it is. */
export function staysOn({ unreachable }: Pick<Survey, "unreachable">): string {
  const nodes = [...unreachable.keys()];
  return nodes.length === 0 ? "" : `${nodes.join(", ")} cannot be reached: what is there stays as it is.\n`;
}
