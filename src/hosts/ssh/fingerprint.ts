/** A public key as ssh shows it to people. */
import { createHash } from "node:crypto";

export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
