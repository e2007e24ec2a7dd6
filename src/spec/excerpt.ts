/** A line of the spec as a user is shown it: with its number, a line before it, and a caret under what is meant. */
import type { Span } from "./tree.ts";

const widest = 100;
const tab = "→   ";
/** What would move the cursor, turn the text around, or not be seen at all. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Letters that take two columns on a terminal, roughly: East Asian ones and emoji. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/gu;

function shown(text: string): string {
  return text.replaceAll("\t", tab).replace(unseen, "\ufffd");
}

function columns(text: string): number {
  return [...text.replace(/\p{M}/gu, "").replace(wide, "--")].length;
}

/** Cuts a long line around the part that matters; the marks stand for what was left out. */
function cut(before: string, marked: string, after: string): readonly [string, string, string] {
  if (before.length + marked.length + after.length <= widest) return [before, marked, after];
  const middle = marked.length > 60 ? `${marked.slice(0, 59)}…` : marked;
  const left = before.length > 30 ? `…${before.slice(-29)}` : before;
  const room = Math.max(0, widest - left.length - middle.length);
  return [left, middle, after.length > room ? `${after.slice(0, Math.max(0, room - 1))}…` : after];
}

/** @param lineStarts the offset at which each line starts */
export function excerpt(text: string, lineStarts: readonly number[], span: Span, line: number): string {
  const lineText = (index: number): string =>
    text.slice(lineStarts[index], lineStarts[index + 1] ?? text.length).replace(/\r?\n?$/, "");
  const whole = lineText(line);
  const start = span.start - (lineStarts[line] ?? 0);
  const end = Math.max(start + 1, Math.min(whole.length, span.end - (lineStarts[line] ?? 0)));
  const [before, marked, after] = cut(
    shown(whole.slice(0, start)),
    shown(whole.slice(start, end)),
    shown(whole.slice(end)),
  );
  const width = String(line + 1).length;
  const carets = `${" ".repeat(columns(before))}${"^".repeat(Math.max(1, columns(marked)))}`;
  const rows = [`${line + 1} | ${before}${marked}${after}`, `${" ".repeat(width)} | ${carets}`];
  const previous = line === 0 ? "" : shown(lineText(line - 1));
  if (previous.trim() !== "") {
    const short = previous.length > widest ? `${previous.slice(0, widest - 1)}…` : previous;
    rows.unshift(`${String(line).padStart(width)} | ${short}`);
  }
  return rows.join("\n");
}
