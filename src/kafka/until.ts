/** Waits for a condition by looking again and again, with a deadline that says what it waited for. */
import { setTimeout as delay } from "node:timers/promises";
import { KctlError } from "../fault.ts";
import { isAbort } from "./is-abort.ts";

/** An interrupted user waits no longer than this until what was made for the moment is taken away again. */
export const cleanUpSeconds = 10;

export type Look<Value> = { readonly done: Value } | { readonly still: string };

const firstPauseMs = 15;
const longestPauseMs = 250;

/** `what` completes "waited 30 s for ..."; `still` says what was seen last. What `look` throws ends the wait. */
export async function until<Value>(
  what: string,
  seconds: number,
  signal: AbortSignal,
  look: () => Promise<Look<Value>>,
): Promise<Value> {
  const deadline = performance.now() + seconds * 1000;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 1.5, longestPauseMs)) {
    signal.throwIfAborted();
    const seen = await look();
    if ("done" in seen) return seen.done;
    if (performance.now() >= deadline) throw new KctlError(timeoutFault(what, seconds, seen.still));
    await delay(pause, undefined, { signal });
  }
}

/** Runs `use` with a signal that ends it at the deadline, with a fault that says what was not done by then. */
export async function within<Value>(
  what: string,
  seconds: number,
  signal: AbortSignal,
  use: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new KctlError(timeoutFault(what, seconds, null))), seconds * 1000);
  try {
    return await use(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    // Node's timers tell of any abort as such, and not why it came.
    throw isAbort(error, late.signal) ? late.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

function timeoutFault(what: string, seconds: number, still: string | null) {
  return {
    code: "timeout",
    what: `waited ${seconds} s for ${what}${still === null ? "" : `: ${still}`}`,
    fix: "see `kctl status` and the brokers' logs; a slow machine may need a longer --timeout",
  } as const;
}
