/** Text measured as a terminal shows it: wide letters take two columns, colours none. Long lines are cut or folded to fit. */
import stringWidth from "string-width";

export const columnsOf = (text: string): number => stringWidth(text);

const style = /(\x1b\[[0-9;]*m)/;
const letters = new Intl.Segmenter();

/** As much as fits of the letters of `text`, and the styles that end there. Styles take no room. */
function start(text: string, columns: number): { readonly fits: string; readonly styles: string } {
  let used = 0;
  let fits = "";
  let styles = "";
  let full = false;
  for (const part of text.split(style)) {
    if (style.test(part)) {
      if (full) styles += part;
      else fits += part;
      continue;
    }
    for (const { segment } of letters.segment(part)) {
      used += columnsOf(segment);
      full ||= used > columns;
      if (!full) fits += segment;
    }
  }
  return { fits, styles };
}

/** One line of at most that many columns; `…` stands for what was left out. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns < 1) return "";
  const { fits, styles } = start(text, columns - 1);
  // The styles that follow close what is open.
  return `${fits}…${styles}`;
}

export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - columnsOf(text)));
}

/** Folds lines at blanks; what follows the first of a line's pieces is indented by `hanging` more than that line. */
export function fold(text: string, columns: number, hanging = 2): string {
  return text
    .split("\n")
    .map((line) => foldLine(line, Math.max(2, columns), hanging))
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
    // A word that fits on no line is broken, here where there is room for some of it; one that fits on the next goes there.
    let left = word;
    if (!empty && indent.length + columnsOf(word) > columns && columns - columnsOf(current) > columns / 2)
      current += gap;
    else if (!empty) {
      lines.push(current);
      current = indent;
    }
    while (columnsOf(current) + columnsOf(left) > columns) {
      const { fits } = start(left, Math.max(1, columns - columnsOf(current)));
      const piece = atJoint(fits);
      lines.push(current + piece);
      current = indent;
      left = left.slice(piece.length);
    }
    current += left;
    empty = false;
  }
  lines.push(current);
  return lines.join("\n");
}

/** Up to the last joint of a path or a setting's name, unless that is too near to its start. */
function atJoint(text: string): string {
  const joint = Math.max(...["/", ".", ",", "=", "-"].map((sign) => text.lastIndexOf(sign))) + 1;
  return joint > text.length / 2 ? text.slice(0, joint) : text;
}

/** Lines with a caret below the place that is meant, cut around it: `…` stands for what was left out. */
export function cutAround(lines: readonly string[], columns: number): readonly string[] {
  const caret = lines.find((line) => /^ +\| +\^+$/.test(line));
  const gutter = (caret?.indexOf("|") ?? -1) + 2;
  const end = caret === undefined ? 0 : caret.length + 1;
  // As far to the left as the caret's end needs, and no further than its start.
  const gone = Math.max(0, Math.min(end - columns, (caret?.indexOf("^") ?? 0) - gutter - 1));
  const moved = (line: string): string => {
    if (gone === 0) return line;
    const mark = line === caret ? " " : "…";
    return line.length <= gutter + gone
      ? line.slice(0, gutter)
      : line.slice(0, gutter) + mark + line.slice(gutter + gone + 1);
  };
  return lines.map((line) => cut(moved(line), columns));
}
