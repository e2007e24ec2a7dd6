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
import { pastOf, wantedBy, type Wanted } from "./survey.ts";

/** Every member that the receipt lists, whether or not the spec still does; the spec's where there is none. */
export async function recordedCluster(spec: Spec, provider: Provider, receipt: Receipt | null): Promise<Wanted> {
  if (receipt === null) return (await wantedBy(spec, provider, unknownJava, "", idAfterUp))(pastOf(null));
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
  const want = await wantedBy({ ...spec, nodes }, provider, unknownJava, "", idAfterUp);
  return want(pastOf(receipt));
}

export type LookedAt = { readonly wanted: DesiredHost; readonly host: Host; readonly seen: ObservedHost };

export async function lookAtAll(
  { desired }: Pick<Wanted, "desired">,
  provider: Provider,
  signal: AbortSignal,
): Promise<readonly LookedAt[]> {
  const hosts = new Map(provider.hosts(desired.hosts.map(({ node }) => node)).map((host) => [host.node, host]));
  const looked = await Promise.all(
    desired.hosts.map(async (wanted) => {
      const host = hosts.get(wanted.node);
      return host === undefined ? [] : [{ wanted, host, seen: await host.look(wanted, signal) }];
    }),
  );
  return looked.flat();
}
