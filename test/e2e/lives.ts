/** Watches from outside which processes of a cluster live, while something else is at work on it. */
import { setTimeout as delay } from "node:timers/promises";
import { processes, type Place } from "./kctl.ts";

export type Lives = {
  /** Times of birth, in the order in which they were seen, by `NODE/ROLE`. */
  readonly births: ReadonlyMap<string, readonly string[]>;
  /** The most servers that were down at once. */
  readonly mostDown: number;
};

export type Watch = { readonly stop: () => Promise<Lives> };

const everyMs = 50;

/** @param at a cluster whose servers all run */
export function watchLives(at: Place): Watch {
  const births = new Map<string, string[]>();
  let mostDown = 0;
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      const running = await processes(at);
      for (const [key, { birth }] of running) {
        const known = births.get(key) ?? [];
        if (!known.includes(birth)) births.set(key, [...known, birth]);
      }
      mostDown = Math.max(mostDown, at.servers.filter((key) => !running.has(key)).length);
      await delay(everyMs);
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await watching;
      return { births, mostDown };
    },
  };
}
