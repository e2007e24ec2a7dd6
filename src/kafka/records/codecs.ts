/** Undoes the compression of a batch's records. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { unlz4 } from "./lz4.ts";
import { unsnappy } from "./snappy.ts";

type Codec = { readonly name: string; readonly undo: (bytes: Buffer) => Buffer };

/** By the numbers that Kafka has for them. */
const codecs: readonly Codec[] = [
  { name: "none", undo: (bytes) => bytes },
  { name: "gzip", undo: (bytes) => gunzipSync(bytes) },
  { name: "snappy", undo: unsnappy },
  { name: "lz4", undo: unlz4 },
  { name: "zstd", undo: (bytes) => zstdDecompressSync(bytes) },
];

export type Decompressed = { readonly body: Buffer } | { readonly why: string };

export function decompress(codec: number, bytes: Buffer): Decompressed {
  const known = codecs[codec];
  if (known === undefined) return { why: `they are compressed by a codec (number ${codec}) that kctl does not know` };
  try {
    return { body: known.undo(bytes) };
  } catch (error) {
    return { why: `their ${known.name} cannot be undone: ${error instanceof Error ? error.message : String(error)}` };
  }
}
