/** Asks machines what they say of themselves, each in one round trip, all at the same time. */
import { once } from "node:events";
import type { Cluster, Member } from "../cluster/cluster.ts";
import { cacheFolder } from "../artifacts/cache.ts";
import { KctlError, faultsOf, type Fault } from "../fault.ts";
import type { Shell } from "../hosts/ssh/shell.ts";
import { dial, hasTunnel } from "../kafka/dial.ts";
import { factsScript, type FactsWanted } from "../preflight/facts-script.ts";
import type { HostFacts } from "../preflight/host-facts.ts";
import type { Path } from "../preflight/paths.ts";
import { readFacts } from "../preflight/read-facts.ts";
import type { Provider } from "../providers/provider.ts";
import type { Context } from "./context.ts";

export type FactsAsked = {
  /** By node. */
  readonly facts: ReadonlyMap<string, HostFacts>;
  /** Why others told nothing. */
  readonly faults: readonly Fault[];
};

/** Machines of their own: each node's. */
export async function askHosts(
  provider: Provider,
  cluster: Cluster,
  paths: readonly Path[],
  signal: AbortSignal,
): Promise<FactsAsked> {
  const software = provider.platform.machine?.software;
  const asked = await Promise.all(
    cluster.nodes.map(async ({ name }) => {
      const member = cluster.members.find(({ node }) => node === name);
      const folders = {
        ...(member === undefined ? {} : { data: member.folders.data, logs: member.folders.log }),
        ...(software === undefined ? {} : { software }),
      };
      const targets = paths.filter(({ from }) => from === name);
      try {
        const facts = await ask(provider.shell(name), { folders, targets, own: true }, signal);
        return { name, facts, faults: member === undefined ? [] : await faultsOfTheWay(member, signal) };
      } catch (error) {
        signal.throwIfAborted();
        return { name, facts: null, faults: faultsOf(error) };
      }
    }),
  );
  return {
    facts: new Map(asked.flatMap(({ name, facts }) => (facts === null ? [] : [[name, facts] as const]))),
    faults: asked.flatMap(({ faults }) => faults),
  };
}

/** Servers are asked through SSH: where the machine's sshd lets nobody through, `up` would wait for what it cannot hear. */
async function faultsOfTheWay({ address, ports }: Member, signal: AbortSignal): Promise<readonly Fault[]> {
  const [port] = Object.values(ports);
  if (port === undefined || !hasTunnel(address)) return [];
  const way = dial({ host: address, port });
  try {
    await once(way, "connect", { signal });
    return [];
  } catch (error) {
    signal.throwIfAborted();
    // As a rule nobody listens there yet.
    return error instanceof KctlError ? error.faults.filter(({ code }) => code === "ssh-forwarding-refused") : [];
  } finally {
    way.destroy();
  }
}

/** The machine that kctl runs on, where all nodes are. */
export function askThisMachine(
  provider: Provider,
  { env, platform, home, signal }: Pick<Context, "env" | "platform" | "home" | "signal">,
): Promise<HostFacts> {
  const folders = { data: provider.platform.root, software: cacheFolder(env, platform, home) };
  return ask(provider.shell("this machine"), { folders, targets: [], own: false }, signal);
}

async function ask(shell: Shell, wanted: FactsWanted, signal: AbortSignal): Promise<HostFacts> {
  let sent = seconds();
  let answered: number | null = null;
  const { code, stdout, stderr } = await shell.run(factsScript(wanted), {
    signal,
    onSent: () => {
      sent = seconds();
    },
    onStdout: () => {
      answered ??= seconds();
    },
  });
  const asked = wanted.own ? { sent, answered: answered ?? seconds() } : null;
  const facts = code === 0 ? readFacts(stdout, wanted.targets, asked) : null;
  if (facts !== null) return facts;
  throw new KctlError({
    code: "host-io",
    node: shell.node,
    what: `${shell.node} cannot be asked about itself: the script that does so ended early`,
    fix: "it needs a POSIX shell: see what it says",
    ...(stderr.trim() === "" ? {} : { detail: stderr.trim() }),
  });
}

/** Of the clock that hosts' clocks are compared with. */
const seconds = (): number => Date.now() / 1000;
