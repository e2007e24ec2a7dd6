/** The file that takes a server's standard output and error; the former one is kept once, as FILE.1. */
import { constants } from "node:fs";
import { lstat, open, rename, type FileHandle } from "node:fs/promises";
import { errnoOf, inTheWay, kindOf } from "./io-fault.ts";

const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;

/** Opens an empty one for appending. */
export async function openConsole(path: string): Promise<FileHandle> {
  for (const each of [path, `${path}.1`]) await mustBeFileOrAbsent(each);
  try {
    if ((await lstat(path)).size > 0) await rename(path, `${path}.1`);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  return open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o640);
}

async function mustBeFileOrAbsent(path: string): Promise<void> {
  try {
    const stats = await lstat(path);
    if (!stats.isFile()) throw inTheWay(path, kindOf(stats), "a file");
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
