/** Waits for a condition of another process, which can only be asked for again and again. */
import { setTimeout as delay } from "node:timers/promises";
import type { Emit } from "../report/events.ts";

export type Wait = {
  readonly key: string;
  /** What is waited for, as people would say it. */
  readonly what: string;
  readonly timeoutSeconds: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
};

/**
 * Asks until `condition` holds; throws whatever it throws.
 * @returns false once `timeoutSeconds` have passed
 */
export async function waitUntil(
  condition: () => Promise<boolean>,
  { key, what, timeoutSeconds, emit, signal }: Wait,
): Promise<boolean> {
  const started = performance.now();
  let told = 0;
  for (let pause = 20; ; pause = Math.min(pause * 1.3, 200)) {
    if (await condition()) return true;
    const seconds = (performance.now() - started) / 1000;
    if (seconds > timeoutSeconds) return false;
    if (seconds - told >= 5) {
      told = seconds;
      emit({ type: "waiting", key, what, seconds });
    }
    await delay(pause, undefined, { signal });
  }
}
