/** The spec's text as a tree of values that know where they stand; aliases and merge keys are already resolved. */
import type { SpecPath } from "./problem.ts";

/** Offsets into the text; `end` is not included. */
export type Span = { readonly start: number; readonly end: number };

export type ScalarValue = string | number | boolean | null;

export type Scalar = {
  readonly kind: "scalar";
  readonly value: ScalarValue;
  /** As it is spelled, without quotes: `012`, `1e3`, `no`. */
  readonly text: string;
  /** Without quotes, so that YAML gave it a type by its looks. */
  readonly plain: boolean;
  /** Something in it came from the environment: never shown. */
  readonly hidden: boolean;
  readonly span: Span;
};

export type Entry = { readonly key: Span; readonly value: Value };
export type MapValue = {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
  readonly span: Span;
  /** A merge failed: what else would be in it is not known. */
  readonly partial: boolean;
};
type ListValue = { readonly kind: "list"; readonly items: readonly Value[]; readonly span: Span };
export type Value = Scalar | MapValue | ListValue;

/** The value at a path; null where there is none. */
export function valueAt(root: Value, path: SpecPath): Value | null {
  let value: Value | null = root;
  for (const step of path) {
    if (value?.kind === "map") value = value.entries.get(String(step))?.value ?? null;
    else if (value?.kind === "list" && typeof step === "number") value = value.items[step] ?? null;
    else return null;
  }
  return value;
}

/** Where to point for a path: its key or value, else the nearest thing above it that is there. */
export function spanOf(root: Value, path: SpecPath, at: "key" | "value"): Span {
  let value: Value = root;
  let key: Span | null = null;
  for (const step of path) {
    const entry: Entry | undefined = value.kind === "map" ? value.entries.get(String(step)) : undefined;
    const item: Value | undefined = value.kind === "list" && typeof step === "number" ? value.items[step] : undefined;
    const next: Value | undefined = entry?.value ?? item;
    if (next === undefined) return key ?? firstOf(value);
    key = entry?.key ?? null;
    value = next;
  }
  return at === "key" ? (key ?? firstOf(value)) : spanOfValue(value, key);
}

/** A map or list is shown by its key, or by what it starts with: a caret under all of it would say nothing. */
function spanOfValue(value: Value, key: Span | null): Span {
  if (value.kind !== "scalar") return key ?? firstOf(value);
  return value.span.end > value.span.start ? value.span : (key ?? value.span);
}

function firstOf(value: Value): Span {
  if (value.kind === "scalar") return value.span;
  const first = value.kind === "map" ? value.entries.values().next().value?.key : value.items[0]?.span;
  const { start } = value.span;
  // What a merge key brought stands elsewhere; the map itself is here.
  return first !== undefined && first.start >= start && first.start < value.span.end && value.kind === "map"
    ? first
    : { start, end: start + 1 };
}
