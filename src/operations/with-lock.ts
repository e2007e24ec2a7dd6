/** Does something to a cluster while no other kctl can. */
import type { Lock, Provider } from "../providers/provider.ts";

export async function withLock<T>(provider: Provider, command: string, work: (lock: Lock) => Promise<T>): Promise<T> {
  const lock = await provider.lock(command);
  try {
    return await work(lock);
  } finally {
    await lock.release();
  }
}
