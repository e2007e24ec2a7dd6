/** The spec's text with its file name: turns what was found at an offset into a fault with line, column and excerpt. */
import type { Fault } from "../fault.ts";
import type { FaultCode } from "../fault-codes.ts";
import { excerpt } from "./excerpt.ts";
import type { Span } from "./tree.ts";

/** Something wrong at a place in the text. */
export type Finding = { readonly code: FaultCode; readonly span: Span; readonly what: string; readonly fix: string };

export type Find = (code: FaultCode, span: Span, what: string, fix: string) => void;

export type Source = {
  readonly text: string;
  /** Counted from 1. */
  line(offset: number): number;
  toFault(finding: Finding): Fault;
};

export function source(file: string, text: string): Source {
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);

  function lineIndex(offset: number): number {
    let low = 0;
    let high = lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  return {
    text,
    line: (offset) => lineIndex(offset) + 1,
    toFault: ({ code, span, what, fix }) => {
      // What ends too early is missed at the very end: that is shown after the last line's last letter.
      const start = Math.min(span.start, text.trimEnd().length);
      const line = lineIndex(start);
      const column = start - (lineStarts[line] ?? 0) + 1;
      return {
        code,
        what,
        where: `${file}:${line + 1}:${column}`,
        fix,
        ...(text === "" ? {} : { detail: excerpt(text, lineStarts, { start, end: span.end }, line) }),
      };
    },
  };
}

/** In the order of the text; the same thing said twice at one place is said once. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const sorted = findings.toSorted((a, b) => a.span.start - b.span.start);
  const seen = new Set<string>();
  return sorted.filter(({ span, what }) => {
    const id = `${span.start} ${what}`;
    return !seen.has(id) && seen.add(id);
  });
}
