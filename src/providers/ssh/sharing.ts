/** How machines of a cluster have software from each other: over ports that must be open between them anyway. */
import type { Cluster, Member } from "../../cluster/cluster.ts";
import { noKnownIds } from "../../cluster/known-ids.ts";
import type { Platform } from "../../cluster/platform.ts";
import { resolveCluster } from "../../cluster/resolve.ts";
import { relay, type Relay } from "../../hosts/ssh/relay.ts";
import type { SharedAt, Sharing } from "../../hosts/ssh/share.ts";
import { unitName } from "../../render/systemd-unit.ts";
import type { Software } from "../../services/desired.ts";
import { softwareFor } from "../../services/desired-state.ts";
import type { Spec } from "../../spec/schema.ts";

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
    const cluster = resolveCluster(spec, now, noKnownIds);
    const address = addresses[node];
    if (address === undefined) return null;
    const at = (software: Software | "java"): SharedAt | null => {
      const servers = cluster.members.filter((member) => member.node === node && waitsFor(software, member, cluster));
      const ports = servers.flatMap((member) => sharedPorts(member, cluster.name));
      return ports.length === 0 ? null : { address, ports, peers: Object.values(addresses) };
    };
    return { relayOf, at };
  };
}

/** Only a server that cannot start before the software is there leaves its ports alone meanwhile. */
function waitsFor(software: Software | "java", { role }: Member, cluster: Cluster): boolean {
  if (software === "java") return role !== "burrow";
  const { name, version } = software;
  return softwareFor(role, cluster).some((its) => its.name === name && its.version === version);
}

/** A firewall may let clients outside or Prometheus in on their ports, and the nodes not at all. */
const forOthers: ReadonlySet<string> = new Set(["external", "metrics"]);

function sharedPorts({ ports, role }: Member, cluster: string): SharedAt["ports"] {
  return Object.entries(ports).flatMap(([name, port]) =>
    forOthers.has(name) ? [] : [{ unit: unitName(cluster, role), port }],
  );
}
