/** A terminal: the tree of what runs is redrawn below the lines of what is done, which stay. */
import type { Event } from "./events.ts";
import type { Fold } from "./fault-text.ts";
import { after, idle } from "./live-state.ts";
import { treeLines, type Room } from "./live-tree.ts";
import { plainReporter, type PlainOptions } from "./plain.ts";
import type { Reporter } from "./reporter.ts";
import { screenOn } from "./screen.ts";
import { cutAround, fold } from "./width.ts";

/** What it needs of a terminal. */
export type Terminal = {
  readonly write: (text: string) => void;
  readonly room: () => Room;
  readonly cursorSinks: boolean;
  readonly now: () => number;
  /** Calls it again and again until what it gives back is called. */
  readonly every: (milliseconds: number, draw: () => void) => () => void;
};

const redrawMs = 100;
/** What is over sooner draws nothing. */
const quietMs = 300;

export type LiveReporter = Reporter & {
  /** Takes the tree away and shows the cursor: for a process that ends, or stops for a while. */
  readonly clear: () => void;
  /** Goes on after that. */
  readonly redraw: () => void;
};

/** To the width that a terminal has at the time. */
export function foldOn(columns: () => number): Fold {
  return {
    line: (line, hanging) => fold(line, columns() - 1, hanging),
    excerpt: (lines) => cutAround(lines, columns() - 1),
  };
}

/** What is told once the tree has it already. */
const drawn = new Set<Event["type"]>(["download", "waiting", "steps", "check-started"]);

export function liveReporter(terminal: Terminal, options: Omit<PlainOptions, "err" | "fold">): LiveReporter {
  const screen = screenOn({ ...terminal, columns: () => terminal.room().columns });
  let state = idle(terminal.now());
  let asking = false;
  let held: string[] = [];
  let stop: (() => void) | null = null;

  const draw = (): void => {
    const now = terminal.now();
    if (asking || now - state.began < quietMs) return;
    screen.draw(treeLines(state, now, terminal.room(), options.paint.err));
  };
  const folded = foldOn(() => terminal.room().columns);
  const err = (text: string): void => {
    if (asking) held.push(text);
    else screen.print(text);
  };
  const plain = plainReporter({ ...options, err, fold: folded });
  const begin = (): void => {
    stop ??= terminal.every(redrawMs, draw);
  };
  const clear = (): void => {
    stop?.();
    stop = null;
    screen.clear();
  };
  begin();

  return {
    event: (event) => {
      state = after(state, event, terminal.now());
      if (!drawn.has(event.type)) plain.event(event);
    },
    result: (outcome) => {
      clear();
      plain.result(outcome);
    },
    aside: async (work) => {
      asking = true;
      clear();
      try {
        return await work();
      } finally {
        asking = false;
        for (const text of held) screen.print(text);
        held = [];
        begin();
      }
    },
    clear,
    redraw: () => {
      if (!asking) begin();
    },
  };
}
