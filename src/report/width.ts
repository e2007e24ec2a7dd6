/** Text measured as a terminal shows it: wide letters take two columns, colours none. Long lines are cut or folded to fit. */
import stringWidth from "string-width";

export const columnsOf = (text: string): number => stringWidth(text);

const style = /(\x1b\[[0-9;]*m)/;
const letters = new Intl.Segmenter();

/** As much as fits of the letters of `text`, and whether that is all. Styles take no room, and are all kept. */
function start(text: string, columns: number): { readonly fits: string; readonly rest: string } {
  let used = 0;
  let fits = "";
  let rest = "";
  for (const part of text.split(style)) {
    if (style.test(part)) {
      fits += part;
      continue;
    }
    for (const { segment } of letters.segment(part)) {
      const wide = columnsOf(segment);
      if (rest === "" && used + wide <= columns) {
        fits += segment;
        used += wide;
      } else rest += segment;
    }
  }
  return { fits, rest };
}

/** One line of at most that many columns; `…` stands for what was left out. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns < 1) return "";
  const { fits } = start(text, columns - 1);
  // The styles that follow what fits close it.
  const [, end = ""] = /((?:\x1b\[[0-9;]*m)*)$/.exec(fits) ?? [];
  return `${fits.slice(0, fits.length - end.length)}…${end}`;
}

export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - columnsOf(text)));
}

/** Folds lines at blanks; what follows the first of a line's pieces is indented by `hanging` more than that line. */
export function fold(text: string, columns: number, hanging = 2): string {
  return text
    .split("\n")
    .map((line) => foldLine(line, columns, hanging))
    .join("\n");
}

function foldLine(line: string, columns: number, hanging: number): string {
  if (columnsOf(line) <= columns) return line;
  const [own = ""] = /^ */.exec(line) ?? [];
  const indent = " ".repeat(Math.min(own.length + hanging, Math.floor(columns / 2)));
  const lines: string[] = [];
  let current = own;
  let empty = true;
  for (const word of line.slice(own.length).split(" ")) {
    const gap = empty ? "" : " ";
    if (columnsOf(current) + gap.length + columnsOf(word) <= columns) {
      current += gap + word;
      empty = false;
      continue;
    }
    // A word that fits on no line is broken; one that fits on the next goes there.
    let left = word;
    if (!empty) {
      lines.push(current);
      current = indent;
    }
    while (columnsOf(current) + columnsOf(left) > columns) {
      const { fits, rest } = start(left, Math.max(1, columns - columnsOf(current)));
      lines.push(current + fits);
      current = indent;
      left = rest;
    }
    current += left;
    empty = false;
  }
  lines.push(current);
  return lines.join("\n");
}
