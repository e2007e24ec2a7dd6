/** A fault as text, the way a user reads it: where and what, then an excerpt or the end of a log, then the way out. */
import type { Fault } from "../fault.ts";
import { plainPaint, type Paint } from "./colours.ts";

/** Several lines without a line break at the end; no colours. */
export function faultText(fault: Fault): string {
  return faultLines(fault, "", plainPaint).join("\n");
}

/** Folds a line; what follows its first piece is indented by `hanging` more. */
export type Fold = (line: string, hanging: number) => string;

/** Led by a word that says what it is, its lines folded where there is a terminal. */
export function labelledFault(fault: Fault, label: "error" | "warning", paint: Paint, fold: Fold | null): string {
  const lead = paint(label === "error" ? "red" : "yellow", `${label}: `);
  const lines = faultLines(fault, lead, paint);
  if (fold === null) return lines.join("\n");
  // An excerpt has a caret below the place that it means, and was cut when it was made.
  const isExcerpt = (line: string): boolean => /^ +[0-9]* \| /.test(line);
  return lines
    .map((line, index) => {
      if (index === 0) return fold(line, label.length + 2);
      if (line.startsWith("  fix: ") || line === lines.at(-1)) return fold(line, "fix: ".length);
      return isExcerpt(line) ? line : fold(line, 2);
    })
    .join("\n");
}

function faultLines({ what, where, fix, node, detail }: Fault, lead: string, paint: Paint): readonly string[] {
  const place = [where, node === where ? undefined : node].filter((part) => part !== undefined && part !== "");
  const more = detail === undefined || detail.trim() === "" ? [] : indented(detail.trimEnd()).split("\n");
  return [
    ...(lead + [...place, what].join(": ")).split("\n"),
    ...more.map((line) => paint("dim", line)),
    ...(fix === undefined ? [] : `  ${paint("bold", "fix:")} ${fix}`.split("\n")),
  ];
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "    ");
}
