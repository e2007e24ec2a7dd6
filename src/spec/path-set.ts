/** Paths of keys that are at fault, asked quickly: there may be thousands. */
import type { SpecPath } from "./problem.ts";

export type PathSet = {
  has(path: SpecPath): boolean;
  /** Whether one of them is this path, is above it, or is below it. */
  touches(path: SpecPath): boolean;
};

export function pathSet(paths: readonly SpecPath[]): PathSet {
  const exact = new Set(paths.map(keyOf));
  const above = new Set(paths.flatMap(startsOf));
  return {
    has: (path) => exact.has(keyOf(path)),
    touches: (path) => above.has(keyOf(path)) || startsOf(path).some((start) => exact.has(start)),
  };
}

/** The path itself and everything above it. */
function startsOf(path: SpecPath): readonly string[] {
  const starts = [""];
  for (const step of path) starts.push(`${starts.at(-1) ?? ""}${partOf(step)}`);
  return starts;
}

function keyOf(path: SpecPath): string {
  return path.map(partOf).join("");
}

/** Keys may have dots, so that these cannot part the steps. */
function partOf(step: string | number): string {
  return `\0${step}`;
}
