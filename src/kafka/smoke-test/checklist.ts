/** Runs checks one by one, says each on a line of its own, and keeps what they found. */
import { faultsOf, type Fault } from "../../fault.ts";
import type { Emit } from "../../report/events.ts";
import type { SmokeCheck, SmokeResult } from "./result.ts";

export type Proof<Value> = { readonly detail: string; readonly value: Value };

export type Checklist = {
  /** What the check gives; null where it failed, which is then on the list. An abort is thrown on. */
  run<Value>(name: string, prove: () => Promise<Proof<Value>>): Promise<Value | null>;
  result(): SmokeResult;
};

/** `explain` is asked after a failure: which brokers died meanwhile is the cause of most, and worth more than the symptom. */
export function checklist(emit: Emit, signal: AbortSignal, explain: () => Promise<readonly Fault[]>): Checklist {
  const checks: SmokeCheck[] = [];
  const faults: Fault[] = [];
  const add = (check: SmokeCheck): void => {
    checks.push(check);
    emit({ type: "check", ...check });
  };
  return {
    run: async (name, prove) => {
      emit({ type: "check-started", name });
      const start = performance.now();
      const seconds = (): number => Math.round(performance.now() - start) / 1000;
      try {
        const { detail, value } = await prove();
        add({ name, ok: true, detail, seconds: seconds() });
        return value;
      } catch (error) {
        signal.throwIfAborted();
        const symptoms = faultsOf(error);
        const causes = (await explain()).filter(({ what }) => !faults.some((known) => known.what === what));
        const found = symptoms[0]?.code === "topic-in-use" ? symptoms : [...causes, ...symptoms];
        faults.push(...found);
        add({ name, ok: false, detail: found.map(({ what }) => what).join("; "), seconds: seconds() });
        return null;
      }
    },
    result: () => ({ ok: faults.length === 0 && checks.every(({ ok }) => ok), checks, faults }),
  };
}
