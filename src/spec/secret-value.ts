/** A setting that is a secret: where it comes from, and what is wrong with how that is said. */
import type { Secret } from "./formats.ts";
import type { Problem, SpecPath } from "./problem.ts";
import type { MapValue } from "./tree.ts";
import { shown } from "./words.ts";

export function secretIn(value: MapValue, path: SpecPath): { readonly secret: Secret } | { readonly problem: Problem } {
  const name = shown(String(path.at(-1)));
  const wrong = (what: string): { readonly problem: Problem } => ({
    problem: {
      code: "spec-wrong-type",
      path,
      at: "key",
      what: `${name}: ${what}`,
      fix: "write `{ secret: { file: PATH } }` or `{ secret: { env: NAME } }`",
    },
  });
  const inner = value.entries.get("secret")?.value;
  if (value.entries.size > 1) return wrong("beside `secret` there is nothing else to say");
  if (inner?.kind !== "map") return wrong("a secret never stands in the spec: say where it is");
  const [[source, entry] = [], ...more] = [...inner.entries];
  if ((source !== "file" && source !== "env") || more.length > 0)
    return wrong("a secret comes from a `file` or from the environment (`env`)");
  if (entry?.value.kind !== "scalar" || entry.value.value === null || entry.value.text === "")
    return wrong(source === "file" ? "`file` takes a path" : "`env` takes the name of a variable");
  const { text } = entry.value;
  return { secret: source === "file" ? { file: text } : { env: text } };
}
