/** How machines of a cluster have software from each other: over ports that must be open between them anyway. */
import type { Member } from "../../cluster/cluster.ts";
import { noKnownIds } from "../../cluster/known-ids.ts";
import type { Platform } from "../../cluster/platform.ts";
import { resolveCluster } from "../../cluster/resolve.ts";
import { relay, type Relay } from "../../hosts/ssh/relay.ts";
import type { SharedAt } from "../../hosts/ssh/share.ts";
import type { Spec } from "../../spec/schema.ts";

export type Sharing = { readonly relayOf: (sha512: string) => Relay; readonly at: SharedAt };

/** Null for a node whose address is not known: nobody could fetch from it. */
export function sharing(spec: Spec, platform: () => Platform): (node: string) => Sharing | null {
  const relays = new Map<string, Relay>();
  const relayOf = (sha512: string): Relay => {
    const its = relays.get(sha512) ?? relay();
    relays.set(sha512, its);
    return its;
  };
  return (node) => {
    const now = platform();
    const addresses = now.machine?.addresses ?? {};
    const { members } = resolveCluster(spec, now, noKnownIds);
    const address = addresses[node];
    const ports = members.filter((member) => member.node === node).flatMap(sharedPorts);
    if (address === undefined || ports.length === 0) return null;
    return { relayOf, at: { address, ports, peers: Object.values(addresses) } };
  };
}

/** A firewall may let in on the listener for clients outside whom it lets in on no other, and the nodes not at all. */
function sharedPorts({ ports }: Member): readonly number[] {
  return Object.entries(ports).flatMap(([name, port]) => (name === "external" ? [] : [port]));
}
