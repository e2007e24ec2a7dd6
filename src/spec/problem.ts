/** Something wrong in a spec, at a path of keys; load.ts turns it into a fault with line, column and excerpt. */
import type { FaultCode } from "../fault-codes.ts";

export type SpecPath = readonly (string | number)[];

export type Problem = {
  readonly code: FaultCode;
  readonly path: SpecPath;
  readonly what: string;
  readonly fix: string;
  /** Where the caret points: the key itself, or its value (the default). */
  readonly at?: "key" | "value";
};
