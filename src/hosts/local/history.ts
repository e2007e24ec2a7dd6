/** The history of a local cluster: a file in its folder. */
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { entryText, mergeHistories, shownEntries, type History, type HistoryEntry } from "../history.ts";
import { errnoOf, withIoFaults } from "./io-fault.ts";

const { O_RDWR, O_RDONLY, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;

export async function appendHistory(path: string, entry: HistoryEntry): Promise<void> {
  const at = `${new Date().toISOString().slice(0, 19)}Z`;
  await withIoFaults("write", path, async () => {
    const file = await open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o640);
    try {
      const line = `{"at":"${at}",${entryText(entry).slice(1)}\n`;
      // A line that was cut stays apart from this one.
      await file.appendFile((await endsInside(file)) ? `\n${line}` : line);
    } finally {
      await file.close();
    }
  });
}

/** Whether its last line has no end. */
async function endsInside(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 1 && buffer.toString() !== "\n";
}

export async function readHistory(path: string): Promise<History> {
  return withIoFaults("read", path, async () => {
    let file: FileHandle;
    try {
      file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return { entries: [], missed: [] };
      throw error;
    }
    try {
      const entries = mergeHistories([await file.readFile("utf8")]);
      return { entries: entries.slice(-shownEntries), missed: [] };
    } finally {
      await file.close();
    }
  });
}
