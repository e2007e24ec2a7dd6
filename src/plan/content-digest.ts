/** The digest by which content is named in plans and compared with what lies on a host. */
import { createHash } from "node:crypto";

export function contentDigest(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
