/** The ssh provider: machines that somebody has already, reached by one connection each. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Platform } from "../../cluster/platform.ts";
import { noKnownIds } from "../../cluster/known-ids.ts";
import { resolveCluster } from "../../cluster/resolve.ts";
import { KctlError } from "../../fault.ts";
import type { Host } from "../../hosts/host.ts";
import { openSsh, type Connection } from "../../hosts/ssh/connection.ts";
import { appendHistory, readHistory } from "../../hosts/ssh/history.ts";
import { look } from "../../hosts/ssh/look.ts";
import type { Shell } from "../../hosts/ssh/shell.ts";
import { sshHost } from "../../hosts/ssh/ssh-host.ts";
import { sshArguments } from "../../hosts/ssh/ssh-arguments.ts";
import { resolveTarget, type SshTarget } from "../../hosts/ssh/target.ts";
import { layTunnel, takeUpTunnel, type Tunnel } from "../../kafka/dial.ts";
import type { Spec } from "../../spec/schema.ts";
import type { Provider, Surroundings } from "../provider.ts";
import { acquireClusterLock, type ClusterLock } from "./cluster-lock.ts";
import { sshPlatform } from "./platform.ts";
import { machineReceipts } from "./machine-receipts.ts";
import { sharing } from "./sharing.ts";

type Machine = { readonly node: string; readonly shell: Shell };

type SshSpec = Extract<Spec["provider"], { type: "ssh" }>;

export async function sshProvider(
  spec: Spec,
  provider: SshSpec,
  folder: string,
  around: Surroundings,
): Promise<Provider> {
  const named = resolveCluster(spec, sshPlatform(spec.name), noKnownIds).nodes;
  const platform = sshPlatform(spec.name, await addressesOf(named));
  const ssh = openSsh({ signal: around.signal, ask: around.askSecret, emit: around.emit });
  let lock: ClusterLock | null = null;

  const targetOf = (node: string): Promise<SshTarget> => {
    const nodeUser = spec.nodes.some(({ name }) => name === node) ? userIn(spec, node) : receipts.userOf(node);
    return resolveTarget({ node, address: addressOf(node), provider, nodeUser }, { ...around, folder });
  };
  const open = onceEach(async (node) => ssh.connect(await targetOf(node)));
  const shell = (node: string): Shell => ({
    node,
    run: async (script, options) => (await open(node)).shell.run(script, options),
  });
  const nodes = named.map(({ name }) => name);
  const machines = (): readonly Machine[] => nodes.map((node) => ({ node, shell: shell(node) }));
  const receipts = machineReceipts(spec.name, platform, machines, around.signal);
  const addressOf = (node: string): string =>
    named.find(({ name }) => name === node)?.address ?? receipts.addressOf(node) ?? node;
  const sharingOf = sharing(spec, platform);
  const hostOf = (node: string): Host =>
    sshHost({
      shell: shell(node),
      cluster: spec.name,
      user: platform.machine?.user ?? "kctl",
      fence: () => lock?.fence(node) ?? "",
      look,
      others: sharingOf(node),
      signal: around.signal,
    });
  const tunnels = layTunnels(spec, platform, (node, port) =>
    open(node).then((connection) => connection.dial(port, around.signal)),
  );
  around.atEnd(() => tunnels.takeUp());
  around.atEnd(() => ssh.close());
  return {
    platform,
    unreachable,
    hosts: (wanted) => wanted.map(hostOf),
    takeIn: async (wanted) => {
      const more = wanted.filter((node) => !nodes.includes(node));
      if (more.length === 0) return;
      nodes.push(...more);
      await lock?.extend(machines().filter(({ node }) => more.includes(node)));
      await receipts.read();
    },
    shell,
    login: async (node) => sshArguments(await targetOf(node)),
    lock: async (command) => {
      const held = await acquireClusterLock({ cluster: spec.name, command }, machines(), around.signal);
      lock = held;
      const release = async (): Promise<void> => {
        lock = null;
        await held.release();
      };
      return { stillHeld: held.stillHeld, release };
    },
    readReceipt: receipts.read,
    receiptBehind: receipts.behind,
    writeReceipt: (text) => receipts.write(text, hostOf),
    removeReceipt: () => receipts.remove(hostOf),
    history: historyOn(spec.name, () => machines().map((machine) => machine.shell), around.signal),
    tidy: () => Promise.resolve([]),
  };
}

function userIn(spec: Spec, node: string): string | undefined {
  return spec.nodes.find(({ name }) => name === node)?.user;
}

/** One that failed is not knocked at again in the same run: everything that needs it fails with the same words. */
function onceEach(open: (node: string) => Promise<Connection>): (node: string) => Promise<Connection> {
  const connections = new Map<string, Promise<Connection>>();
  return (node) => {
    const connection = connections.get(node) ?? open(node);
    connections.set(node, connection);
    return connection;
  };
}

/** A command that was interrupted is written down too; a machine that does not answer does not hold it up for long. */
const historyMilliseconds = 3000;

function historyOn(cluster: string, shells: () => readonly Shell[], signal: AbortSignal): Provider["history"] {
  return {
    append: (entry) => appendHistory(shells(), cluster, entry, AbortSignal.timeout(historyMilliseconds)),
    read: () => readHistory(shells(), cluster, signal),
  };
}

/** Kafka and ZooKeeper are asked through the connection that is there already: nothing but SSH need be open. */
function layTunnels(
  spec: Spec,
  platform: Platform,
  dial: (node: string, port: number) => ReturnType<Tunnel>,
): { readonly takeUp: () => void } {
  const laid = resolveCluster(spec, platform, noKnownIds).members.flatMap(({ node, address, advertised, host }) => {
    const tunnel: Tunnel = (port) => dial(node, port);
    return [...new Set([address, advertised, host])].map((name) => [name, tunnel] as const);
  });
  for (const [name, tunnel] of laid) layTunnel(name, tunnel);
  return {
    takeUp: () => {
      for (const [name, tunnel] of laid) takeUpTunnel(name, tunnel);
    },
  };
}

/** What says that a machine, and not something on it, is out of reach. */
const ofTheWay: ReadonlySet<string> = new Set([
  "ssh-unreachable",
  "ssh-auth-refused",
  "ssh-key-unusable",
  "ssh-lost",
  "host-key-unknown",
  "host-key-changed",
  "sudo-refused",
]);

function unreachable(error: unknown): boolean {
  return error instanceof KctlError && error.faults.every(({ code }) => ofTheWay.has(code));
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
