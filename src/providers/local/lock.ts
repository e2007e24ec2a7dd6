/**
 * One kctl at a time on a cluster: a lock file of this machine, held by a process, without clocks and without leases.
 *
 * The lock is a chain of files, each made complete by link(2), which only one can win: the first at `PATH`, the next at
 * `PATH.after-TOKEN`, where TOKEN is of the file before it. The last of the chain is the holder. Where its process has
 * ended, the next kctl links itself after it: exactly one succeeds a dead holder, and no file of a living one is ever
 * moved. (Renaming a dead holder's file aside would leave an instant in which a third takes the lock of a living one.)
 * The new holder then puts its file over the first, so that the chain is one file again. Removing that one releases.
 */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, rmdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { KctlError } from "../../fault.ts";
import { errnoOf, inTheWay, kindOf, withIoFaults } from "../../hosts/local/io-fault.ts";
import { processesOf } from "../../hosts/local/machine.ts";
import { mayRun } from "../../hosts/local/may-run.ts";
import type { Lock } from "../provider.ts";

/** What a lock file says. `since` is for people; no decision rests on it. */
type Holder = {
  readonly token: string;
  readonly pid: number;
  readonly birth: string;
  readonly command: string;
  readonly since: string;
};

/** The files of the chain from the first on; empty where nobody holds it. */
type Chain = readonly { readonly path: string; readonly holder: Holder }[];

/** Throws a `locked` fault where a living kctl holds it; never waits. */
export async function acquireLock(
  path: string,
  { command }: { readonly command: string },
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Lock> {
  return withIoFaults("lock", path, async () => {
    const processes = processesOf(process.platform);
    const birth = await processes.birthOf(process.pid);
    if (birth === null) throw new RangeError("a running process has a birth");
    const token = randomUUID();
    const mine: Holder = { token, pid: process.pid, birth, command, since: new Date().toISOString() };
    for (let vanishings = 0; ;) {
      signal?.throwIfAborted();
      const last = (await readChain(path)).at(-1);
      if (last !== undefined && (await processes.birthOf(last.holder.pid)) === last.holder.birth)
        throw locked(path, last.holder);
      try {
        if (!(await takeAfter(last?.holder ?? null, path, mine))) continue;
        await removeLeftovers(path);
        return lockOf(path, token);
      } catch (error) {
        // The folder goes away with a holder that has nothing else in it, or destroyed its cluster.
        vanishings += 1;
        if (!vanished(error) || vanishings > 100) throw error;
      }
    }
  });
}

const vanished = (error: unknown): boolean => errnoOf(error) === "ENOENT";

const successor = (path: string, { token }: Holder): string => `${path}.after-${token}`;

async function holds(path: string, token: string): Promise<boolean> {
  return (await readChain(path)).at(-1)?.holder.token === token;
}

function lockOf(path: string, token: string): Lock {
  return {
    stillHeld: () => withIoFaults("read", path, () => holds(path, token)),
    release: () =>
      withIoFaults("unlock", path, async () => {
        const chain = await readChain(path);
        if (chain.at(-1)?.holder.token !== token) return;
        for (const file of chain) await unlinkIfThere(file.path);
        await rmdir(dirname(path)).catch((error: unknown) => {
          if (!["ENOTEMPTY", "EEXIST", "ENOENT", "EBUSY", "EACCES", "EPERM"].includes(errnoOf(error) ?? ""))
            throw error;
        });
      }),
  };
}

async function readChain(path: string): Promise<Chain> {
  const chain: { path: string; holder: Holder }[] = [];
  for (let next = path; ;) {
    const holder = await readHolder(next);
    if (holder === null) return chain;
    chain.push({ path: next, holder });
    next = successor(path, holder);
  }
}

async function readHolder(path: string): Promise<Holder | null> {
  let text;
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      text = await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    if (errnoOf(error) === "ELOOP" || errnoOf(error) === "EISDIR") throw damaged(path);
    throw error;
  }
  const holder = parseHolder(text);
  if (holder === null) throw damaged(path);
  return holder;
}

function parseHolder(text: string): Holder | null {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof Holder, unknown>> | null;
    if (typeof value !== "object" || value === null) return null;
    const { token, pid, birth, command, since } = value;
    if (typeof token !== "string" || !/^[\w-]+$/.test(token)) return null;
    if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return null;
    if (typeof birth !== "string" || typeof command !== "string" || typeof since !== "string") return null;
    return { token, pid, birth, command, since };
  } catch {
    return null;
  }
}

/** Takes the lock after a dead holder, or after nobody; false where somebody else was first. */
async function takeAfter(former: Holder | null, path: string, mine: Holder): Promise<boolean> {
  const draft = `${path}.draft-${mine.pid}-${randomUUID()}`;
  const own = former === null ? path : successor(path, former);
  try {
    await makeFolderFor(path);
    await writeDraft(draft, mine);
    await link(draft, own);
    // The chain that was read may have been released meanwhile, and another begun.
    const held = await holds(path, mine.token);
    if (held && own !== path) await rename(draft, path);
    if (!held || own !== path) await unlinkIfThere(own);
    return held;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await unlinkIfThere(draft);
  }
}

async function makeFolderFor(path: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    if (!vanished(error) && errnoOf(error) !== "EEXIST") throw error;
  });
  const stats = await lstat(folder);
  if (!stats.isDirectory()) throw inTheWay(folder, kindOf(stats), "a folder");
}

async function writeDraft(path: string, holder: Holder): Promise<void> {
  const file = await open(path, "wx", 0o644);
  try {
    await file.writeFile(`${JSON.stringify(holder)}\n`);
    // Else a lost power could leave a lock that names nobody.
    await file.sync();
  } finally {
    await file.close();
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR") throw error;
  });
}

/** The holder sweeps up: drafts of the killed, and ends of chains that were released. */
async function removeLeftovers(path: string): Promise<void> {
  const chain = new Set((await readChain(path)).map((file) => file.path));
  const folder = dirname(path);
  const name = basename(path);
  for (const entry of await readdir(folder)) {
    const other = join(folder, entry);
    const draftOf = new RegExp(String.raw`^\.draft-(\d+)-`).exec(
      entry.startsWith(name) ? entry.slice(name.length) : "",
    );
    if (draftOf !== null ? !mayRun(Number(draftOf[1])) : entry.startsWith(`${name}.after-`) && !chain.has(other))
      await unlinkIfThere(other);
  }
}

function locked(path: string, { pid, command, since }: Holder): KctlError {
  return new KctlError({
    code: "locked",
    where: path,
    what: `another kctl is at work on this cluster: \`${command}\`, process ${pid}, since ${since}`,
    fix: `wait until it is done, or stop it with \`kill ${pid}\`; its lock ends with it`,
  });
}

function damaged(path: string): KctlError {
  return new KctlError({
    code: "locked",
    where: path,
    what: `${path} is no lock that kctl can read, so that nobody can tell whether another kctl is at work`,
    fix: `see that no other kctl runs on this cluster, then remove it: \`rm '${path}'\``,
  });
}
