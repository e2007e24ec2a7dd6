/** Sees that nothing is changed under a lock that was lost. */
import { KctlError } from "../fault.ts";
import type { Lock } from "./provider.ts";

/** Throws where another kctl has taken the cluster over, because this one was asleep. */
export async function mustStillHold(lock: Pick<Lock, "stillHeld">): Promise<void> {
  if (await lock.stillHeld()) return;
  throw new KctlError({
    code: "locked",
    what: "another kctl took this cluster over while this one was asleep",
    fix: "see what the other one does, then run the command again",
  });
}
