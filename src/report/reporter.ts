/** Where events and results go: each way of showing them is one of these. */
import type { Fault } from "../fault.ts";
import type { Event } from "./events.ts";
import type { Paint } from "./colours.ts";

/** What a result is written on. */
export type Page = {
  /** Of the terminal; null where it goes to a file or a pipe, whose lines are never folded. */
  readonly columns: number | null;
  /** For a screen reader: whole lines in order, and words instead of signs. */
  readonly words: boolean;
};

/** How a command ended; `fields` go into the JSON result, `text` to standard output where there is no --json. */
export type Outcome = {
  readonly ok: boolean;
  readonly faults: readonly Fault[];
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: (paint: Paint, page: Page) => string;
};

export type Reporter = {
  readonly event: (event: Event) => void;
  readonly result: (outcome: Outcome) => void;
  /** Does something that needs the terminal for itself: a question. */
  readonly aside: <Value>(work: () => Promise<Value>) => Promise<Value>;
};

/** Takes a line without its end. */
export type WriteLine = (line: string) => void;
