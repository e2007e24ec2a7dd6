/** How large and deep a tree may grow. Aliases share values; what counts is how many there would be, each written out. */
import { noValue } from "./read-scalar.ts";
import type { Find } from "./source.ts";
import type { Span, Value } from "./tree.ts";

const mostValues = 100_000;
const deepest = 64;
const tooMany = `with its aliases written out, this is more than ${mostValues.toLocaleString("en")} values`;
const tooDeep = `this is nested deeper than ${deepest} levels`;

export type TreeLimits = {
  /** The value; nothing in its place once the tree has grown out of all measure. */
  measured(value: Value): Value;
  /** Whether so many entries more may be merged. */
  mayMerge(entries: number, span: Span): boolean;
};

export function treeLimits(find: Find): TreeLimits {
  const sizes = new WeakMap<Value, { readonly values: number; readonly depth: number }>();
  let merged = 0;
  let refused = false;

  function refuse(span: Span, what: string): void {
    if (!refused) find("spec-syntax", span, what, "no spec needs that: write the part that is meant");
    refused = true;
  }

  return {
    measured: (value) => {
      let values = 1;
      let depth = 0;
      for (const child of childrenOf(value)) {
        const size = sizes.get(child);
        values += size?.values ?? 1;
        depth = Math.max(depth, size?.depth ?? 0);
      }
      const what = values > mostValues ? tooMany : depth >= deepest ? tooDeep : null;
      const { start } = value.span;
      if (what !== null) refuse({ start, end: start + 1 }, what);
      if (refused) return noValue(value.span);
      sizes.set(value, { values, depth: depth + 1 });
      return value;
    },
    mayMerge: (entries, span) => {
      merged += entries;
      if (merged > mostValues) refuse(span, tooMany);
      return merged <= mostValues;
    },
  };
}

function childrenOf(value: Value): readonly Value[] {
  if (value.kind === "list") return value.items;
  return value.kind === "map" ? [...value.entries.values()].map((entry) => entry.value) : [];
}
