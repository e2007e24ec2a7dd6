/**
 * One kctl at a time works on an artifact; a second one waits and then finds it done. The turn belongs to whoever wrote
 * `owner.json` in the work folder, and lapses when that process is gone or has not touched the file for a while.
 *
 * It saves work and keeps leftovers from piling up. That nobody takes something half-made for whole does not rest on
 * it: that comes from names of one's own, digests, and renames.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, readlink, rename, rm, rmdir, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { KctlError } from "../fault.ts";

type Owner = {
  readonly id: string;
  readonly pid: number;
  /** Host and pid namespace: in another container, that pid is another process. */
  readonly place: string;
};

export type TurnOptions = {
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Called once, where another kctl has the turn. */
  readonly onWait: () => void;
};

const beatMs = 2_000;
const lapseMs = 15_000;
const pollMs = 150;
/** What a dead run may leave to the next one; the rest is removed. */
const worthKeeping = /\.part(\.json)?$/;

async function place(): Promise<string> {
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return `${hostname()} ${namespace}`;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

async function readOwner(file: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Owner;
  } catch {
    return null;
  }
}

/** Milliseconds since a file was touched; null where there is none. */
async function ageOf(file: string): Promise<number | null> {
  try {
    return Date.now() - (await stat(file)).mtimeMs;
  } catch {
    return null;
  }
}

/** True where the file was made by this call. */
async function createOnce(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: "wx" });
    return true;
  } catch (error) {
    // The folder went away with the turn of another.
    if (codeOf(error) === "EEXIST" || codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function hasLapsed(file: string, here: string): Promise<Owner | null> {
  const owner = await readOwner(file);
  const age = await ageOf(file);
  if (age === null) return null;
  if (owner === null) return age > lapseMs ? { id: "unreadable", pid: 0, place: "" } : null;
  const gone = owner.place === here && !isAlive(owner.pid);
  return gone || age > lapseMs ? owner : null;
}

/** Of several that see a lapsed turn, only the one that makes the folder named after it takes it over. */
async function takeOver(file: string, lapsed: Owner, me: Owner): Promise<boolean> {
  const claim = `${file}.after-${lapsed.id}`;
  try {
    await mkdir(claim);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    if (codeOf(error) !== "EEXIST") throw error;
    // Whoever made it died before the end of this function.
    if (((await ageOf(claim)) ?? 0) > lapseMs) await rmdir(claim).catch(() => undefined);
    return false;
  }
  try {
    const now = await readOwner(file);
    if ((now?.id ?? "unreadable") !== lapsed.id) return false;
    await writeFile(`${file}.${me.id}`, JSON.stringify(me));
    await rename(`${file}.${me.id}`, file);
    return true;
  } finally {
    await rmdir(claim).catch(() => undefined);
  }
}

async function acquire(file: string, me: Owner, { folder, signal, onWait }: TurnOptions): Promise<void> {
  for (let told = false; ;) {
    signal.throwIfAborted();
    await mkdir(folder, { recursive: true });
    if (await createOnce(file, JSON.stringify(me))) return;
    const lapsed = await hasLapsed(file, me.place);
    if (lapsed !== null) {
      if (await takeOver(file, lapsed, me)) return;
      continue;
    }
    if (!told) onWait();
    told = true;
    // Another process's file: there is nothing to await but its going.
    await delay(pollMs, undefined, { signal });
  }
}

/** What cannot be removed is left to the next run: a child of a killed kctl may still write there for a moment. */
async function removeAllBut(folder: string, kept: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!kept(name)) await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function release(file: string, folder: string, me: Owner, keepParts: boolean): Promise<void> {
  if ((await readOwner(file))?.id !== me.id) return;
  await removeAllBut(folder, (name) => join(folder, name) === file || (keepParts && worthKeeping.test(name)));
  await rm(file, { force: true });
  // Fails where something was kept, or somebody else has come in meanwhile: both are fine.
  await rmdir(folder).catch(() => undefined);
}

/** Runs `work` while no other kctl works in the folder. What it leaves there is removed; parts of downloads only once it succeeds. */
export async function withTurn<T>(options: TurnOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const file = join(options.folder, "owner.json");
  const me: Owner = { id: randomUUID(), pid: process.pid, place: await place() };
  await acquire(file, me, options);
  const lost = new AbortController();
  const beat = async (): Promise<void> => {
    if ((await readOwner(file))?.id === me.id) await utimes(file, new Date(), new Date());
    else lost.abort(takenOver(options.folder));
  };
  const timer = setInterval(() => void beat().catch((error: unknown) => lost.abort(error)), beatMs);
  let keepParts = true;
  try {
    await removeAllBut(options.folder, (name) => name.startsWith("owner.json") || worthKeeping.test(name));
    const result = await work(AbortSignal.any([options.signal, lost.signal]));
    keepParts = false;
    return result;
  } finally {
    clearInterval(timer);
    await release(file, options.folder, me, keepParts);
  }
}

/** Only where this process was suspended for longer than `lapseMs`: a laptop that slept. */
function takenOver(folder: string): KctlError {
  return new KctlError({
    code: "locked",
    what: "this kctl was suspended, and another one went on with its download",
    where: folder,
    fix: "run the same command again",
  });
}
