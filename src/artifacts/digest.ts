/** Digests of files, and the two forms in which Apache publishes its own. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** What a file must be. */
export type Digest = { readonly algorithm: "sha256" | "sha512"; readonly hex: string };

async function hexOf(path: string, algorithm: Digest["algorithm"], signal: AbortSignal): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal });
  return hash.digest("hex");
}

export async function sha512Of(path: string, signal: AbortSignal): Promise<string> {
  return await hexOf(path, "sha512", signal);
}

export async function hasDigest(path: string, { algorithm, hex }: Digest, signal: AbortSignal): Promise<boolean> {
  return (await hexOf(path, algorithm, signal)) === hex;
}

/** The form of `sha512sum`, so that `sha512sum -c` checks the cache too. */
export function digestFile(sha512: string, file: string): string {
  return `${sha512}  ${file}\n`;
}

/**
 * The digest that a .sha512 gives for `file`: one line as of `sha512sum` or `openssl`, or gpg's groups of digits over
 * several lines. Null where the text holds no digest of that file.
 */
export function parseDigestFile(text: string, file: string): string | null {
  const lines = text.replaceAll("\r", "").trim().split("\n");
  for (const line of lines) {
    const plain = /^\\?([0-9a-f]{128})(?:\s+\*?(\S.*))?$/i.exec(line.trim());
    if (plain?.[1] !== undefined && (plain[2] === undefined || baseName(plain[2]) === file))
      return plain[1].toLowerCase();
    const tagged = /^SHA2?-?512\s*\((.+)\)\s*=\s*([0-9a-f]{128})$/i.exec(line.trim());
    if (tagged?.[1] !== undefined && tagged[2] !== undefined && baseName(tagged[1]) === file)
      return tagged[2].toLowerCase();
  }
  const grouped = /^([^\s:]+):\s*([0-9a-f\s]+)$/i.exec(lines.join("\n"));
  const digits = grouped?.[2]?.replaceAll(/\s/g, "");
  if (grouped?.[1] === undefined || baseName(grouped[1]) !== file || digits?.length !== 128) return null;
  return digits.toLowerCase();
}

function baseName(path: string): string {
  return path.trim().split("/").at(-1) ?? "";
}
