/** A terminal's screen as a picture: an SVG with a dark theme and a window's frame. */
import type { Cell } from "../test/report/support/terminal.ts";

const cell = { width: 8.43, height: 19, font: 14 };
const edge = 18;
const bar = 36;
const colours = { window: "#1a1b26", bar: "#24283b", text: "#c0caf5", dim: "#737aa2", title: "#737aa2" };

export function terminalSvg(rows: readonly (readonly Cell[])[], columns: number, title: string): string {
  const width = Math.ceil(columns * cell.width + 2 * edge);
  const height = Math.ceil(rows.length * cell.height + bar + 1.5 * edge);
  const lines = rows.flatMap((row, index) => {
    const y = bar + edge * 0.5 + (index + 1) * cell.height - 5;
    return runsOf(row).map(
      ({ text, x, style, length }) =>
        `<text x="${(edge + x * cell.width).toFixed(2)}" y="${y.toFixed(1)}" textLength="${(length * cell.width).toFixed(2)}"${style}>${escaped(text)}</text>`,
    );
  });
  const lights = ["#f7768e", "#e0af68", "#9ece6a"].map(
    (colour, index) => `<circle cx="${22 + index * 20}" cy="${bar / 2}" r="6" fill="${colour}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" rx="10" fill="${colours.window}"/>
<path d="M0 ${bar}V10a10 10 0 0 1 10-10H${width - 10}a10 10 0 0 1 10 10V${bar}z" fill="${colours.bar}"/>
${lights.join("")}
<text x="${width / 2}" y="${bar / 2 + 5}" text-anchor="middle" font-family="sans-serif" font-size="13" fill="${colours.title}">${escaped(title)}</text>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${cell.font}" fill="${colours.text}" xml:space="preserve" style="white-space:pre">
${lines.join("\n")}
</g>
</svg>
`;
}

type Run = { readonly text: string; readonly x: number; readonly length: number; readonly style: string };

/** Letters side by side that look alike, in one piece; blanks are left out. */
function runsOf(row: readonly Cell[]): readonly Run[] {
  const runs: { text: string; x: number; length: number; style: string }[] = [];
  let x = 0;
  for (const one of row) {
    const style = styleOf(one);
    const last = runs.at(-1);
    // A wide letter stands for itself, so that what follows it keeps its place.
    if (last !== undefined && last.style === style && one.columns === 1 && last.length === last.text.length) {
      last.text += one.text;
      last.length += 1;
    } else runs.push({ text: one.text, x, length: one.columns, style });
    x += one.columns;
  }
  return runs.map(trimmed).filter(({ text }) => text !== "");
}

function trimmed(run: Run): Run {
  const start = run.text.length - run.text.trimStart().length;
  const text = run.text.trim();
  return { ...run, text, x: run.x + start, length: run.length - (run.text.length - text.length) };
}

function styleOf({ foreground, bold, dim }: Cell): string {
  const fill = foreground ?? (dim ? colours.dim : null);
  return `${fill === null ? "" : ` fill="${fill}"`}${bold ? ' font-weight="bold"' : ""}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
