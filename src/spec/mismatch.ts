/** A value that is not what its key takes: the sentence that says so, and the way out. */
import { formatPhrases } from "./formats.ts";
import { fits, mendText } from "./mend.ts";
import { nearest } from "./nearest.ts";
import type { Problem, SpecPath } from "./problem.ts";
import { mayBeSecret } from "./secrets.ts";
import type { Key, Shape } from "./shape.ts";
import type { Scalar, Value } from "./tree.ts";
import { code, given, keyName, listed, shown } from "./words.ts";

type Place = { readonly path: SpecPath; readonly key: Key | null; readonly shape: Shape };

/** What a value of this shape is, as it ends the sentence "`heap` takes ...". */
function takes(shape: Shape, key: Key | null): string {
  switch (shape.kind) {
    case "text":
      return shape.format === null ? "text" : formatPhrases[shape.format];
    case "integer":
      return shape.to === null
        ? `a whole number${shape.from === null ? "" : ` from ${shape.from}`}`
        : `a whole number from ${shape.from ?? 0} to ${shape.to}`;
    case "word":
      return listed(shape.words, "or");
    case "number":
      return "a number";
    case "boolean":
      return "`true` or `false`";
    case "list":
      return "a list";
    case "table":
      return "settings, each `name: value` on a line of its own";
    default:
      return key?.info.orTrue === true ? "`true` or keys of its own" : "keys of its own";
  }
}

export function mismatch(place: Place, value: Value): Problem {
  const { path, shape, key } = place;
  const name = keyName(path);
  if (key?.info.secret === true && value.kind === "scalar" && value.value !== null) return bareSecret(path);
  const because = (code: Problem["code"], what: string, fix: string): Problem => ({ code, path, what, fix });
  if (value.kind === "scalar" && value.value === null) return nothingThere(place);
  // One item without its list.
  if (value.kind === "scalar" && shape.kind === "list" && key?.info.orOne === true)
    return mismatch({ ...place, shape: shape.item }, value);
  const isSecret = value.kind === "scalar" && mayBeSecret(path, value);
  const sentence = `${name} takes ${takes(shape, key)}, not ${isSecret ? "a single value" : given(value)}`;
  if (shape.kind === "list")
    return value.kind === "list" ? tooShort(place) : because("spec-wrong-type", sentence, asList(value, key));
  if (shape.kind === "map" || shape.kind === "choice" || shape.kind === "table")
    return because("spec-wrong-type", sentence, asMap(place, value));
  if (value.kind !== "scalar") return because("spec-wrong-type", sentence, `write one value${exampleOf(place)}`);
  if (value.hidden)
    return because("spec-bad-value", sentence, "set the variable to such a value, or write the value here");
  if (shape.kind === "integer") return because(...ofInteger(value, sentence, place));
  if (shape.kind === "number") return because("spec-bad-value", sentence, "write a number above 0, such as `0.1`");
  if (shape.kind === "boolean") return because("spec-wrong-type", sentence, asBoolean(value));
  if (shape.kind === "word") return because("spec-bad-value", sentence, asWord(value, shape.words, place));
  return ofText(place, value, sentence);
}

/** Where it came from the environment, it would still be a part of the spec. */
function bareSecret(path: SpecPath): Problem {
  return {
    code: "spec-bad-value",
    path,
    what: `${keyName(path)} is a secret, and secrets are never written in the spec`,
    fix: "write where it lies: `{ secret: { file: PATH } }` or `{ secret: { env: NAME } }`",
  };
}

function nothingThere({ path, key, shape }: Place): Problem {
  const example = key?.info.example;
  const name = keyName(path);
  const write =
    example === undefined ? below(shape) : `write ${code(`${String(path.at(-1))}: ${example}`)}, for example`;
  return {
    code: "spec-wrong-type",
    path,
    at: "key",
    what: `${name} has no value`,
    fix: key?.required === true || typeof path.at(-1) === "number" ? write : `${write}, or take the key out`,
  };
}

function below(shape: Shape): string {
  if (shape.kind === "table") return "write settings below it, indented";
  return shape.kind === "map" || shape.kind === "choice" ? "write its keys below it, indented" : "give it one";
}

function tooShort({ path, key }: Place): Problem {
  const example = key?.info.example ?? "[...]";
  return {
    code: "spec-bad-value",
    path,
    at: "key",
    what: `${keyName(path)} is an empty list`,
    fix: `write at least one: ${code(`${String(path.at(-1))}: ${example}`)}`,
  };
}

