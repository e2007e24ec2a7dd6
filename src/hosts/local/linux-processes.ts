/** Processes as Linux shows them, in /proc. Reading it without waiting is several times faster than by promises. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf } from "./io-fault.ts";
import type { CommandLine, Processes, Sighting } from "./processes.ts";

/**
 * The part of /proc/PID/stat that is of use; null where the process has ended. One whose first thread is over (state Z)
 * has not while others are left: they still hold its files and ports (proc(5), num_threads).
 */
export function parseStat(stat: string): { readonly parent: number; readonly started: string } | null {
  // The name stands in parentheses and may hold anything, parentheses too: count from the last one.
  const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [threads, started] = [rest[15], rest[17]];
  if (state === undefined || parent === undefined || started === undefined) return null;
  const isOver = state === "X" || (state === "Z" && Number(threads) <= 1);
  return isOver ? null : { parent: Number(parent), started };
}

/** null where there is no such process (any more), or this user may not see it. */
export function readOfProcess(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM", "ENOTDIR"].includes(errnoOf(error) ?? "")) return null;
    throw error;
  }
}

/** How long a process without arguments is waited for: it takes milliseconds, unless the cores are busy. */
const passingMilliseconds = 500;

/**
 * Whether a process without arguments is about to have some, or to be over: a new program shows none at first (execve(2)), and one
 * whose first thread has ended none any more, though others may still hold its ports.
 */
export function isPassing(status: string, user: number | undefined): boolean {
  const [state, threads, owner] = [/^State:\t(\w)/m, /^Threads:\t(\d+)/m, /^Uid:\t\d+\t(\d+)/m].map(
    (field) => field.exec(status)?.[1],
  );
  return Number(owner) === user && (Number(threads) > 1 || (state !== "Z" && /^VmSize:/m.test(status)));
}

/** Those that stay like that, by pid and birth: each is waited for once. */
const lasting = new Set<string>();

export function linuxProcesses(): Processes {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  const user = process.geteuid?.();
  const life = (pid: number): { parent: number; birth: string } | null => {
    const stat = parseStat(readOfProcess(`/proc/${pid}/stat`) ?? "");
    return stat === null ? null : { parent: stat.parent, birth: `${boot} ${stat.started}` };
  };

  const lifeKey = (pid: number): string => `${pid} ${life(pid)?.birth ?? ""}`;

  const sight = (pid: number, interesting: (command: CommandLine) => boolean): Sighting | "later" | null => {
    const raw = readOfProcess(`/proc/${pid}/cmdline`);
    if (raw === null) return null;
    if (raw === "") {
      const status = readOfProcess(`/proc/${pid}/status`) ?? "";
      return isPassing(status, user) && !lasting.has(lifeKey(pid)) ? "later" : null;
    }
    const text = `\0${Buffer.from(raw, "latin1").toString()}${raw.endsWith("\0") ? "" : "\0"}`;
    const command = { text, separator: "\0" } as const;
    if (!interesting(command)) return null;
    const alive = life(pid);
    return alive !== null && ownerOf(pid) === user ? { pid, ...alive, command } : null;
  };

  const sightings: Processes["sightings"] = async (interesting) => {
    const seen: Sighting[] = [];
    let pids = readdirSync("/proc").filter((name) => /^[1-9]\d*$/.test(name));
    const deadline = performance.now() + passingMilliseconds;
    for (;;) {
      pids = pids.filter((pid) => {
        const sighted = sight(Number(pid), interesting);
        if (sighted !== null && sighted !== "later") seen.push(sighted);
        return sighted === "later";
      });
      if (pids.length === 0 || performance.now() > deadline) break;
      await delay(1);
    }
    for (const pid of pids) lasting.add(lifeKey(Number(pid)));
    // Some may have ended while others were waited for.
    return seen.filter(({ pid, birth }) => life(pid)?.birth === birth);
  };

  return { sightings, birthOf: (pid) => Promise.resolve(life(pid)?.birth ?? null) };
}

function ownerOf(pid: number): number | null {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return null;
    throw error;
  }
}
