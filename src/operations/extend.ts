/** Moves the end of a cluster that ends itself: on every machine, and in the tags. */
import { KctlError } from "../fault.ts";
import type { Context } from "./context.ts";
import { inHistory } from "./in-history.ts";
import { noCluster } from "./no-cluster.ts";
import { openCluster } from "./open-cluster.ts";

export type Extended = {
  readonly cluster: string;
  readonly changed: number;
  readonly from: string;
  readonly expires: string;
};

/** @param seconds later than it would have ended */
export async function extend(given: Context, seconds: number): Promise<Extended> {
  const { spec, provider } = await openCluster(given);
  const { fleet } = provider;
  if (fleet === null)
    throw new KctlError({
      code: "usage",
      what: `${spec.name} does not end itself: only clusters on EC2 do, where they have a ttl`,
      fix: "`kctl destroy` removes it",
    });
  return inHistory({ provider, command: "extend", context: given }, async (context) => {
    await fleet.look();
    if (fleet.machines().length === 0) throw noCluster(spec.name);
    const from = fleet.expires();
    if (from === null)
      throw new KctlError({
        code: "no-ttl",
        what: `${spec.name} has no end: it was made without a ttl, and stays until \`kctl destroy\``,
        fix: "nothing need be done; a cluster that ends itself is made by `kctl up --ttl 4h`",
      });
    const expires = new Date(Date.parse(from) + seconds * 1000).toISOString().replace(".000Z", "Z");
    const title = `move the end from ${from} to ${expires}`;
    const began = performance.now();
    await fleet.endAt(expires);
    context.emit({ type: "change-done", key: "end", title, seconds: (performance.now() - began) / 1000 });
    return { cluster: spec.name, changed: 1, from, expires };
  });
}
