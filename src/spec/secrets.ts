/** Secrets that were written into a spec all the same: no excerpt shows them. */
import { valueAt, type Span, type Value } from "./tree.ts";

const known: ReadonlySet<string> = new Set(["mechanism", "username"]);

/** What follows a key of that name, in a text of which no tree could be made, or not of all. */
const named = /((?<![^\s{,"'])(?:password|secret)["']?:[ \t]+)([^\s{[|>&*$,#}][^,}\r\n]*[^\s,}]|[^\s{[|>&*$,#}])/gi;

/** The text with stars for whatever may be a secret; every other letter stays where it is. @param root null: no tree */
export function masked(text: string, root: Value | null): string {
  let shown = text.replace(named, (_all, key: string, value: string) => `${key}${stars(value)}`);
  for (const { start, end } of root === null ? [] : secretsIn(root))
    shown = `${shown.slice(0, start)}${stars(text.slice(start, end))}${shown.slice(end)}`;
  return shown;
}

function stars(text: string): string {
  return text.replace(/[^\r\n]/g, "*");
}

/** Below `provider.sasl`, whatever is neither known to be none nor the place where one lies: a key may be misspelt. */
function secretsIn(root: Value): readonly Span[] {
  const sasl = valueAt(root, ["provider", "sasl"]);
  if (sasl?.kind !== "map") return [];
  return [...sasl.entries].flatMap(([name, { value }]) => (known.has(name) ? [] : literals(value, false)));
}

/** @param inSecret in `{ secret: … }`, whose `file` and `env` say where it lies */
function literals(value: Value, inSecret: boolean): readonly Span[] {
  if (value.kind === "scalar") return value.value === null ? [] : [value.span];
  if (value.kind === "list") return value.items.flatMap((item) => literals(item, false));
  return [...value.entries].flatMap(([name, entry]) =>
    inSecret && (name === "file" || name === "env") ? [] : literals(entry.value, name === "secret"),
  );
}
