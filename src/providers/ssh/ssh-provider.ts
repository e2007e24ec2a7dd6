/** The ssh provider: machines that somebody has already, reached by one connection each. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Platform } from "../../cluster/platform.ts";
import { noKnownIds } from "../../cluster/known-ids.ts";
import { resolveCluster } from "../../cluster/resolve.ts";
import { KctlError } from "../../fault.ts";
import type { Host } from "../../hosts/host.ts";
import { connectionTo, type Connection } from "../../hosts/ssh/connection.ts";
import { look } from "../../hosts/ssh/look.ts";
import type { Shell } from "../../hosts/ssh/shell.ts";
import { isOfTheWay } from "../../hosts/ssh/ssh-fault.ts";
import { sshHost } from "../../hosts/ssh/ssh-host.ts";
import { sshArguments } from "../../hosts/ssh/ssh-arguments.ts";
import { resolveTarget, type SshTarget } from "../../hosts/ssh/target.ts";
import { layTunnel, takeUpTunnel, type Tunnel } from "../../kafka/dial.ts";
import type { Spec } from "../../spec/schema.ts";
import type { Provider, Surroundings } from "../provider.ts";
import { acquireClusterLock, type ClusterLock } from "./cluster-lock.ts";
import { sshPlatform } from "./platform.ts";
import { machineReceipts } from "./machine-receipts.ts";

type SshSpec = Extract<Spec["provider"], { type: "ssh" }>;

export async function sshProvider(spec: Spec, ssh: SshSpec, folder: string, around: Surroundings): Promise<Provider> {
  const named = resolveCluster(spec, sshPlatform(spec.name), noKnownIds).nodes;
  const platform = sshPlatform(spec.name, await addressesOf(named));
  const connections = new Map<string, Connection>();
  let lock: ClusterLock | null = null;

  const targetOf = (node: string, address: string): SshTarget => {
    const nodeUser = spec.nodes.find(({ name }) => name === node)?.user;
    return resolveTarget(
      { node, address, provider: ssh, ...(nodeUser === undefined ? {} : { nodeUser }) },
      { ...around, folder },
    );
  };
  const open = (node: string, address: string): Connection => {
    const known = connections.get(node);
    if (known !== undefined) return known;
    const connection = connectionTo(targetOf(node, address), { ...around, ask: around.askSecret });
    connections.set(node, connection);
    return connection;
  };
  const machines = (): readonly { readonly node: string; readonly shell: Shell }[] =>
    named.map(({ name, address }) => ({ node: name, shell: open(name, address).shell }));
  const receipts = machineReceipts(platform, machines, around.signal);
  const addressOf = (node: string): string =>
    named.find(({ name }) => name === node)?.address ?? receipts.addressOf(node) ?? node;
  const hostOf = (node: string): Host =>
    sshHost({
      shell: open(node, addressOf(node)).shell,
      cluster: spec.name,
      user: platform.machine?.user ?? "kctl",
      fence: () => lock?.fence(node) ?? "",
      look,
      signal: around.signal,
    });
  const tunnels = layTunnels(spec, platform, (node) => open(node, addressOf(node)));
  around.atEnd(() => {
    tunnels.takeUp();
    for (const connection of connections.values()) connection.close();
  });
  return {
    platform,
    unreachable: (error) => error instanceof KctlError && error.faults.every(({ code }) => isOfTheWay(code)),
    hosts: (nodes) => nodes.map(hostOf),
    shell: (node) => open(node, addressOf(node)).shell,
    login: (node) => sshArguments(targetOf(node, addressOf(node))),
    lock: async (command) => {
      const held = await acquireClusterLock({ cluster: spec.name, command }, machines(), around.signal);
      lock = held;
      return {
        stillHeld: held.stillHeld,
        release: async () => {
          lock = null;
          await held.release();
        },
      };
    },
    readReceipt: receipts.read,
    receiptBehind: receipts.behind,
    writeReceipt: (text) => receipts.write(text, hostOf),
    removeReceipt: () => receipts.remove(hostOf),
    tidy: () => Promise.resolve([]),
  };
}

/** Kafka and ZooKeeper are asked through the connection that is there already: nothing but SSH need be open. */
function layTunnels(
  spec: Spec,
  platform: Platform,
  open: (node: string) => Connection,
): { readonly takeUp: () => void } {
  const laid = resolveCluster(spec, platform, noKnownIds).members.flatMap(({ node, address, advertised, host }) => {
    const tunnel: Tunnel = (port) => open(node).dial(port);
    return [...new Set([address, advertised, host])].map((name) => [name, tunnel] as const);
  });
  for (const [name, tunnel] of laid) layTunnel(name, tunnel);
  return {
    takeUp: () => {
      for (const [name, tunnel] of laid) takeUpTunnel(name, tunnel);
    },
  };
}

/** What names of DNS stand for; those that DNS does not know are the connection's to complain of. */
async function addressesOf(
  nodes: readonly { readonly name: string; readonly address: string }[],
): Promise<Readonly<Record<string, string>>> {
  const found = await Promise.all(
    nodes.map(async ({ name, address }) => {
      if (isIP(address) !== 0) return [[name, address] as const];
      try {
        return [[name, (await lookup(address)).address] as const];
      } catch {
        return [];
      }
    }),
  );
  return Object.fromEntries(found.flat());
}
