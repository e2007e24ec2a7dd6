/** Keys of a map that cannot be: twice the same, none at all, a list, a variable, or a name that every object has. */
import { isScalar } from "yaml";
import type { Finding, Source } from "./source.ts";
import type { Entry, Span } from "./tree.ts";

/** As it is spelled; null for what is no word. */
export function keyNameOf(node: unknown): string | null {
  if (!isScalar(node)) return null;
  const name = typeof node.value === "string" ? node.value : (node.source ?? "");
  return name === "" && node.value === null ? null : name;
}

const forbidden = new Set(["__proto__", "constructor", "prototype"]);

export function mapKeyFinding(
  name: string | null,
  node: unknown,
  span: Span,
  own: ReadonlyMap<string, Entry>,
  source: Source,
): Finding | null {
  if (name === null)
    return {
      code: "spec-syntax",
      span,
      what: isScalar(node) ? "there is no key before the colon" : "a key must be a word, not a list, a map or an alias",
      fix: "write `key: value`",
    };
  if (forbidden.has(name))
    return {
      code: "spec-bad-value",
      span,
      what: `\`${name}\` cannot be a key`,
      fix: "choose another name, or take it out",
    };
  if (name.includes("${"))
    return {
      code: "spec-env",
      span,
      what: "variables are filled in in values, not in keys",
      fix: "write the key out",
    };
  const first = own.get(name);
  if (first === undefined) return null;
  return {
    code: "spec-syntax",
    span,
    what: `\`${name}\` is here twice; the first is in line ${source.line(first.key.start)}`,
    fix: "keep one of them",
  };
}
