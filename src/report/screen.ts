/**
 * Redraws a few lines at the end of what a terminal shows, below lines that stay. A library would remember how many rows it has
 * drawn and go up by that many, which a resize makes wrong. Here the cursor rests on the first of the lines that are redrawn, and
 * goes down only while it draws: whatever a terminal makes of the lines below when it is resized, all below the cursor is cleared.
 */
import { columnsOf } from "./width.ts";

const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";
/** A line that is longer than the terminal has become meanwhile is cut there, and takes no second row. */
const cutLines = "\x1b[?7l";
const wrapLines = "\x1b[?7h";
/** Shown at once, by terminals that know it; others take no notice. */
const begin = "\x1b[?2026h";
const end = "\x1b[?2026l";
const clearBelow = "\r\x1b[J";
const clearToEnd = "\x1b[K";

export type Screen = {
  /** Shows these lines in place of those that were drawn before; none may be wider than the terminal. */
  readonly draw: (lines: readonly string[]) => void;
  /** Adds lines that stay above those that are redrawn. */
  readonly print: (text: string) => void;
  /** Takes the drawn lines away and gives the cursor back; the next `draw` begins anew. */
  readonly clear: () => void;
};

export type Surface = {
  readonly write: (text: string) => void;
  readonly columns: () => number;
  /** Whether it moves the cursor down by each row into which it breaks a line below the cursor, as xterm.js does. */
  readonly cursorSinks: boolean;
};

/** How far: it goes from the last line to the first, and leaves the line alone that the cursor has come to. */
function sinking(lines: readonly string[], columns: number): number {
  return lines.reduceRight((sunk, line, index) => {
    const rows = Math.ceil(columnsOf(line) / columns);
    return index === 0 || index === sunk ? sunk : sunk + Math.max(0, rows - 1);
  }, 0);
}

export function screenOn({ write, columns, cursorSinks }: Surface): Screen {
  let drawn: readonly string[] = [];
  let drawnOn = 0;
  /** Back to the first of the drawn lines, where a terminal that has become narrower has moved the cursor from it. */
  const back = (): string => {
    const now = columns();
    if (!cursorSinks || now >= drawnOn) return "";
    drawnOn = now;
    const sunk = sinking(drawn, now);
    return sunk === 0 ? "" : `\x1b[${sunk}A`;
  };
  const block = (lines: readonly string[]): string => {
    const rows = lines.map((line) => line + clearToEnd).join("\n");
    const up = lines.length > 1 ? `\x1b[${lines.length - 1}A` : "";
    return `\r${cutLines}${rows}\x1b[J${wrapLines}${up}\r`;
  };
  const clear = (): void => {
    if (drawn.length === 0) return;
    write(back() + clearBelow + showCursor);
    drawn = [];
  };
  return {
    draw: (lines) => {
      if (lines.length === 0) return clear();
      write(begin + hideCursor + back() + block(lines) + end);
      drawn = lines;
      drawnOn = columns();
    },
    print: (text) => {
      if (drawn.length === 0) write(`${text}\n`);
      else write(`${begin}${back()}${clearBelow}${text}\n${block(drawn)}${end}`);
    },
    clear,
  };
}
