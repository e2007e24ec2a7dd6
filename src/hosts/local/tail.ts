/** The end of a log, in whole lines. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { errnoOf } from "./io-fault.ts";

/** At most `bytes` of it, from the start of a line on; empty where there is no such file. */
export async function tail(path: string, bytes: number): Promise<string> {
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EACCES"].includes(errnoOf(error) ?? "")) return "";
    throw error;
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return "";
    const start = Math.max(0, stats.size - bytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(stats.size - start), 0, stats.size - start, start);
    const read = buffer.subarray(0, bytesRead);
    // A cut in the middle of a line may be one in the middle of a character too.
    const newline = start === 0 ? -1 : read.indexOf("\n");
    return read.subarray(newline + 1).toString();
  } finally {
    await file.close();
  }
}
