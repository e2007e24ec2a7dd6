/** What looks on while servers are restarted, and may end the roll between two of them. */
import type { Lock, Provider } from "../../providers/provider.ts";
import type { Survey } from "../survey.ts";
import { withLock } from "../with-lock.ts";

export type Watch = {
  /** Before anything is restarted; nothing where it has begun. */
  readonly begin: (survey: Survey) => Promise<void>;
  /** Before and after these are restarted; throws where nothing more may be. */
  readonly before: (keys: readonly string[]) => Promise<void>;
  readonly after: (keys: readonly string[]) => Promise<void>;
  /** All is done; throws where something is wrong after all. */
  readonly end: () => Promise<void>;
  /** Something failed or was interrupted; nothing where it has ended. Never throws. */
  readonly giveUp: () => Promise<void>;
};

const nothing = (): Promise<void> => Promise.resolve();

export const nobody: Watch = { begin: nothing, before: nothing, after: nothing, end: nothing, giveUp: nothing };

/** Works on a cluster while no other kctl can, and sees the watch to its end whatever happens. */
export async function watched<T>(
  provider: Provider,
  command: string,
  watch: Watch,
  work: (lock: Lock) => Promise<T>,
): Promise<T> {
  return withLock(provider, command, async (lock) => {
    try {
      const result = await work(lock);
      await watch.end();
      return result;
    } finally {
      await watch.giveUp();
    }
  });
}
