/** Runs checks, says each on a line of its own once it is done, and keeps what they found. */
import { faultsOf, type Fault } from "../../fault.ts";
import type { Emit } from "../../report/events.ts";
import { stopwatch, type Stopwatch } from "../stopwatch.ts";
import { checkNames, type CheckName, type SmokeCheck, type SmokeResult } from "./result.ts";

export type Proof<Value> = { readonly detail: string; readonly value: Value };

export type Checklist = {
  /**
   * What the check gives; null where it failed, which is then on the list. An abort is thrown on. Checks may run side by side;
   * each counts by a stopwatch of its own what it waits for others.
   */
  run<Value>(name: CheckName, prove: (waits: Stopwatch) => Promise<Proof<Value>>): Promise<Value | null>;
  result(): SmokeResult;
};

/** `explain` is asked after a failure: which brokers died meanwhile is the cause of most, and worth more than the symptom. */
export function checklist(emit: Emit, signal: AbortSignal, explain: () => Promise<readonly Fault[]>): Checklist {
  const checks: SmokeCheck[] = [];
  const faults: Fault[] = [];
  const why = new Map<CheckName, readonly Fault[]>();
  const begun = performance.now();
  const allWaits = stopwatch();
  const add = (check: SmokeCheck): void => {
    checks.push(check);
    emit({ type: "check", ...check });
  };
  return {
    run: async (name, prove) => {
      emit({ type: "check-started", name });
      const waits = stopwatch(allWaits);
      const start = performance.now();
      const times = () => ({ seconds: secondsSince(start), waited: rounded(waits.seconds()) });
      try {
        const { detail, value } = await prove(waits);
        add({ name, ok: true, detail, ...times() });
        return value;
      } catch (error) {
        signal.throwIfAborted();
        const symptoms = faultsOf(error);
        const causes = await explain();
        const news = causes.filter(({ what }) => !faults.some((known) => known.what === what));
        const found = symptoms[0]?.code === "topic-in-use" ? symptoms : [...news, ...symptoms];
        faults.push(...found);
        why.set(name, found);
        add({ name, ok: false, detail: found.map(({ what }) => what).join("; "), ...times() });
        return null;
      }
    },
    result: () => ({
      ok: faults.length === 0 && checks.every(({ ok }) => ok),
      checks: checks.toSorted((a, b) => checkNames.indexOf(a.name) - checkNames.indexOf(b.name)),
      faults,
      why,
      seconds: secondsSince(begun),
      waited: rounded(allWaits.seconds()),
    }),
  };
}

export function said(detail: string): Proof<true> {
  return { detail, value: true };
}

/** Side by side. Also where one throws, all have ended when this returns: nothing goes on behind a clean-up. */
export async function together(runs: readonly Promise<unknown>[]): Promise<void> {
  const ended = await Promise.allSettled(runs);
  const failed = ended.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

function secondsSince(start: number): number {
  return rounded((performance.now() - start) / 1000);
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
