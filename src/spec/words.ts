/** Values and keys as messages show them: short, in backticks, with nothing in them that a terminal would act upon. */
import type { SpecPath } from "./problem.ts";
import type { Value } from "./tree.ts";

const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\ufffd]/gu;

/** In backticks; what cannot be seen is written as its code, what is long is cut. */
export function shown(text: string): string {
  const safe = text
    .slice(0, 200)
    .replace(unseen, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}}`);
  return `\`${safe.length > 60 ? `${safe.slice(0, 59)}…` : safe}\``;
}

/** In backticks, whole: for what kctl itself wrote, to be copied. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** `a`, `b` and `c`. */
export function listed(words: readonly string[], joint: "and" | "or"): string {
  const quoted = words.map(shown);
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} ${joint} ${last}`;
}

/** What a value is, as it ends the sentence "..., not ...". */
export function given(value: Value | null): string {
  if (value === null) return "nothing";
  if (value.kind !== "scalar") return value.kind === "map" ? "a map of keys" : "a list";
  if (value.hidden) return "what the environment gives";
  if (value.value === null) return "nothing";
  if (value.value === "") return "empty text";
  return shown(value.text);
}

/** A key with what is above it: `kafka.heap`; below a list, only what is inside the entry. Items go by their list's key. */
export function keyName(path: SpecPath): string {
  const end = path.findLastIndex((step) => typeof step === "string");
  if (path.length === 2 && path[0] === "nodes") return "an entry of `nodes`";
  const start = path.findLastIndex((step, index) => index < end && typeof step === "number");
  return shown(path.slice(start + 1, end + 1).join("."));
}

const entries: Readonly<Record<string, string>> = {
  nodes: "a node",
  topics: "a topic",
  connectors: "a connector",
  plugins: "a plugin",
};

/** What has the keys at this path: `a spec`, `kafka`, `a node`. */
export function ownerName(path: SpecPath): string {
  const [last] = path.slice(-1);
  if (last === undefined) return "a spec";
  if (typeof last === "number") return entries[String(path.at(-2))] ?? "an item";
  return keyName(path);
}
