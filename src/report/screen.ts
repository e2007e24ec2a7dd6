/**
 * Redraws a few lines at the end of what a terminal shows, below lines that stay. A library would remember how many rows it has
 * drawn and go up by that many, which a resize makes wrong. Here the cursor rests on the first of the lines that are redrawn, and
 * goes down only while it draws: whatever a terminal makes of the lines below when it is resized, all below the cursor is cleared.
 */
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

export function screenOn(write: (text: string) => void): Screen {
  let drawn: readonly string[] = [];
  const block = (lines: readonly string[]): string => {
    const rows = lines.map((line) => line + clearToEnd).join("\r\n");
    const up = lines.length > 1 ? `\x1b[${lines.length - 1}A` : "";
    return `\r${cutLines}${rows}\x1b[J${wrapLines}${up}\r`;
  };
  return {
    draw: (lines) => {
      if (lines.length === 0) {
        if (drawn.length > 0) write(clearBelow + showCursor);
      } else write(begin + hideCursor + block(lines) + end);
      drawn = lines;
    },
    print: (text) => {
      const below = drawn.length === 0 ? "" : block(drawn);
      write(`${begin}${drawn.length === 0 ? "" : clearBelow}${text.replaceAll("\n", "\r\n")}\r\n${below}${end}`);
    },
    clear: () => {
      if (drawn.length === 0) return;
      write(clearBelow + showCursor);
      drawn = [];
    },
  };
}
