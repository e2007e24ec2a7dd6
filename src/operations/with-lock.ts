/** Does something to a cluster while no other kctl can. */
import { KctlError } from "../fault.ts";
import type { Lock, Provider } from "../providers/provider.ts";

export async function withLock<T>(provider: Provider, command: string, work: (lock: Lock) => Promise<T>): Promise<T> {
  const lock = await provider.lock(command);
  try {
    return await work(lock);
  } finally {
    await lock.release();
  }
}

/** Throws where another kctl has taken the cluster over, because this one was asleep. */
export async function mustStillHold(lock: Pick<Lock, "stillHeld">): Promise<void> {
  if (await lock.stillHeld()) return;
  throw new KctlError({
    code: "locked",
    what: "another kctl took this cluster over while this one was asleep",
    fix: "see what the other one does, then run the command again",
  });
}
