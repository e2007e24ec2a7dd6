/** Runs one script in one session of an SSH connection, and gives what came of it. */
import { randomUUID } from "node:crypto";
import { pipeline, type Readable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { KctlError } from "../../fault.ts";
import { endProcess } from "./end-process.ts";
import type { Link } from "./link.ts";
import { quoted } from "./quote.ts";
import { rootShell } from "./root-shell.ts";
import type { ShellOptions, ShellResult } from "./shell.ts";
import { faultOf, lost, nameOf } from "./ssh-faults.ts";
import type { SshTarget } from "./target.ts";

/** What one run may print, and be kept of it. */
const longestOutput = 32 * 1024 * 1024;

/** Of a session that the server does not open: another may be let in later. */
export class SessionRefusedError extends Error {
  override readonly name = "SessionRefusedError";
}

export async function openSession({ client, down }: Link, target: SshTarget, command: string): Promise<ClientChannel> {
  down.throwIfAborted();
  return new Promise((resolve, reject) => {
    try {
      client.exec(command, (error, channel) => {
        if (error === undefined) resolve(channel);
        else if (down.aborted) reject(down.reason as Error);
        else if ("reason" in error) reject(new SessionRefusedError(error.message));
        else reject(lost(target, error.message));
      });
    } catch (error) {
      reject(lost(target, (error as Error).message));
    }
  });
}

export type Command = {
  readonly text: string;
  /** Printed by the script before anything else: what stands before it is a login script's. */
  readonly mark: string;
  readonly input: Readable | Buffer | string;
};

/**
 * The whole script is one group: a shell runs none of it before it has read all of it, so half a script that a broken
 * connection leaves does nothing; and what runs in it cannot read the rest of the script for its own input.
 */
export function commandFor(target: SshTarget, script: string, input: ShellOptions["input"]): Command {
  const mark = `kctl-${randomUUID()}`;
  const shell = rootShell(target);
  const begin = `printf '%s %s\\n' ${mark} $$`;
  if (input !== undefined) return { text: `${shell} -c ${quoted(`${begin}\n${script}`)}`, mark, input };
  return { text: `${shell} -s`, mark, input: `${begin}\n{\n${script}\n} </dev/null\nexit\n` };
}

export async function runIn(
  channel: ClientChannel,
  { mark, input }: Command,
  target: SshTarget,
  link: Link,
  { signal, onStdout }: Pick<ShellOptions, "signal" | "onStdout">,
): Promise<ShellResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ShellResult>();
  const out = collect(mark, onStdout);
  const err = keepEnd();
  let stopped = false;
  const stop = (reason: Error): void => {
    if (stopped) return;
    stopped = true;
    channel.removeAllListeners("close");
    void endProcess(link, target, channel, out.pid()).then(() => reject(reason));
  };
  const aborted = (): void => stop(signal.reason as Error);
  const broken = (): void => reject(link.down.reason as Error);
  signal.addEventListener("abort", aborted, { once: true });
  link.down.addEventListener("abort", broken, { once: true });
  channel.on("data", (chunk: Buffer) => {
    if (!stopped && !out.add(chunk)) stop(tooLong(target));
  });
  channel.stderr.on("data", (chunk: Buffer) => err.add(chunk));
  channel.on("error", () => null);
  // "exit" may have come with the word that the session is open, before anybody could listen: "close" tells it again.
  channel.on("close", (code: number | null | undefined) => {
    // Once the connection is known to be down, that is the reason.
    setImmediate(() => {
      if (code === undefined) reject(lost(target, "a session ended without its exit status"));
      else resolve({ code, stdout: out.text(), stderr: err.text() });
    });
  });
  feed(channel, input);
  try {
    signal.throwIfAborted();
    const result = await promise;
    if (!out.begun()) throw notBegun(target, result.stderr, out.before());
    return result;
  } finally {
    signal.removeEventListener("abort", aborted);
    link.down.removeEventListener("abort", broken);
  }
}

