/** Unpacks an archive whose digest was checked; anything in it that has no business there stops it. */
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import type { Unpack } from "tar";
import { KctlError } from "../fault.ts";

export type UnpackLimits = { readonly bytes: number; readonly entries: number };

/** Kafka unpacks to some 130 MB in 250 files. */
const usual: UnpackLimits = { bytes: 2 * 1024 ** 3, entries: 20_000 };

export type Expected = {
  /** The one folder that all lies in; null: one of any name. */
  readonly top: string | null;
  /** Whether links to elsewhere in the archive belong there. Apache's archives hold plain files and folders only. */
  readonly links: boolean;
  /** Nothing is asked of the top: files lie there, and several folders. */
  readonly flat?: true;
};

type Entry = { readonly path: string; readonly type: string; readonly size?: number; readonly linkpath?: string };

function partsOf(path: string): readonly string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** Whether a link stays below the archive's folder, whatever the others are: it climbs first, and then only goes down. */
function staysInside({ path, linkpath = "" }: Entry): boolean {
  const steps = linkpath.split("/");
  const climbs = steps.findIndex((step) => step !== "..");
  if (climbs === -1 || linkpath === "" || /[\\\0]/.test(linkpath)) return false;
  return !linkpath.startsWith("/") && !steps.slice(climbs).includes("..") && climbs < partsOf(path).length - 1;
}

/** Why an entry is refused; null where it is not. */
function objection(entry: Entry, top: string | undefined, { links, flat }: Expected): string | null {
  const parts = entry.path.split(/[/\\]/);
  if (entry.path.startsWith("/") || /^[A-Za-z]:/.test(entry.path)) return "is an absolute path";
  if (parts.includes("..")) return "leads out of its folder";
  if (entry.path.includes("\0")) return "has a NUL in its name";
  if (links && entry.type === "SymbolicLink") {
    if (!staysInside(entry)) return `is a link that leads out of its folder`;
  } else if (!["File", "OldFile", "ContiguousFile", "Directory"].includes(entry.type)) return `is a ${entry.type}`;
  if (flat === true) return null;
  return top === undefined || partsOf(entry.path)[0] !== top ? `is not below ${top ?? "a folder"}/` : null;
}

function refuse(archive: string, why: string): KctlError {
  return new KctlError({
    code: "artifact-damaged",
    what: `${archive} is not unpacked: ${why}`,
    where: archive,
    fix: "delete it, and see where it came from",
  });
}

/** Looks at each entry before it is written. */
function gate(expected: Expected, limits: UnpackLimits) {
  let refused: string | null = null;
  let top = expected.top ?? undefined;
  let bytes = 0;
  let entries = 0;
  const filter = (path: string, entry: object): boolean => {
    // Once one entry is refused nothing more is written.
    if (refused !== null) return false;
    const { type, size = 0, linkpath } = entry as Omit<Entry, "path">;
    bytes += size;
    entries += 1;
    top ??= partsOf(path)[0];
    const why = objection({ path, type, ...(linkpath === undefined ? {} : { linkpath }) }, top, expected);
    if (why !== null) refused = `its entry ${JSON.stringify(path)} ${why}`;
    else if (bytes > limits.bytes) refused = `it holds more than ${limits.bytes} bytes`;
    else if (entries > limits.entries) refused = `it holds more than ${limits.entries} entries`;
    return refused === null;
  };
  return { filter, refused: () => refused, top: () => top };
}

/** Whatever the headers say, a small file that swells without end is stopped here. */
async function* limited(chunks: AsyncIterable<Buffer>, longest: number): AsyncGenerator<Buffer, void> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > longest) throw new Error(`it holds more than ${longest} bytes`);
    yield chunk;
  }
}

/** Feeds the extractor by hand: it takes compressed input too, but then a failure of zlib's can leave it waiting for ever. */
async function feed(extractor: Unpack, chunks: AsyncIterable<Buffer>, refused: () => string | null): Promise<void> {
  const closed = new Promise<void>((resolve, reject) => {
    extractor.once("close", resolve);
    extractor.once("error", reject);
  });
  closed.catch(() => undefined);
  for await (const chunk of chunks) {
    if (refused() !== null) return;
    if (!extractor.write(chunk)) {
      await Promise.race([new Promise<void>((resolve) => extractor.once("drain", resolve)), closed]);
    }
  }
  extractor.end();
  await closed;
}

/** `into` must be a new, empty folder; it then holds the folder whose name is returned, `.` where it is flat. On an error its content is of no use. */
export async function unpack(
  archive: string,
  into: string,
  expected: Expected,
  signal: AbortSignal,
  limits: UnpackLimits = usual,
): Promise<string> {
  const { extract } = await import("tar");
  const { filter, refused, top: topSeen } = gate(expected, limits);
  const chunk = 1 << 20;
  const packed = createReadStream(archive, { highWaterMark: chunk, signal });
  const plain = createGunzip({ chunkSize: chunk });
  packed.once("error", (error) => plain.destroy(error));
  try {
    const extractor = extract({ cwd: into, strict: true, preserveOwner: false, noMtime: true, filter });
    // Headers and padding: a block or two an entry.
    await feed(extractor, limited(packed.pipe(plain), limits.bytes + limits.entries * 2048), refused);
  } catch (error) {
    signal.throwIfAborted();
    if (isOfDisk(error)) throw error;
    throw refuse(archive, refused() ?? (error instanceof Error ? error.message : String(error)));
  } finally {
    packed.destroy();
    plain.destroy();
  }
  const why = refused();
  if (why !== null) throw refuse(archive, why);
  if (expected.flat === true) return ".";
  const top = topSeen();
  if (top === undefined || !(await readdir(into)).includes(top))
    throw refuse(archive, `it holds no folder${expected.top === null ? "" : ` ${expected.top}`}`);
  return top;
}

function isOfDisk(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EMFILE", "EIO"].includes(String(code));
}
