/** Ends one process in order, or else by force: only ever that very one. */
import { setTimeout as delay } from "node:timers/promises";
import { KctlError } from "../../fault.ts";
import type { RunningProcess } from "../../plan/observed.ts";
import { errnoOf } from "./io-fault.ts";
import type { Machine } from "./machine.ts";
import { removePidFile } from "./pid-file.ts";

/** How long the system may take to end a process that it was told to kill: longer only if it hangs in a disk. */
const killSeconds = 10;

export async function stop(
  root: string,
  machine: Machine,
  running: RunningProcess,
  graceSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { pid, pidFile } = running;
  await send("SIGTERM", machine, running);
  // One that was paused could not hear it.
  await send("SIGCONT", machine, running);
  if (!(await ends(machine, running, graceSeconds, signal))) {
    await send("SIGKILL", machine, running);
    if (!(await ends(machine, running, killSeconds, signal)))
      throw new KctlError({
        code: "timeout",
        what: `process ${pid} does not end, though it was killed`,
        fix: "it waits for the system, most often for a disk: see `ps -o pid,stat,wchan`, and run the same command again",
      });
  }
  if (pidFile !== undefined) await removePidFile(root, pidFile, running);
}

export async function isAlive(machine: Machine, { pid, birth }: RunningProcess): Promise<boolean> {
  return (await machine.birthOf(pid)) === birth;
}

/** Looks right before it sends: the pid may be another's by now. */
async function send(name: NodeJS.Signals, machine: Machine, running: RunningProcess): Promise<void> {
  if (!(await isAlive(machine, running))) return;
  try {
    process.kill(running.pid, name);
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return;
    throw new KctlError(
      {
        code: "local-io",
        what: `process ${running.pid} cannot be stopped: this user may not send it ${name}`,
        fix: `stop it as its own user (\`ps -o user,pid,args -p ${running.pid}\`)`,
      },
      { cause: error },
    );
  }
}

/** The end of a process that is not kctl's child can only be asked for. */
async function ends(machine: Machine, running: RunningProcess, seconds: number, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  for (let pause = 5; ; pause = Math.min(pause * 1.5, 100)) {
    if (!(await isAlive(machine, running))) return true;
    const left = deadline - performance.now();
    if (left <= 0) return false;
    await delay(Math.min(pause, left), undefined, { signal });
  }
}
