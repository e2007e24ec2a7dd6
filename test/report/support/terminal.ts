/** A terminal in memory: takes what a program writes, and shows what a person would see. */
import headless from "@xterm/headless";

export type Cell = {
  readonly text: string;
  readonly columns: number;
  readonly foreground: string | null;
  readonly bold: boolean;
  readonly dim: boolean;
};

export type VirtualTerminal = {
  /** Resolves once it is shown. */
  readonly write: (text: string | Uint8Array) => Promise<void>;
  readonly resize: (columns: number, rows: number) => void;
  /** The rows that are seen, without blanks at their ends. */
  readonly rows: () => readonly string[];
  /** All rows, those that have scrolled away too, without empty ones at the end. */
  readonly all: () => readonly string[];
  readonly cells: () => readonly (readonly Cell[])[];
  /** Of `rows`. */
  readonly screen: () => readonly (readonly Cell[])[];
  readonly cursorShown: () => boolean;
};

/** Those of a dark theme, by their numbers. */
const palette = ["#3b4048", "#f7768e", "#9ece6a", "#e0af68", "#7aa2f7", "#bb9af7", "#7dcfff", "#c0caf5"];

export function virtualTerminal(columns: number, rows: number): VirtualTerminal {
  const terminal = new headless.Terminal({
    cols: columns,
    rows,
    allowProposedApi: true,
    scrollback: 5000,
    convertEol: true,
  });
  let shown = true;
  terminal.parser.registerCsiHandler({ prefix: "?", final: "h" }, (params) => {
    if (params.includes(25)) shown = true;
    return false;
  });
  terminal.parser.registerCsiHandler({ prefix: "?", final: "l" }, (params) => {
    if (params.includes(25)) shown = false;
    return false;
  });
  const line = (y: number): string => terminal.buffer.active.getLine(y)?.translateToString(true) ?? "";
  const from = (start: number): readonly string[] =>
    Array.from({ length: terminal.buffer.active.length - start }, (_, index) => line(start + index));
  return {
    write: (text) => new Promise((resolve) => terminal.write(text, resolve)),
    resize: (columns, rows) => terminal.resize(columns, rows),
    rows: () => from(terminal.buffer.active.baseY),
    all: () => withoutEnd(from(0)),
    cells: () => withoutEnd(from(0)).map((_, y) => cellsOf(terminal, y)),
    screen: () => from(terminal.buffer.active.baseY).map((_, y) => cellsOf(terminal, terminal.buffer.active.baseY + y)),
    cursorShown: () => shown,
  };
}

function withoutEnd(lines: readonly string[]): readonly string[] {
  return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1);
}

function cellsOf(terminal: headless.Terminal, y: number): readonly Cell[] {
  const line = terminal.buffer.active.getLine(y);
  const cells: Cell[] = [];
  for (let x = 0; x < terminal.cols; x += 1) {
    const cell = line?.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    cells.push({
      text: cell.getChars() === "" ? " " : cell.getChars(),
      columns: cell.getWidth(),
      foreground: cell.isFgPalette() ? (palette[cell.getFgColor() % 8] ?? null) : null,
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
    });
  }
  return cells;
}
