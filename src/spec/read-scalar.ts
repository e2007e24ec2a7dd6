/** One scalar of the text: its variables filled in, its type given by its looks where it has no quotes, strange characters found. */
import type { Scalar as YamlScalar } from "yaml";
import { fillIn, typed, type Environment } from "./environment.ts";
import type { Find } from "./source.ts";
import { characterName } from "./text-checks.ts";
import type { Scalar, ScalarValue, Span } from "./tree.ts";

/** @param raw the piece of the file that the scalar was read from */
export function readScalar(node: YamlScalar, span: Span, raw: string, env: Environment, find: Find): Scalar {
  const plain = node.type === "PLAIN" && node.tag === undefined;
  const text = typeof node.value === "string" ? node.value : (node.source ?? "");
  const filled = fillIn(text, env);
  for (const { piece, what, fix } of filled.troubles) {
    const at = raw.indexOf(piece);
    const start = span.start + at;
    find("spec-env", at === -1 ? span : { start, end: start + piece.length }, what, fix);
  }
  checkCharacters(filled.text, span, filled.used, find);
  const value = filled.text === text ? ownValue(node.value, text) : plain ? typed(filled.text) : filled.text;
  return { kind: "scalar", value, text: filled.text, plain, hidden: filled.used, span };
}

/** Nothing but these comes from YAML's core schema; anything else is taken for the text that it is. */
function ownValue(value: unknown, text: string): ScalarValue {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  return text;
}

function checkCharacters(text: string, span: Span, fromOutside: boolean, find: Find): void {
  const [bad] = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffd]/.exec(text) ?? [];
  if (bad === undefined) return;
  if (bad === "\ufffd") {
    find("spec-syntax", span, "there is a character here that is not UTF-8 text", "save the file as UTF-8");
    return;
  }
  const name = characterName(bad.codePointAt(0) ?? 0);
  const where = fromOutside ? "what the variable gives has" : "this value has";
  find("spec-bad-value", span, `${where} ${name} in it`, "take it out: no key of a spec needs one");
}

export function noValue(span: Span): Scalar {
  return { kind: "scalar", value: null, text: "", plain: true, hidden: false, span };
}
