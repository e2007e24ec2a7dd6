/** A terminal's screen as a picture: an SVG with a dark theme and a window's frame. */
import type { Cell } from "../test/report/support/terminal.ts";

const cell = { width: 8.43, height: 19, font: 14 };
const edge = 18;
const bar = 36;
const colours = { window: "#1a1b26", bar: "#24283b", text: "#c0caf5", dim: "#737aa2", title: "#737aa2" };

export type Rows = readonly (readonly Cell[])[];

/** One screen, and when it is shown, in seconds from the start. */
export type Frame = { readonly at: number; readonly rows: Rows };

export function terminalSvg(rows: Rows, columns: number, title: string): string {
  return inWindow({ columns, rows: rows.length, title, style: "" }, rows.map(rowSvg).join("\n"));
}

/**
 * Screens one after the other, again and again. Where nothing moves (a viewer without animation, a reader who wants none) the last
 * one is seen. Each row that stands in several of them is drawn once and used.
 */
export function recordingSvg(frames: readonly Frame[], size: Omit<Size, "style">, seconds: number): string {
  const drawn = new Map<string, string>();
  const use = (row: readonly Cell[], index: number): string => {
    const text = rowSvg(row, 0);
    if (text === "") return "";
    const id = drawn.get(text) ?? `r${drawn.size}`;
    drawn.set(text, id);
    return `<use href="#${id}" y="${index * cell.height}"/>`;
  };
  const percent = (at: number): string => `${((at / seconds) * 100).toFixed(2)}%`;
  const last = frames.length - 1;
  const groups = frames.map(({ rows }, index) => `<g id="f${index}">${rows.map(use).join("")}</g>`);
  const moves = frames.map(({ at }, index) => {
    const end = frames[index + 1]?.at;
    const hidden = "visibility:hidden";
    const [from, to] = [`${percent(at)}{visibility:visible}`, end === undefined ? "" : `${percent(end)}{${hidden}}`];
    const before = at === 0 ? "" : `0%{${hidden}}`;
    const still = index === last ? "" : `#f${index}{${hidden}}`;
    return `${still}@keyframes k${index}{${before}${from}${to}}@media not (prefers-reduced-motion:reduce){#f${index}{animation:k${index} ${seconds}s steps(1,end) infinite}}`;
  });
  const rows = [...drawn].map(([text, id]) => `<g id="${id}">${text}</g>`);
  return inWindow({ ...size, style: moves.join("\n") }, `<defs>${rows.join("\n")}</defs>\n${groups.join("\n")}`);
}

type Size = { readonly columns: number; readonly rows: number; readonly title: string; readonly style: string };

function inWindow({ columns, rows, title, style }: Size, content: string): string {
  const width = Math.ceil(columns * cell.width + 2 * edge);
  const height = Math.ceil(rows * cell.height + bar + 1.5 * edge);
  const lights = ["#f7768e", "#e0af68", "#9ece6a"].map(
    (colour, index) => `<circle cx="${22 + index * 20}" cy="${bar / 2}" r="6" fill="${colour}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">${style === "" ? "" : `\n<style>${style}</style>`}
<rect width="${width}" height="${height}" rx="10" fill="${colours.window}"/>
<path d="M0 ${bar}V10a10 10 0 0 1 10-10H${width - 10}a10 10 0 0 1 10 10V${bar}z" fill="${colours.bar}"/>
${lights.join("")}
<text x="${width / 2}" y="${bar / 2 + 5}" text-anchor="middle" font-family="sans-serif" font-size="13" fill="${colours.title}">${escaped(title)}</text>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${cell.font}" fill="${colours.text}" xml:space="preserve" style="white-space:pre">
${content}
</g>
</svg>
`;
}

function rowSvg(row: readonly Cell[], index: number): string {
  const y = bar + edge * 0.5 + (index + 1) * cell.height - 5;
  return runsOf(row)
    .map(
      ({ text, x, style, length }) =>
        `<text x="${(edge + x * cell.width).toFixed(2)}" y="${y.toFixed(1)}" textLength="${(length * cell.width).toFixed(2)}"${style}>${escaped(text)}</text>`,
    )
    .join("");
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
