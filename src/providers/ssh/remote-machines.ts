/** What every provider has whose machines are reached over SSH: one connection each, their receipts, history, lease and tunnels. */
import { noKnownIds } from "../../cluster/known-ids.ts";
import type { Platform } from "../../cluster/platform.ts";
import { resolveCluster } from "../../cluster/resolve.ts";
import { KctlError } from "../../fault.ts";
import type { Host } from "../../hosts/host.ts";
import { openSsh, type Connection, type ConnectOptions } from "../../hosts/ssh/connection.ts";
import { appendHistory, readHistory } from "../../hosts/ssh/history.ts";
import { look } from "../../hosts/ssh/look.ts";
import type { Shell } from "../../hosts/ssh/shell.ts";
import { sshArguments } from "../../hosts/ssh/ssh-arguments.ts";
import { sshHost } from "../../hosts/ssh/ssh-host.ts";
import type { SshTarget } from "../../hosts/ssh/target.ts";
import { layTunnel, takeUpTunnel, type Tunnel } from "../../kafka/dial.ts";
import type { Spec } from "../../spec/schema.ts";
import type { Lock, Provider, Surroundings } from "../provider.ts";
import { acquireClusterLock, type ClusterLock } from "./cluster-lock.ts";
import { machineReceipts, type MachineReceipts } from "./machine-receipts.ts";
import { sharing } from "./sharing.ts";

export type RemoteMachines = {
  /** As it is at the moment: addresses may become known later. */
  readonly platform: () => Platform;
  /** Those that have a machine. */
  readonly nodes: () => readonly string[];
  readonly targetOf: (node: string, receipts: Pick<MachineReceipts, "addressOf" | "userOf">) => Promise<SshTarget>;
  /** Of the machine that a node has: another one is another connection. */
  readonly machineOf: (node: string) => string;
};

export type Remote = {
  readonly provider: Omit<Provider, "fleet" | "lock" | "platform" | "takeIn">;
  readonly connect: (node: string, options?: ConnectOptions) => Promise<Connection>;
  /** What could not be reached may be by now: it is knocked at again. */
  readonly forgetFailures: () => void;
  readonly receipts: MachineReceipts;
  /** Leases every machine that there is. */
  readonly lock: (command: string) => Promise<Lock>;
  /** Leases more, under the same lock; where there is none yet, nothing. */
  readonly lockMore: (nodes: readonly string[]) => Promise<void>;
  /** The node's machine goes, and its lease with it. */
  readonly lockLess: (node: string) => void;
  /** Kafka and ZooKeeper are asked through the connection that is there already: nothing but SSH need be open. */
  readonly layTunnels: () => void;
};

export function remoteMachines(spec: Spec, machines: RemoteMachines, around: Surroundings): Remote {
  const { platform, nodes, targetOf } = machines;
  const ssh = openSsh({ signal: around.signal, ask: around.askSecret, emit: around.emit });
  let lock: ClusterLock | null = null;
  const { connect, forgetFailures } = connectionsTo(machines, () => receipts, ssh);
  const shell = (node: string): Shell => ({
    node,
    run: async (script, options) => (await connect(node)).shell.run(script, options),
  });
  const all = (): readonly { readonly node: string; readonly shell: Shell }[] =>
    nodes().map((node) => ({ node, shell: shell(node) }));
  const receipts = machineReceipts(spec.name, platform, all, around.signal);
  const hostOf = (node: string): Host =>
    sshHost({
      shell: shell(node),
      cluster: spec.name,
      user: platform().machine?.user ?? "kctl",
      fence: () => lock?.fence(node) ?? "",
      look,
      others: sharingOf(node),
      signal: around.signal,
    });
  const sharingOf = sharing(spec, platform);
  const laid = new Map<string, Tunnel>();
  around.atEnd(() => {
    for (const [name, tunnel] of laid) takeUpTunnel(name, tunnel);
  });
  around.atEnd(() => ssh.close());
  return {
    connect,
    forgetFailures,
    receipts,
    layTunnels: () => {
      for (const { node, address, advertised, host } of resolveCluster(spec, platform(), noKnownIds).members) {
        const tunnel: Tunnel = (port) => connect(node).then((connection) => connection.dial(port, around.signal));
        for (const name of new Set([address, advertised, host])) {
          layTunnel(name, tunnel);
          laid.set(name, tunnel);
        }
      }
    },
    lock: async (command) => {
      const held = await acquireClusterLock({ cluster: spec.name, command }, all(), around.signal);
      lock = held;
      const release = async (): Promise<void> => {
        lock = null;
        await held.release();
      };
      return { stillHeld: held.stillHeld, release };
    },
    lockLess: (node) => lock?.drop(node),
    lockMore: async (more) => {
      await lock?.extend(all().filter(({ node }) => more.includes(node)));
    },
    provider: {
      unreachable,
      hosts: (wanted) => wanted.map(hostOf),
      shell,
      login: async (node) => sshArguments(await targetOf(node, receipts)),
      readReceipt: receipts.read,
      receiptBehind: receipts.behind,
      writeReceipt: (text) => receipts.write(text, hostOf),
      removeReceipt: () => receipts.remove(hostOf),
      history: historyOn(spec.name, () => all().map((machine) => machine.shell), around.signal),
      tidy: () => Promise.resolve([]),
    },
  };
}

/** One that failed is not knocked at again in the same run: everything that needs it fails with the same words. */
function connectionsTo(
  { targetOf, machineOf }: RemoteMachines,
  receipts: () => MachineReceipts,
  ssh: ReturnType<typeof openSsh>,
): Pick<Remote, "connect" | "forgetFailures"> {
  const connections = new Map<string, Promise<Connection>>();
  const failed = new Set<string>();
  return {
    connect: (node, options) => {
      const key = `${node} ${machineOf(node)}`;
      const known = connections.get(key);
      if (known !== undefined) return known;
      const connection = targetOf(node, receipts()).then((target) => ssh.connect(target, options));
      connections.set(key, connection);
      connection.catch(() => failed.add(key));
      return connection;
    },
    forgetFailures: () => {
      for (const key of failed) connections.delete(key);
      failed.clear();
    },
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
