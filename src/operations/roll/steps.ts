/** `--step`: a roll that asks before each restart on a terminal, and elsewhere ends after one. */
import type { Context } from "../context.ts";

export type Steps = {
  /** Whether these may be restarted now; `left` are all that are to be restarted yet, these among them. */
  readonly mayGo: (next: readonly string[], left: readonly string[]) => Promise<boolean>;
  /** Asking takes its time: what was seen before may not hold after it. */
  readonly asks: boolean;
  /** What the roll was not allowed to restart. */
  readonly left: () => readonly string[];
};

export const allAtOnce: Steps = { mayGo: () => Promise.resolve(true), asks: false, left: () => [] };

export function stepByStep({ ask }: Pick<Context, "ask">): Steps {
  let over: readonly string[] = [];
  let first = true;
  return {
    asks: ask !== null,
    left: () => over,
    mayGo: async (next, left) => {
      const may = ask === null ? first : await said(ask, next, left);
      first = false;
      if (!may) over = left;
      return may;
    },
  };
}

async function said(
  ask: NonNullable<Context["ask"]>,
  next: readonly string[],
  left: readonly string[],
): Promise<boolean> {
  const others = left.length - next.length;
  const after = others === 0 ? "the last" : `${others} to go after it`;
  const answer = await ask(`Restart ${next.join(", ")} now (${after})? [y/N] `);
  return /^y(es)?$/i.test(answer.trim());
}
