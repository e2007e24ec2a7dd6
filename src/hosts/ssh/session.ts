/** A session of an SSH connection: opened, and a script with its input run in one of its own. */
import { randomUUID } from "node:crypto";
import { pipeline } from "node:stream";
import type { ClientChannel } from "ssh2";
import { KctlError } from "../../fault.ts";
import { endProcess, type EndMeans } from "./end-process.ts";
import { heard, heardErrors, longestOutput } from "./heard.ts";
import type { Link } from "./link.ts";
import { quoted } from "./quote.ts";
import { rootShell } from "./root-shell.ts";
import type { ShellOptions, ShellResult } from "./shell.ts";
import { faultOf, lost, nameOf } from "./ssh-faults.ts";
import type { SshTarget } from "./target.ts";

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

/** In a session of its own, where the script is `sh -c`'s argument, so that what it starts can read the input. */
export async function runWithInput(
  means: EndMeans,
  script: string,
  { input, signal, onStdout }: ShellOptions & Required<Pick<ShellOptions, "input">>,
): Promise<ShellResult> {
  const { link, target } = means;
  const mark = `kctl-${randomUUID()}`;
  const begin = `printf '%s %s\\n' ${mark} $$`;
  const channel = await openSession(link, target, `${rootShell(target)} -c ${quoted(`${begin}\n${script}`)}`);
  const { promise, resolve, reject } = Promise.withResolvers<ShellResult>();
  const out = heard(mark, null, onStdout);
  const err = heardErrors(null);
  let stopped = false;
  const stop = (reason: Error): void => {
    if (stopped) return;
    stopped = true;
    channel.removeAllListeners("close");
    void endProcess(means, channel, out.pid()).then(() => reject(reason));
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
  if (Buffer.isBuffer(input)) channel.end(input);
  else pipeline(input, channel, () => null);
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

export function tooLong(target: SshTarget): KctlError {
  return new KctlError(
    faultOf(target, "ssh-output-too-long", {
      what: `a command on ${nameOf(target)} printed more than ${longestOutput / 1024 / 1024} MiB`,
      fix: "run again with --verbose and report it",
    }),
  );
}

/** The script's shell never started: sudo refused it, or the user's own shell did. */
export function notBegun(target: SshTarget, stderr: string, before: string): KctlError {
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
