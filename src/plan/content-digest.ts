/** The digest by which content is named in plans and compared with what lies on a host. */
import { createHash } from "node:crypto";
import { isKnown, knownAfterUp } from "../cluster/known-after-up.ts";

export function contentDigest(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Of what is to be written: not known while something in it is not. */
export function wantedDigest(content: string): string {
  return isKnown(content) ? contentDigest(content) : knownAfterUp;
}
