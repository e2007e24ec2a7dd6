/** What a smoke test gives back. */
import type { Fault } from "../../fault.ts";

export type SmokeCheck = {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly seconds: number;
};

export type SmokeResult = {
  readonly ok: boolean;
  readonly checks: readonly SmokeCheck[];
  readonly faults: readonly Fault[];
};
