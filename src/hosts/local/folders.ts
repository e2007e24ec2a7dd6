/** Makes folders and removes files and trees, all below one root and never through a symbolic link. */
import { chmod, lstat, mkdir, rm, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { DesiredFolder } from "../../services/desired.ts";
import { removeUnfinished } from "./atomic-file.ts";
import { foldersDownTo, parentsAreFolders } from "./inside-root.ts";
import { errnoOf, inTheWay, kindOf, withIoFaults } from "./io-fault.ts";

/** Makes the folder and those above it that are missing, and gives it its mode. */
export async function makeFolder(root: string, { path, mode }: DesiredFolder): Promise<void> {
  const folders = foldersDownTo(root, path);
  await withIoFaults("make", path, async () => {
    await mkdir(dirname(root), { recursive: true });
    for (const folder of folders) {
      const made = await makeOne(folder, mode);
      // The umask may have taken bits away.
      if (made || folder === path) await chmod(folder, mode);
    }
  });
}

async function makeOne(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    const stats = await lstat(path);
    if (!stats.isDirectory()) throw inTheWay(path, kindOf(stats), "a folder");
    return false;
  }
}

/** Only a plain file is removed, with what killed writers left beside it; one that is not there is fine. */
export async function removeFile(root: string, path: string): Promise<void> {
  await withIoFaults("remove", path, async () => {
    if (!(await parentsAreFolders(root, path))) return;
    await removeUnfinished(dirname(path));
    try {
      const stats = await lstat(path);
      if (!stats.isFile()) throw inTheWay(path, kindOf(stats), "a file");
      await unlink(path);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  });
}

/** Removes what is at `path` with everything in it. Of a symbolic link only the link goes, never what it points to. */
export async function removeTree(root: string, path: string): Promise<void> {
  await withIoFaults("remove", path, async () => {
    if (await parentsAreFolders(root, path)) await rm(path, { recursive: true, force: true });
  });
}
