/**
 * A root's shell that stays for one script after another: a session costs the machine a login shell, where the user is not root a
 * sudo, and kctl two waits. Each script is a subshell, so that nothing of it is left for the next.
 */
import { randomUUID } from "node:crypto";
import type { ClientChannel } from "ssh2";
import { endProcess } from "./end-process.ts";
import { heard, heardErrors } from "./heard.ts";
import type { Link } from "./link.ts";
import { quoted } from "./quote.ts";
import { rootShell } from "./root-shell.ts";
import { notBegun, openSession, tooLong } from "./session.ts";
import type { ShellOptions, ShellResult } from "./shell.ts";
import { lost } from "./ssh-faults.ts";
import type { SshTarget } from "./target.ts";

/** It had ended before it was given the script, nothing of which has run. */
export class ShellGoneError extends Error {
  override readonly name = "ShellGoneError";
}

export type ScriptOptions = Pick<ShellOptions, "signal" | "onSent" | "onStdout">;

export type StandingShell = {
  readonly link: Link;
  /** Whether it can be given another script. */
  readonly stands: () => boolean;
  readonly run: (script: string, options: ScriptOptions) => Promise<ShellResult>;
  readonly end: () => void;
};

/** @param makeRoom gives sessions back that others have no use for: what is interrupted is ended by one */
export async function openStandingShell(link: Link, target: SshTarget, makeRoom: () => void): Promise<StandingShell> {
  const channel = await openSession(link, target, `${rootShell(target)} -s`);
  let stands = true;
  let used = false;
  channel.on("error", () => null);
  channel.on("close", () => (stands = false));
  const end = (): void => {
    stands = false;
    channel.end();
  };
  return {
    link,
    stands: () => stands && !link.down.aborted,
    run: async (script, options) => {
      const fresh = !used;
      used = true;
      try {
        return await runIn({ link, target, channel, fresh, makeRoom }, script, options);
      } catch (error) {
        // Whatever it was, it may still be at it.
        end();
        throw error;
      }
    },
    end,
  };
}

type Standing = {
  readonly link: Link;
  readonly target: SshTarget;
  readonly channel: ClientChannel;
  /** Nothing was run in it yet. */
  readonly fresh: boolean;
  readonly makeRoom: () => void;
};

/**
 * The script is sent once the shell has said that it is there, since the connection may be broken without anybody knowing yet. It is one
 * command: a shell runs none of it before it has read all of it, so half a script that a broken connection leaves does nothing;
 * and what runs in it cannot read what comes after it for its own input.
 */
async function runIn(
  { link, target, channel, fresh, makeRoom }: Standing,
  script: string,
  { signal, onSent, onStdout }: ScriptOptions,
): Promise<ShellResult> {
  const mark = `kctl-${randomUUID()}`;
  const endMark = `kctl-end-${randomUUID()} `;
  const { promise, resolve, reject } = Promise.withResolvers<ShellResult>();
  const out = heard(mark, endMark, onStdout);
  const err = heardErrors(endMark);
  let stopped = false;
  let sent = false;
  const stop = (reason: Error): void => {
    if (stopped) return;
    stopped = true;
    void endProcess({ link, target, makeRoom }, channel, out.pid()).then(() => reject(reason));
  };
  const seen = (): void => {
    if (out.begun() && !sent) {
      sent = true;
      onSent?.();
      const told = `printf '%s%s\\n' '${endMark}' $?; printf '%s' '${endMark}' >&2`;
      // A line of the user's may be no whole command: as an argument it leaves all that comes after it as it is.
      channel.write(`(eval ${quoted(script)}\n) </dev/null\n${told}\n`);
    }
    const code = out.code();
    if (code !== null && err.ended()) resolve({ code, stdout: out.text(), stderr: err.text() });
  };
  const onData = (chunk: Buffer): void => {
    if (stopped) return;
    if (out.add(chunk)) seen();
    else stop(tooLong(target));
  };
  const onErrors = (chunk: Buffer): void => {
    err.add(chunk);
    seen();
  };
  const closed = (code: number | null | undefined): void => {
    if (stopped) return;
    // Once the connection is known to be down, that is the reason.
    setImmediate(() => {
      if (!sent && !fresh) reject(new ShellGoneError("the shell has ended"));
      else if (code === undefined) reject(lost(target, "a session ended without its exit status"));
      else if (out.begun()) resolve({ code, stdout: out.text(), stderr: err.text() });
      else reject(notBegun(target, err.text(), out.before()));
    });
  };
  const broken = (): void => reject(sent ? (link.down.reason as Error) : new ShellGoneError("the connection is gone"));
  const aborted = (): void => stop(signal.reason as Error);
  signal.addEventListener("abort", aborted, { once: true });
  link.down.addEventListener("abort", broken, { once: true });
  channel.on("data", onData).on("close", closed);
  channel.stderr.on("data", onErrors);
  try {
    signal.throwIfAborted();
    channel.write(`printf '%s %s\\n' ${mark} $$\n`);
    return await promise;
  } finally {
    signal.removeEventListener("abort", aborted);
    link.down.removeEventListener("abort", broken);
    channel.off("data", onData).off("close", closed);
    channel.stderr.off("data", onErrors);
  }
}
