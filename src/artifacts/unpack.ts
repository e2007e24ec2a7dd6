/** Unpacks an archive whose digest was checked; anything in it that has no business there stops it. */
import { readdir } from "node:fs/promises";
import { KctlError } from "../fault.ts";

export type UnpackLimits = { readonly bytes: number; readonly entries: number };

/** Kafka unpacks to some 130 MB in 250 files. */
const usual: UnpackLimits = { bytes: 2 * 1024 ** 3, entries: 20_000 };

type Entry = { readonly path: string; readonly type: string; readonly size: number };

/** Why an entry is refused; null where it is not. The official archives hold plain files and folders only. */
function objection(entry: Entry, top: string): string | null {
  const parts = entry.path.split(/[/\\]/);
  if (entry.path.startsWith("/") || /^[A-Za-z]:/.test(entry.path)) return "is an absolute path";
  if (parts.includes("..")) return "leads out of its folder";
  if (entry.path.includes("\0")) return "has a NUL in its name";
  if (!["File", "OldFile", "ContiguousFile", "Directory"].includes(entry.type)) return `is a ${entry.type}`;
  if (parts.filter((part) => part !== "" && part !== ".")[0] !== top) return `is not below ${top}/`;
  return null;
}

function refuse(archive: string, why: string): KctlError {
  return new KctlError({
    code: "artifact-damaged",
    what: `${archive} is not unpacked: ${why}`,
    where: archive,
    fix: "delete it, and see where it came from",
  });
}

/** `into` must be a new, empty folder; it then holds `top`. On an error its content is of no use. */
export async function unpack(
  archive: string,
  into: string,
  top: string,
  signal: AbortSignal,
  limits: UnpackLimits = usual,
): Promise<void> {
  const { extract } = await import("tar");
  let refused: string | null = null;
  let bytes = 0;
  let entries = 0;
  const filter = (path: string, entry: object): boolean => {
    signal.throwIfAborted();
    // Once one entry is refused nothing more is written.
    if (refused !== null) return false;
    const seen = entry as { readonly type: string; readonly size?: number };
    const size = seen.size ?? 0;
    bytes += size;
    entries += 1;
    const why = objection({ path, type: seen.type, size }, top);
    if (why !== null) refused = `its entry ${JSON.stringify(path)} ${why}`;
    else if (bytes > limits.bytes) refused = `it holds more than ${limits.bytes} bytes`;
    else if (entries > limits.entries) refused = `it holds more than ${limits.entries} entries`;
    return refused === null;
  };
  try {
    await extract({ file: archive, cwd: into, strict: true, preserveOwner: false, noMtime: true, filter });
  } catch (error) {
    signal.throwIfAborted();
    if (refused !== null) throw refuse(archive, refused);
    if (isOfDisk(error)) throw error;
    throw refuse(archive, error instanceof Error ? error.message : String(error));
  }
  if (refused !== null) throw refuse(archive, refused);
  if (!(await readdir(into)).includes(top)) throw refuse(archive, `it holds no folder ${top}`);
}

function isOfDisk(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EMFILE", "EIO"].includes(String(code));
}
