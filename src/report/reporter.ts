/** Where events and results go: each way of showing them is one of these. */
import type { Fault } from "../fault.ts";
import type { Event } from "./events.ts";
import type { Paint } from "./colours.ts";

/** How a command ended; `fields` go into the JSON result, `text` to standard output where there is no --json. */
export type Outcome = {
  readonly ok: boolean;
  readonly faults: readonly Fault[];
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: (paint: Paint) => string;
};

export type Reporter = {
  readonly event: (event: Event) => void;
  readonly result: (outcome: Outcome) => void;
};

/** Takes a line without its end. */
export type WriteLine = (line: string) => void;
