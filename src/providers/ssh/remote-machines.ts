/** What every provider has whose machines are reached over SSH: one connection each, their receipts, history, lease and tunnels. */
import type { Platform } from "../../cluster/platform.ts";
import { namesOfNodes } from "../../cluster/resolve.ts";
import { KctlError, type Fault } from "../../fault.ts";
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
  const { layTunnels, layMore } = tunnelsTo(spec, machines, connect, around);
  around.atEnd(() => ssh.close());
  return {
    connect,
    forgetFailures,
    receipts,
    layTunnels,
    lock: async (command) => {
      // All at once, while the first is locked. Why one cannot be reached is told to whoever uses it.
      for (const node of nodes()) void connect(node).catch(() => null);
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
      readReceipt: async (pace) => {
        const leftOut = (silent: readonly string[]): void => {
          for (const node of silent) around.emit({ type: "warning", fault: notWaitedFor(node) });
        };
        const text = await receipts.read(pace === "soon" ? { patienceMs, leftOut } : undefined);
        layMore(receipts);
        return text;
      },
      receiptBehind: receipts.behind,
      writeReceipt: (text) => receipts.write(text, hostOf),
      removeReceipt: () => receipts.remove(hostOf),
      history: historyOn(spec.name, () => all().map((machine) => machine.shell), around.signal),
      tidy: () => Promise.resolve([]),
    },
  };
}

/** After another has answered, which tells how far away they are. */
const patienceMs = 2000;

function notWaitedFor(node: string): Fault {
  const seconds = patienceMs / 1000;
  return {
    code: "ssh-unreachable",
    node,
    what: `${node} did not answer over SSH within ${seconds} s after others did: what they know of the cluster is gone by`,
    fix: "see with `kctl status` what is wrong with it",
  };
}

type Tunnels = Pick<Remote, "layTunnels"> & {
  /** To machines that the receipt has and the spec has no more: their servers are told of until they have left the cluster. */
  readonly layMore: (receipts: Pick<MachineReceipts, "nodes" | "addressOf">) => void;
};

function tunnelsTo(spec: Spec, machines: RemoteMachines, connect: Remote["connect"], around: Surroundings): Tunnels {
  const laid = new Map<string, Tunnel>();
  const warned = new Set<string>();
  around.atEnd(() => {
    for (const [name, tunnel] of laid) takeUpTunnel(name, tunnel);
  });
  const tunnelTo =
    (node: string): Tunnel =>
    async (port) => {
      try {
        return await (await connect(node)).dial(port, around.signal);
      } catch (error) {
        // Whoever waits for a server would only say that it does not answer.
        const fault =
          error instanceof KctlError ? error.faults.find(({ code }) => code === refusedForwarding) : undefined;
        if (fault !== undefined && !warned.has(node)) around.emit({ type: "warning", fault });
        if (fault !== undefined) warned.add(node);
        throw error;
      }
    };
  const lay = (node: string, names: readonly string[]): void => {
    const tunnel = tunnelTo(node);
    for (const name of names) {
      layTunnel(name, tunnel);
      laid.set(name, tunnel);
    }
  };
  return {
    layTunnels: () => {
      const all = namesOfNodes(spec, machines.platform());
      for (const { node, others } of all) lay(node, others);
      for (const { node, own } of all) lay(node, own);
    },
    layMore: (receipts) => {
      const known = new Set(namesOfNodes(spec, machines.platform()).map(({ node }) => node));
      for (const node of receipts.nodes())
        if (!known.has(node))
          lay(
            node,
            [node, receipts.addressOf(node) ?? node].filter((name) => !laid.has(name)),
          );
    },
  };
}

const refusedForwarding = "ssh-forwarding-refused";

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
      const waits = options?.waitForBootSeconds !== undefined;
      if (known !== undefined && !waits) return known;
      const anew = async (): Promise<Connection> => ssh.connect(await targetOf(node, receipts()), options);
      // Whoever waits for a machine to boot does not take the word of one who did not.
      const connection = known === undefined ? anew() : known.catch(anew);
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
