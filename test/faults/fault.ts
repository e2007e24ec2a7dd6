/** A test that injects a numbered fault: once it has passed, it is a row of docs/faults.md. */
import { expect, test } from "vitest";
import type { FaultNumber } from "./numbers.ts";

export type InjectedFault = { readonly number: FaultNumber; readonly injected: string; readonly outcome: string };

declare module "vitest" {
  interface TaskMeta {
    injectedFault?: InjectedFault;
  }
}

/**
 * @param injected what is done to kctl or its servers, in words that stay the same
 * @param work injects it, asserts what must come of it, and returns that as a sentence without figures that change
 */
export function injectFault(
  number: FaultNumber,
  injected: string,
  work: () => Promise<string>,
  timeoutMs?: number,
): void {
  test(
    `fault ${number}: ${injected}`,
    async ({ task }) => {
      const outcome = await work();
      expect(outcome).toMatch(/\w/);
      task.meta.injectedFault = { number, injected, outcome };
    },
    timeoutMs,
  );
}