function exampleOf({ key }: Place): string {
  return key?.info.example === undefined ? "" : `, such as ${code(`${key.name}: ${key.info.example}`)}`;
}

function asList(value: Value, key: Key | null): string {
  if (value.kind === "map") return "start each entry with a hyphen: `- `";
  if (value.kind === "scalar" && !value.hidden) {
    const items = value.text.split(/[\s,]+/).filter((item) => item !== "");
    return `write ${shown(`${key?.name ?? "list"}: [${items.join(", ")}]`)}`;
  }
  return "write the list out: a variable gives one value, never a list";
}

/** `provider: local`, `kafka: 3.9.1`: what was meant is the value of the one key that must be there. */
function asMap({ shape, path, key }: Place, value: Value): string {
  if (value.kind === "scalar" && !value.hidden) {
    if (shape.kind === "choice" && shape.options.has(value.text))
      return `write ${shown(`${key?.name ?? ""}: { ${shape.by}: ${value.text} }`)}`;
    const needed = shape.kind === "map" ? [...shape.keys.values()].find(({ required }) => required) : undefined;
    if (needed?.shape.kind === "text" && fits(needed.shape.format, value.text))
      return `write ${shown(`${key?.name ?? ""}: { ${needed.name}: ${value.text} }`)}`;
  }
  if (value.kind === "scalar" && value.hidden) return "write it out: a variable gives one value, never more";
  if (value.kind === "list" && shape.kind !== "table") return "take the hyphens away";
  if (typeof path.at(-1) === "number" && path[0] === "nodes")
    return `write \`- { name: ${hostName(value)}, roles: [zookeeper, broker] }\`, for example`;
  return "write its keys below it, each on a line of its own, indented";
}

function hostName(value: Value): string {
  return value.kind === "scalar" && typeof value.value === "string" && fits("host-name", value.text)
    ? value.text
    : "kafka-1";
}

function ofInteger(value: Scalar, sentence: string, place: Place): [Problem["code"], string, string] {
  const { text } = value;
  if (typeof value.value === "number") {
    const fix = Number.isInteger(value.value) ? "choose a number in that range" : "write a whole number";
    return ["spec-bad-value", sentence, fix];
  }
  if (/^[0-9]+$/.test(text) && !value.plain)
    return ["spec-wrong-type", `${sentence} in quotes`, `take the quotes off: \`${text}\``];
  return ["spec-wrong-type", sentence, `write digits${exampleOf(place)}`];
}

function asBoolean(value: Scalar): string {
  if (/^(y|yes|on|true|1)$/i.test(value.text)) return "write `true`, without quotes";
  if (/^(n|no|off|false|0)$/i.test(value.text)) return "write `false`, without quotes";
  return "write `true` or `false`";
}

function asWord(value: Scalar, words: readonly string[], { path }: Place): string {
  const near = nearest(value.text, words);
  if (near !== null) return `did you mean ${shown(near)}?`;
  const parts = value.text.split(/[\s,+/]+/).filter((part) => words.includes(part));
  if (typeof path.at(-1) === "number" && parts.length > 1)
    return `write them as items of their own: \`[${parts.join(", ")}]\``;
  return words.length === 1 ? `write ${listed(words, "or")}` : `choose one of ${listed(words, "and")}`;
}

function ofText(place: Place, value: Scalar, sentence: string): Problem {
  const { shape, path, key } = place;
  const format = shape.kind === "text" ? shape.format : null;
  const name = keyName(path);
  const example = path[0] === "kafka" ? null : (key?.info.example ?? null);
  if (typeof value.value === "string") {
    if (format === null)
      return { code: "spec-bad-value", path, what: `${name} is empty text`, fix: `write something${exampleOf(place)}` };
    const { what, fix } = mendText(format, value.text, example);
    return { code: "spec-bad-value", path, what: what ?? sentence, fix };
  }
  const read = `to YAML, ${shown(value.text)} is ${typeof value.value === "number" ? numberName(value.text, value.value) : "a boolean"}`;
  if (fits(format, value.text))
    return {
      code: "spec-wrong-type",
      path,
      what: `${name} takes text; ${read}`,
      fix: `put quotes around it: \`"${value.text}"\``,
    };
  const phrase = format === null ? "text" : formatPhrases[format];
  const fix = format === null ? "put quotes around it" : mendText(format, value.text, example).fix;
  return { code: "spec-wrong-type", path, what: `${name} takes ${phrase}; ${read}`, fix };
}

/** `3.10` is the number 3.1: the reason why the last digit of a version would be lost. */
function numberName(text: string, value: number): string {
  return String(value) === text ? "a number" : `the number ${value}`;
}
