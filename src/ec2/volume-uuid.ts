/** The UUID that a data volume's file system is made with: known before there is one, so that its mount unit is as well. */
import { createHash } from "node:crypto";

/** Version 8 of RFC 9562, whose bits are the maker's own. */
export function fileSystemUuid(volumeId: string): string {
  const hex = createHash("sha256").update(`kctl file system of ${volumeId}`).digest("hex");
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`];
  return [...parts, hex.slice(20, 32)].join("-");
}
