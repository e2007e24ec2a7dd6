/** What looks on while servers are restarted, and may end the roll between two of them. */
import type { Lock } from "../../providers/provider.ts";
import type { Context } from "../context.ts";
import { inHistory, type Changing } from "../in-history.ts";
import type { Survey } from "../survey.ts";

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
export async function watched<T extends { readonly changed: number }>(
  changing: Changing,
  watch: Watch,
  work: (context: Context, lock: Lock) => Promise<T>,
): Promise<T> {
  return inHistory(changing, async (context, lock) => {
    try {
      const result = await work(context, lock);
      await watch.end();
      return result;
    } finally {
      await watch.giveUp();
    }
  });
}
