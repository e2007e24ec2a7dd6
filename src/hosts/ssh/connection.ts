/**
 * A host over SSH: one connection for however many things run on it, made when it is needed, made anew after it broke.
 * It never knocks more than once a second, waits longer each time, and does not repeat what sshd punishes.
 */
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Emit } from "../../report/events.ts";
import { makeKeyring, type AskHidden } from "./keyring.ts";
import { openLink, type Link } from "./link.ts";
import { runWithInput, SessionRefusedError } from "./session.ts";
import { makeTurnstile, type Turnstile } from "./turnstile.ts";
import type { Shell, ShellOptions, ShellResult } from "./shell.ts";
import { LinkError, noLonger, notThrough, unreachable } from "./ssh-faults.ts";
import { standingShells, type StandingShells } from "./standing-shells.ts";
import type { SshTarget } from "./target.ts";
import { usualTiming, type Timing } from "./timing.ts";

export type Connection = {
  readonly shell: Shell;
  /** To a port of the host's own loopback address, as Kafka's protocol needs. */
  dial(port: number, signal: AbortSignal): Promise<Duplex>;
  close(): void;
};

export type ConnectOptions = {
  /** Until then, whatever a machine that boots does is tried again: nobody listens, logins are refused. */
  readonly waitForBootSeconds?: number;
};

export type SshOptions = {
  readonly signal: AbortSignal;
  /** Null where there is no terminal. */
  readonly ask: AskHidden | null;
  readonly emit?: Emit;
  readonly timing?: Timing;
};

/** Jump hosts and passphrases are shared by all that is reached through one of these. */
export type Ssh = {
  /** Resolves once the host has let the user in. */
  connect(target: SshTarget, options?: ConnectOptions): Promise<Connection>;
  /** All connections. */
  close(): void;
};

/** sshd allows 10 on a connection, where nobody says otherwise. */
const mostSessions = 8;

export function openSsh({ signal, ask, emit, timing = usualTiming }: SshOptions): Ssh {
  const keyring = makeKeyring(ask);
  const closed = new AbortController();
  const told = emit === undefined ? {} : { emit };
  const means = { keyring, timing, signal: AbortSignal.any([signal, closed.signal]), ...told };
  const jumps = new Map<string, Line>();
  const lines: Line[] = [];

  const lineTo = (target: SshTarget): Line => {
    const before = target.jump === null ? null : jumpTo(target.jump);
    const line = makeLine(target, {
      timing,
      signal: means.signal,
      ...told,
      open: async () => openLink(target, before === null ? null : await before.link({}), means),
    });
    lines.push(line);
    return line;
  };
  const jumpTo = (target: SshTarget): Line => {
    const key = JSON.stringify(target);
    const known = jumps.get(key) ?? lineTo(target);
    jumps.set(key, known);
    return known;
  };

  return {
    connect: async (target, options = {}) => {
      const line = lineTo(target);
      await line.link(options);
      return connectionOn(line, target);
    },
    close: () => {
      closed.abort();
      for (const line of lines) line.close();
    },
  };
}

/** What a connection is made on: the link that there is, or a new one. */
type Line = { link(options: ConnectOptions): Promise<Link>; close(): void };

type LineMeans = {
  readonly open: () => Promise<Link>;
  readonly timing: Timing;
  readonly signal: AbortSignal;
  readonly emit?: Emit;
};

function makeLine(target: SshTarget, { open: openAnew, timing, signal, emit }: LineMeans): Line {
  let open: Link | null = null;
  let opening: Promise<Link> | null = null;
  let knocked = Number.NEGATIVE_INFINITY;

  const knock = async (pause: number): Promise<Link> => {
    const wait = knocked + pause - performance.now();
    if (wait > 0) await delay(wait, undefined, { signal });
    knocked = performance.now();
    return openAnew();
  };

  const openPatiently = async ({ waitForBootSeconds = 0 }: ConnectOptions): Promise<Link> => {
    const started = performance.now();
    for (let pause = timing.knockMs; ; pause = Math.min(pause * 2, timing.longestKnockMs)) {
      signal.throwIfAborted();
      try {
        return await knock(pause);
      } catch (error) {
        const spent = performance.now() - started;
        const refused = error instanceof LinkError && error.trouble === "auth";
        if (!mayTryAgain(error, spent, waitForBootSeconds * 1000, timing))
          throw open === null ? error : noLonger(error);
        if (refused) pause = Math.max(pause, timing.refusedKnockMs / 2);
        emit?.({ type: "waiting", key: `ssh:${target.node}`, what: (error as Error).message, seconds: spent / 1000 });
      }
    }
  };

  return {
    link: async (options) => {
      if (open !== null && !open.down.aborted) return open;
      opening ??= openPatiently(options).finally(() => (opening = null));
      open = await opening;
      return open;
    },
    close: () => open?.end(),
  };
}

function mayTryAgain(error: unknown, spentMs: number, bootMs: number, { turnedAwayMs }: Timing): boolean {
  if (!(error instanceof LinkError)) return false;
  if (error.trouble === "turned-away" && spentMs < turnedAwayMs) return true;
  return spentMs < bootMs && error.trouble !== "no-name";
}

function connectionOn(line: Line, target: SshTarget): Connection {
  const linkNow = (signal: AbortSignal): Promise<Link> => orAbort(line.link({}), signal);
  const means = { target, linkNow, turnstile: makeTurnstile(mostSessions), shells: standingShells(target, linkNow) };
  return {
    shell: { node: target.node, run: async (script, options) => runSomewhere(means, script, options) },
    dial: async (port, signal) => dialOn(await linkNow(signal), target, port),
    close: () => line.close(),
  };
}

/** How long a server that has no session open for us may refuse to open one. */
const refusedMs = 5000;

type SessionMeans = {
  readonly target: SshTarget;
  readonly linkNow: (signal: AbortSignal) => Promise<Link>;
  readonly turnstile: Turnstile;
  readonly shells: StandingShells;
};

/** Where the server opens fewer sessions than asked for, the rest wait for those that it opened. */
async function runSomewhere(
  { target, linkNow, turnstile, shells }: SessionMeans,
  script: string,
  options: ShellOptions,
): Promise<ShellResult> {
  const { input, signal } = options;
  let aloneSince: number | null = null;
  for (let pause = 10; ; pause = Math.min(pause * 2, 500)) {
    await turnstile.enter(signal);
    try {
      if (input === undefined) return await shells.run(script, options);
      const means = { link: await linkNow(signal), target, makeRoom: shells.endIdle };
      return await runWithInput(means, script, { ...options, input });
    } catch (error) {
      if (!(error instanceof SessionRefusedError)) throw error;
      const alone = !shells.endIdle() && turnstile.narrow();
      aloneSince = alone ? (aloneSince ?? performance.now()) : null;
      if (aloneSince !== null && performance.now() - aloneSince > refusedMs) {
        throw unreachable(target, "other", "sshd opens no session (MaxSessions)", error.message);
      }
    } finally {
      turnstile.leave();
    }
    await delay(pause, undefined, { signal });
  }
}

async function dialOn({ client, down }: Link, target: SshTarget, port: number): Promise<Duplex> {
  down.throwIfAborted();
  return new Promise((resolve, reject) => {
    client.forwardOut("127.0.0.1", 0, "127.0.0.1", port, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(down.aborted ? (down.reason as Error) : notThrough(target, port, error));
    });
  });
}

/** The connection is everybody's; who gives up waiting for it leaves it alone. */
async function orAbort<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
