/** New ids as Kafka makes them, and what stands for one where nothing is made. */
import { randomBytes } from "node:crypto";
import { knownAfterUp } from "../cluster/known-after-up.ts";

/** Makes an id that was never there. */
export type FreshId = () => string;

/**
 * 16 random bytes in base64url. Kafka's Uuid keeps its first hundred for itself, and never begins with a hyphen, which
 * command lines would take for an option.
 */
export function randomId(): string {
  for (;;) {
    const bytes = randomBytes(16);
    const text = bytes.toString("base64url");
    if (!text.startsWith("-") && bytes.subarray(0, 15).some((byte) => byte !== 0)) return text;
  }
}

/** For whoever only looks: the same plan twice, and nothing that `up` would then make otherwise. */
export const idAfterUp: FreshId = () => knownAfterUp;