function feed(channel: ClientChannel, input: Command["input"]): void {
  if (typeof input === "string" || Buffer.isBuffer(input)) channel.end(input);
  else pipeline(input, channel, () => null);
}

/** Standard output from the mark on, as UTF-8 in which wrong bytes are replaced. */
function collect(mark: string, onStdout: ShellOptions["onStdout"]) {
  const decoder = new TextDecoder();
  let pid: string | null = null;
  const kept: string[] = [];
  let before = Buffer.alloc(0);
  let begun = false;
  let bytes = 0;
  const take = (chunk: Buffer): void => {
    const text = decoder.decode(chunk, { stream: true });
    if (text === "") return;
    onStdout?.(text);
    if (onStdout === undefined || bytes <= longestOutput) kept.push(text);
  };
  return {
    begun: () => begun,
    /** The shell's, there. */
    pid: () => pid,
    before: () => before.toString(),
    text: () => kept.join("") + decoder.decode(),
    /** @returns false once it is more than can be kept */
    add: (chunk: Buffer): boolean => {
      if (!begun) {
        before = Buffer.concat([before, chunk]);
        const at = before.indexOf(mark);
        const end = at === -1 ? -1 : before.indexOf("\n", at);
        begun = end !== -1;
        if (begun) {
          pid = before.toString("latin1", at + mark.length, end).trim();
          take(before.subarray(end + 1));
        }
        // However much a login script prints, the mark may be cut in two by chunks.
        before = before.subarray(-64 * 1024);
        return true;
      }
      bytes += chunk.length;
      take(chunk);
      return onStdout !== undefined || bytes <= longestOutput;
    },
  };
}

const longestStderr = 1024 * 1024;

/** The end of it, where the reason stands. */
function keepEnd() {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let cut = false;
  const shorten = (): void => {
    const whole = Buffer.concat(chunks);
    chunks = [whole.subarray(-longestStderr)];
    cut ||= whole.length > longestStderr;
    bytes = Math.min(whole.length, longestStderr);
  };
  return {
    add: (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > 2 * longestStderr) shorten();
    },
    text: (): string => {
      shorten();
      return `${cut ? "(the beginning is left out)\n" : ""}${new TextDecoder().decode(Buffer.concat(chunks))}`;
    },
  };
}

function tooLong(target: SshTarget): KctlError {
  return new KctlError(
    faultOf(target, "ssh-output-too-long", {
      what: `a command on ${nameOf(target)} printed more than ${longestOutput / 1024 / 1024} MiB`,
      fix: "run again with --verbose and report it",
    }),
  );
}

/** The script's shell never started: sudo refused it, or the user's own shell did. */
function notBegun(target: SshTarget, stderr: string, before: string): KctlError {
  const { user } = target;
  const detail = stderr || before;
  if (user !== "root" && /sudo/i.test(detail)) {
    return new KctlError(
      faultOf(target, "sudo-refused", {
        what: `${user} may not become root on ${nameOf(target)}: ${sudoReason(detail)}`,
        fix: `let it, without a password: \`${user} ALL=(ALL) NOPASSWD: ALL\` in /etc/sudoers.d/kctl there, or log in as root (\`provider.user\`)`,
        detail,
      }),
    );
  }
  return new KctlError(
    faultOf(target, "ssh-auth-refused", {
      what: `${user} may log in to ${nameOf(target)}, but gets no shell there`,
      fix: "see the user's login shell, `ForceCommand` in sshd's configuration and `command=` in authorized_keys",
      detail,
    }),
  );
}

function sudoReason(text: string): string {
  if (/password is required|terminal is required|askpass/i.test(text)) return "sudo asks for a password";
  if (/must have a tty/i.test(text)) return "sudo wants a terminal (requiretty)";
  if (/not in the sudoers|not allowed to/i.test(text)) return "sudo does not allow it";
  if (/not found|No such file/i.test(text)) return "there is no sudo";
  return "sudo refused";
}
