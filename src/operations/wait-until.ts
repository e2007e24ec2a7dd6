/** Waits for a condition of another process, which can only be asked for again and again. */
import { setTimeout as delay } from "node:timers/promises";
import type { Emit } from "../report/events.ts";

export type Wait = {
  readonly key: string;
  /** What is waited for, as people would say it; a function where that becomes clear by looking. */
  readonly what: string | (() => string);
  readonly timeoutSeconds: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** How far it is: whenever that is another, the time begins anew. */
  readonly progress?: () => string | number | null;
  /** Between two questions, at first and later. */
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
};

/**
 * Asks until `condition` holds; throws whatever it throws.
 * @returns false once `timeoutSeconds` have passed, without progress where there is any
 */
export async function waitUntil(
  condition: () => Promise<boolean>,
  { key, what, timeoutSeconds, emit, signal, progress = () => null, firstPauseMs = 20, longestPauseMs = 200 }: Wait,
): Promise<boolean> {
  const started = performance.now();
  let told: { readonly what: string; readonly seconds: number } | null = null;
  let moved = 0;
  let reached: string | number | null = null;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 1.3, longestPauseMs)) {
    const well = await condition();
    const seconds = (performance.now() - started) / 1000;
    if (well) {
      if (told !== null) emit({ type: "waited", key, what: told.what, seconds });
      return true;
    }
    const now = progress();
    if (now !== reached) {
      reached = now;
      moved = seconds;
    }
    if (seconds - moved > timeoutSeconds) return false;
    const text = typeof what === "string" ? what : what();
    if (told === null || seconds - told.seconds >= 5 || (text !== told.what && seconds - told.seconds >= 0.5)) {
      told = { what: text, seconds };
      emit({ type: "waiting", key, what: text, seconds });
    }
    await delay(pause, undefined, { signal });
  }
}

/** Does the work when it is asked to, unless it did within the last `ms`, or was not asked for as long yet. */
export function atMostEvery(ms: number, work: () => Promise<void>): () => Promise<void> {
  return paced(ms, work, 1);
}

/** As it, and from time to time less often, down to a fifth: what is waited for long changes seldom. */
export function lessAndLessOften(ms: number, work: () => Promise<void>): () => Promise<void> {
  return paced(ms, work, 1.5);
}

function paced(ms: number, work: () => Promise<void>, growth: number): () => Promise<void> {
  let pause = ms;
  let next = performance.now() + pause;
  return async () => {
    if (performance.now() < next) return;
    await work();
    pause = Math.min(pause * growth, 5 * ms);
    next = performance.now() + pause;
  };
}
