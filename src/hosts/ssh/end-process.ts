/** Ends what runs in a session: sshd does not hand signals on to root's, and a closed session ends nothing by itself. */
import { setTimeout as delay } from "node:timers/promises";
import type { ClientChannel } from "ssh2";
import type { Link } from "./link.ts";
import { quoted } from "./quote.ts";
import { rootShell } from "./root-shell.ts";
import type { SshTarget } from "./target.ts";

/** Nobody who interrupts waits for longer than this. */
const longestMs = 3000;

export type EndMeans = {
  readonly link: Link;
  readonly target: SshTarget;
  /** Gives sessions back that others have no use for. */
  readonly makeRoom: () => void;
};

/** @param pid of its shell; null where that has not begun yet: then it ends with the session, which is all that it reads from */
export async function endProcess(
  { link, target, makeRoom }: EndMeans,
  channel: ClientChannel,
  pid: string | null,
): Promise<void> {
  channel.on("error", () => null);
  channel.close();
  if (pid === null || !/^\d+$/.test(pid)) return;
  const script = `read -r _ _ _ _ group _ </proc/${pid}/stat && kill -TERM "-$group"`;
  const command = `${rootShell(target)} -c ${quoted(script)}`;
  const deadline = performance.now() + longestMs;
  while (!link.down.aborted && performance.now() < deadline) {
    // A server with one session at a time may not have closed the other yet.
    if (await ran(link, command, deadline - performance.now())) return;
    makeRoom();
    await delay(20);
  }
}

/** @returns false where no session was to be had for it */
async function ran({ client }: Link, command: string, forMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), forMs);
  try {
    client.exec(command, (error, channel) => {
      if (error !== undefined) {
        resolve(false);
        return;
      }
      channel.on("close", () => resolve(true)).on("error", () => resolve(true));
      channel.resume().end();
      channel.stderr.resume();
    });
  } catch {
    // The connection is gone, and the session with it.
    resolve(true);
  }
  const done = await promise;
  clearTimeout(timer);
  return done;
}
