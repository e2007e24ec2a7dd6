/**
 * The lock of a cluster over its hosts. The first host by name decides who has it; the others are locked at the same time then.
 * Nobody waits for a lock that he does not get, so that no two can wait for each other.
 */
import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { KctlError, faultsOf } from "../../fault.ts";
import { hasEnded, thisProcess } from "../../hosts/local/this-process.ts";
import {
  acquireOn,
  fenceOf,
  fenceOfUnlocked,
  releaseOn,
  renewOn,
  type HostLock,
  type LockHolder,
} from "../../hosts/ssh/lock.ts";
import type { Shell } from "../../hosts/ssh/shell.ts";
import type { Lock } from "../provider.ts";

export type ClusterLock = Lock & {
  /** Lines for the head of each script that changes the node's host. */
  readonly fence: (node: string) => string;
  /** Locks more machines with the same lock; those that cannot be reached are left out. Throws `locked` where another holds one. */
  readonly extend: (machines: readonly Machine[]) => Promise<void>;
  /** The node's machine goes: its lease is not missed, and another machine of the node is to be locked anew. */
  readonly drop: (node: string) => void;
};

type Machine = { readonly node: string; readonly shell: Shell };

const renewMilliseconds = 15_000;
/** A renewal that came late by this much may have come too late. */
const doubtMilliseconds = 20_000;
/** A lock that cannot be given back in this time ends by itself. */
const releaseMilliseconds = 5000;

/**
 * Hosts that cannot be reached are left out, and nothing may be changed on them then. Throws `locked` where another holds it: a lease
 * whose kctl has ended on this very machine is taken over at once, one of another machine once it ends by itself.
 */
export async function acquireClusterLock(
  { cluster, command }: { readonly cluster: string; readonly command: string },
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<ClusterLock> {
  const lock: HostLock = { cluster, token: randomUUID() };
  const owner = { command, by: `${userInfo().username}@${hostname()}`, ...(await thisProcess()) };
  const held: Machine[] = [];
  const failures: unknown[] = [];
  const take = async (machine: Machine): Promise<void> => {
    try {
      let holder = await acquireOn(machine.shell, lock, owner, signal);
      if (holder !== null && (await hasEnded(holder)))
        holder = await acquireOn(machine.shell, lock, owner, signal, holder.token);
      if (holder !== null) throw locked(machine.node, holder);
      held.push(machine);
    } catch (error) {
      failures.push(error);
    }
  };
  const waiting = machines.toSorted((a, b) => (a.node < b.node ? -1 : 1));
  while (held.length === 0 && failures.every(isOfTheMachine)) {
    const first = waiting.shift();
    if (first === undefined) break;
    await take(first);
  }
  if (failures.every(isOfTheMachine)) await Promise.all(waiting.map(take));
  const clash = failures.find((error) => !isOfTheMachine(error));
  if (signal.aborted || clash !== undefined || held.length === 0) {
    await releaseAll(lock, machines);
    signal.throwIfAborted();
    throw clash ?? (failures.length === 1 ? failures[0] : new KctlError(failures.flatMap(faultsOf)));
  }
  const extend = async (more: readonly Machine[]): Promise<void> => {
    await Promise.all(more.filter(({ node }) => !held.some((one) => one.node === node)).map(take));
    const other = failures.find((error) => !isOfTheMachine(error));
    signal.throwIfAborted();
    if (other !== undefined) throw new KctlError(faultsOf(other), { cause: other });
  };
  const drop = (node: string): void => {
    const at = held.findIndex((one) => one.node === node);
    if (at !== -1) held.splice(at, 1);
  };
  return { ...keep(lock, held), extend, drop };
}

/** One of a machine that could not be reached, or cannot be locked; not of one that another kctl holds. */
function isOfTheMachine(error: unknown): boolean {
  return error instanceof KctlError && error.faults.every(({ code }) => code !== "locked");
}

/** @param machines more may come, and some may go */
function keep(lock: HostLock, machines: readonly Machine[]): Omit<ClusterLock, "extend" | "drop"> {
  const ended = new AbortController();
  let lost = false;
  let renewed = Date.now();
  let renewal: Promise<void> | null = null;
  const renewAll = async (): Promise<void> => {
    const began = Date.now();
    await Promise.all(
      machines.map(async ({ shell }) => {
        try {
          const isMine = await renewOn(shell, lock, ended.signal);
          // One that was dropped meanwhile is another machine by now, or none.
          if (!isMine && machines.some((one) => one.shell === shell)) lost = true;
        } catch {
          // Not to be reached at the moment: the fence on the host itself decides.
        }
      }),
    );
    renewed = began;
  };
  const renew = async (): Promise<void> => {
    renewal ??= renewAll().finally(() => (renewal = null));
    await renewal;
  };
  const timer = setInterval(() => void renew(), renewMilliseconds).unref();
  return {
    fence: (node) => (machines.some((machine) => machine.node === node) ? fenceOf(lock) : fenceOfUnlocked()),
    stillHeld: async () => {
      // This machine slept, or its clock was set: only the hosts know.
      if (!lost && Math.abs(Date.now() - renewed) > doubtMilliseconds) await renew();
      return !lost;
    },
    release: async () => {
      clearInterval(timer);
      ended.abort();
      await renewal;
      await releaseAll(lock, machines);
    },
  };
}

/** The first by name at last: whoever gets that one finds the others free. */
async function releaseAll(lock: HostLock, machines: readonly Machine[]): Promise<void> {
  const give = async ({ shell }: Machine): Promise<void> => {
    try {
      await releaseOn(shell, lock, AbortSignal.timeout(releaseMilliseconds));
    } catch {
      // Its lease ends by itself.
    }
  };
  const [first, ...others] = machines.toSorted((a, b) => (a.node < b.node ? -1 : 1));
  await Promise.all(others.map(give));
  if (first !== undefined) await give(first);
}

function locked(node: string, { command, by, pid, since, left }: LockHolder): KctlError {
  const who = command === undefined ? "one that left no name" : `\`${command}\`, process ${pid} of ${by}`;
  return new KctlError({
    code: "locked",
    node,
    what: `another kctl is at work on this cluster: ${who}, since ${since} by the clock of ${node}`,
    fix: `wait until it is done, or stop it; the lock of one that was killed ends by itself, this one in ${left} s unless it is renewed`,
  });
}
