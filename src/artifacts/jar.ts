/** Reads the table of contents of a jar, which stands at its end: a jar that was cut short has none. */
import { open, type FileHandle } from "node:fs/promises";

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
/** The end record and the longest comment that may follow it. */
const longestEnd = 22 + 0xffff;

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function findEnd(tail: Buffer): number {
  for (let at = tail.length - 22; at >= 0; at--) if (tail.readUInt32LE(at) === endSignature) return at;
  return -1;
}

/** The names of all entries; null where the file is not a whole jar. */
export async function jarEntries(path: string): Promise<readonly string[] | null> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const tail = await readAt(handle, Math.max(0, size - longestEnd), Math.min(size, longestEnd));
    const end = findEnd(tail);
    if (end < 0) return null;
    const count = tail.readUInt16LE(end + 10);
    const directorySize = tail.readUInt32LE(end + 12);
    const directory = await readAt(handle, tail.readUInt32LE(end + 16), directorySize);
    if (directory.length !== directorySize) return null;
    return namesIn(directory, count);
  } finally {
    await handle.close();
  }
}

function namesIn(directory: Buffer, count: number): readonly string[] | null {
  const names: string[] = [];
  let at = 0;
  for (let left = count; left > 0; left--) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== entrySignature) return null;
    const nameLength = directory.readUInt16LE(at + 28);
    names.push(directory.toString("utf8", at + 46, at + 46 + nameLength));
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return names;
}
