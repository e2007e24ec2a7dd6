/** Sends what is asked of one machine together: many changes, few round trips. */
import { randomBytes } from "node:crypto";
import { KctlError } from "../../fault.ts";
import { faultOfVerdict, firstLine } from "./host-fault.ts";
import type { Operation, Verdict } from "./operation.ts";
import { lockLost, scriptOf, verdictReader, withoutRepeats } from "./script.ts";
import type { Shell } from "./shell.ts";

export type BatchOptions = {
  /** Lines for the head of every script, which exit with 97 where the lock was lost. */
  readonly fence: () => string;
  /** The servers' user. */
  readonly user: string;
};

export type Batch = <T>(operation: Operation<T>) => Promise<T>;

type Asked = Pick<Operation<unknown>, "settles" | "uses"> & {
  readonly operation: Operation<unknown>;
  readonly done: (verdict: Verdict) => void;
  readonly failed: (error: unknown) => void;
};

/** Operations asked for while a script runs, and those of one turn of the event loop, go in one script, in order. */
export function batchOf(shell: Shell, options: BatchOptions, signal: AbortSignal): Batch {
  let waiting: Asked[] = [];
  let running = false;
  const pump = async (): Promise<void> => {
    running = true;
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const asked = waiting;
      waiting = [];
      await send(shell, asked, options, signal);
    }
    running = false;
  };
  return (operation) =>
    new Promise((resolve, reject) => {
      waiting.push(askedFor(shell.node, operation, resolve, reject));
      // It hands every error to those who asked.
      if (!running) void pump();
    });
}

/** One operation in a script of its own, for what may take long. */
export async function alone<T>(
  shell: Shell,
  operation: Operation<T>,
  options: BatchOptions,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    void send(shell, [askedFor(shell.node, operation, resolve, reject)], options, signal);
  });
}

function askedFor<T>(
  node: string,
  operation: Operation<T>,
  resolve: (value: T) => void,
  failed: (error: unknown) => void,
): Asked {
  const done = (verdict: Verdict): void => {
    if (verdict.code !== 0) {
      failed(faultOfVerdict(operation, verdict, node));
      return;
    }
    try {
      resolve(operation.read(verdict.stdout));
    } catch (error) {
      failed(error);
    }
  };
  const { settles, uses } = operation;
  return {
    operation,
    done,
    failed,
    ...(settles === undefined ? {} : { settles }),
    ...(uses === undefined ? {} : { uses }),
  };
}

/** Never rejects: each of those who asked is told. */
async function send(shell: Shell, all: readonly Asked[], options: BatchOptions, signal: AbortSignal): Promise<void> {
  const sent = withoutRepeats(all);
  const open = new Set(sent);
  const token = `kctl-${randomBytes(8).toString("hex")}`;
  let heard = 0;
  const read = verdictReader(token, (index, verdict) => {
    const asked = sent[index];
    if (asked === undefined) return;
    open.delete(asked);
    for (const each of thoseSettledBy(asked, all)) each.done(verdict);
  });
  const onStdout = (chunk: string): void => {
    heard += chunk.length;
    sent[0]?.operation.heard?.(chunk);
    read(chunk);
  };
  try {
    const script = scriptOf(
      sent.map(({ operation }) => operation),
      { fence: options.fence(), user: options.user, token },
    );
    const input = sent[0]?.operation.input;
    const { code, stdout, stderr } = await shell.run(script, {
      signal,
      onStdout,
      ...(input === undefined ? {} : { input }),
    });
    read(stdout.slice(heard));
    for (const asked of open) {
      const error = endedEarly(shell.node, code, stderr, asked.operation);
      for (const each of thoseSettledBy(asked, all)) each.failed(error);
    }
  } catch (error) {
    for (const asked of open) for (const each of thoseSettledBy(asked, all)) each.failed(error);
  }
}

/** The operation itself, and those that were left out since it does what they ask for. */
function thoseSettledBy(asked: Asked, all: readonly Asked[]): readonly Asked[] {
  const { settles } = asked;
  if (settles === undefined) return [asked];
  const end = all.indexOf(asked);
  const since = all.slice(0, end).findLastIndex(({ uses }) => uses === settles);
  return all.slice(since + 1, end + 1).filter((each) => each.settles === settles);
}

function endedEarly(node: string, code: number | null, stderr: string, { doing }: Operation<unknown>): KctlError {
  const said = stderr.trim();
  if (code === lockLost)
    return new KctlError({
      code: "locked",
      node,
      what: `${node} is no longer locked by this kctl: another one works on the cluster, or this one slept for too long`,
      fix: "wait until the other one is done, then run the same command again: it goes on from here",
      ...(said === "" ? {} : { detail: said }),
    });
  const how = code === null ? "was killed" : `ended with exit code ${code}`;
  return new KctlError({
    code: "host-io",
    node,
    what: `cannot ${doing}: the shell on ${node} ${how} before it came to that${said === "" ? "" : `: ${firstLine(said)}`}`,
    fix: "run the same command again: it goes on from here",
    ...(said === "" ? {} : { detail: said }),
  });
}
