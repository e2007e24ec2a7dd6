/** The one way to write a file: beside its target, complete, then renamed into place; never through a symbolic link. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readdir, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { KctlError } from "../../fault.ts";
import { parentsAreFolders } from "./inside-root.ts";
import { errnoOf, inTheWay, kindOf, withIoFaults } from "./io-fault.ts";
import { mayRun } from "./may-run.ts";

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** `.NAME.kctl-PID-RANDOM`: the pid tells whether its writer may still be at it. */
const unfinished = /^\..+\.kctl-(\d+)-[0-9a-f]{12}$/;

export type AtomicFile = { readonly path: string; readonly mode: number; readonly content: string };

/** After it, `path` holds the former content or the new one, whatever happens in between. */
export async function writeAtomically(root: string, { path, mode, content }: AtomicFile): Promise<void> {
  await withIoFaults("write", path, async () => {
    if (!(await parentsAreFolders(root, path))) {
      throw new KctlError({
        code: "local-io",
        where: path,
        what: `cannot write ${path}: its folder is not there`,
        fix: "run the same command again: it makes the folder first",
      });
    }
    await mustBeReplaceable(path);
    await removeUnfinished(dirname(path));
    const beside = join(dirname(path), `.${basename(path)}.kctl-${process.pid}-${randomBytes(6).toString("hex")}`);
    try {
      await writeNew(beside, mode, content);
      await rename(beside, path);
    } catch (error) {
      await unlink(beside).catch(() => undefined);
      throw error;
    }
  });
}

async function mustBeReplaceable(path: string): Promise<void> {
  try {
    const stats = await lstat(path);
    if (!stats.isFile()) throw inTheWay(path, kindOf(stats), "a file");
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

async function writeNew(path: string, mode: number, content: string): Promise<void> {
  // Nobody whom `mode` shuts out can open it, not even before its first byte: the umask only takes away.
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes what writers that were killed left in a folder. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const pid = Number(unfinished.exec(entry.name)?.[1] ?? process.pid);
    if (!entry.isFile() || mayRun(pid)) continue;
    await unlink(join(folder, entry.name)).catch((error: unknown) => {
      if (errnoOf(error) !== "ENOENT") throw error;
    });
  }
}
