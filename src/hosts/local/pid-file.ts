/** Notes which process a service is. It only helps to tell apart: what runs is seen by the processes themselves. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { writeAtomically } from "./atomic-file.ts";
import { removeFile } from "./folders.ts";
import { errnoOf } from "./io-fault.ts";
import type { Noted } from "./processes.ts";

export async function writePidFile(root: string, path: string, { pid, birth }: Noted): Promise<void> {
  await writeAtomically(root, { path, mode: 0o640, content: `${JSON.stringify({ pid, birth })}\n` });
}

/** `there` even where what it says makes no sense. */
export async function readPidFile(path: string): Promise<{ readonly there: boolean; readonly noted: Noted | null }> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const there = (await file.stat()).isFile();
      return { there, noted: there ? parseNoted(await file.readFile("utf8")) : null };
    } finally {
      await file.close();
    }
  } catch (error) {
    // Something else lies there: no pid file of ours, and a start will say so.
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EACCES"].includes(errnoOf(error) ?? ""))
      return { there: false, noted: null };
    throw error;
  }
}

/** Removes it only while it names this very process: a later one may have been started. */
export async function removePidFile(root: string, path: string, gone: Noted): Promise<void> {
  const { noted } = await readPidFile(path);
  if (noted?.pid === gone.pid && noted.birth === gone.birth) await removeFile(root, path);
}

function parseNoted(text: string): Noted | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("pid" in value) || !("birth" in value)) return null;
    const { pid, birth } = value;
    return typeof pid === "number" && Number.isSafeInteger(pid) && pid > 0 && typeof birth === "string"
      ? { pid, birth }
      : null;
  } catch {
    return null;
  }
}
