/** A fault as text, the way a user reads it: where and what, then an excerpt or the end of a log, then the way out. */
import type { Fault } from "../fault.ts";
import { plainPaint, type Paint } from "./colours.ts";

/** Several lines without a line break at the end; no colours. */
export function faultText(fault: Fault): string {
  const { head, more, fix } = partsOf(fault, "", plainPaint);
  return [head, ...more, ...fix].join("\n");
}

/** How lines are made to fit a terminal. */
export type Fold = {
  /** What follows the first piece of a line is indented by `hanging` more. */
  readonly line: (line: string, hanging: number) => string;
  /** Lines with a caret below the place that is meant: cut around it. */
  readonly excerpt: (lines: readonly string[]) => readonly string[];
};

/** Led by a word that says what it is, its lines folded where there is a terminal. */
export function labelledFault(fault: Fault, label: "error" | "warning", paint: Paint, fold: Fold | null): string {
  const lead = paint(label === "error" ? "red" : "yellow", `${label}: `);
  const { head, more, fix } = partsOf(fault, lead, paint);
  const dim = (line: string): string => paint("dim", line);
  if (fold === null) return [head, ...more.map(dim), ...fix].join("\n");
  const isExcerpt = more.some((line) => /^ +\| +\^+$/.test(line));
  const detail = isExcerpt ? fold.excerpt(more) : more.map((line) => fold.line(line, 2));
  return [
    fold.line(head, label.length + ": ".length),
    ...detail.map((lines) => lines.split("\n").map(dim).join("\n")),
    ...fix.map((line) => fold.line(line, "fix: ".length)),
  ].join("\n");
}

type Parts = { readonly head: string; readonly more: readonly string[]; readonly fix: readonly string[] };

function partsOf({ what, where, fix, node, detail }: Fault, lead: string, paint: Paint): Parts {
  const place = [where, node === where ? undefined : node].filter((part) => part !== undefined && part !== "");
  return {
    head: lead + [...place, what].join(": "),
    more: detail === undefined || detail.trim() === "" ? [] : indented(detail.trimEnd()).split("\n"),
    fix: fix === undefined ? [] : [`  ${paint("bold", "fix:")} ${fix}`],
  };
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "    ");
}
