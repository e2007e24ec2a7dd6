/** Secrets that were written into a spec all the same: no excerpt shows them. */
import type { SpecPath } from "./problem.ts";
import { valueAt, type Scalar, type Span, type Value } from "./tree.ts";

/** Below `provider`: what is known to be no secret. */
const known: ReadonlySet<string> = new Set([
  "type",
  "bootstrap",
  "tls.ca",
  "tls.cert",
  "tls.key",
  "sasl.mechanism",
  "sasl.username",
]);

/** What follows a key of such a name where there is a tree: with a blank after the colon, and without. */
const named =
  /((?<![\w.-])[\w.-]{0,99}(?:pass|secret)[\w.-]{0,99}["']?[ \t]*:[ \t]+)(?!["']?\$+\{(?:(?!:-)[^}\s])*\})((?:[^\s{[|>&*$,#}]|\$(?!\{))[^,}\r\n]*)/gi;
const glued = /((?:pass|secret)[\w.-]{0,99}["']?:)([^\s,}\]]+)/gi;

/** The same where there is none: whatever is on the line, also behind `=`, and behind a key without a colon. */
const keyed =
  /(?:pass|secret)[\w.-]{0,99}["']?[ \t]*[:=][ \t]*|(?:^[ \t]*(?:[-?][ \t]+)*|[{[,][ \t]*)["']?[\w.-]{0,99}(?:pass|secret)[\w.-]{0,99}["']?[ \t]+/gi;
const place = `\\{[ \\t]*(?:file|env):[ \\t]*["']?[^\\s{},"'&*!|>#]+["']?[ \\t]*\\}`;
/** Where a secret lies, which is none itself. A variable's default may be one. */
const variable = `["']?\\$+\\{(?:(?!:-)[^}\\s])*\\}["']?`;
const elsewhere = new RegExp(
  `(?:\\{[ \\t]*secret:[ \\t]*${place}[ \\t]*\\}|${place}|${variable})(?=[ \\t]*(?:[}\\],#\\r]|$))`,
  "y",
);

/** The text with stars for whatever may be a secret; every other letter stays where it is. @param root the whole text's; null: there is none */
export function masked(text: string, root: Value | null): string {
  if (root === null) return maskedLines(text);
  const hide = (_all: string, key: string, value: string): string =>
    `${key}${stars(value.trimEnd())}${blanksAfter(value)}`;
  let shown = text.replace(named, hide).replace(glued, hide);
  for (const { start, end } of secretsIn(root))
    shown = `${shown.slice(0, start)}${stars(text.slice(start, end))}${shown.slice(end)}`;
  return shown;
}

/** A sentence without what is masked at the place that it is about. */
export function unquoted(sentence: string, text: string, shown: string, { start, end }: Span): string {
  if (text.slice(start, end) === shown.slice(start, end)) return sentence;
  const words = text.slice(start, end).matchAll(/[^\s,{}"'`:=]{3,}/g);
  return [...words].reduce((said, { 0: word, index }) => {
    const isShown = shown.startsWith(word, start + index);
    return isShown ? said : said.replaceAll(hiddenPart(word, shown.slice(start + index)), (part) => stars(part));
  }, sentence);
}

/** Of a word the part that has stars. */
function hiddenPart(word: string, shown: string): string {
  const from = [...word].findIndex((letter, at) => shown[at] !== letter);
  return word.slice(from);
}

/** Whether a value that does not fit here may be a secret that somebody put in a wrong place. */
export function mayBeSecret(path: SpecPath, value: Scalar): boolean {
  const [first, second] = path;
  return first === "provider" && (second === "sasl" || second === "tls") && !isHarmless(path.slice(1), value);
}

function stars(text: string): string {
  return text.replace(/[^\r\n]/g, "*");
}

function blanksAfter(text: string): string {
  return text.slice(text.trimEnd().length);
}

function maskedLines(text: string): string {
  /** The column of a key whose value may go on in lines that are indented deeper. */
  let column = Infinity;
  let isOpen = false;
  return text
    .split("\n")
    .map((line) => {
      const indent = line.search(/[^ \t\r]/);
      if (indent === -1) return line;
      const goesOn = indent > column || (isOpen && !line.includes(":"));
      if (goesOn) return `${line.slice(0, indent)}${stars(line.slice(indent))}`;
      const at = secretAt(line);
      column = at === null ? Infinity : indent;
      isOpen = at !== null && line.slice(at).trim() === "";
      return at === null ? line : `${line.slice(0, at)}${stars(line.slice(at))}`;
    })
    .join("\n");
}

/** Where on the line a secret may begin; null: there is none. */
function secretAt(line: string): number | null {
  let after = 0;
  for (const match of line.matchAll(keyed)) {
    const end = match.index + match[0].length;
    if (end <= after) continue;
    elsewhere.lastIndex = end;
    if (!elsewhere.test(line)) return end;
    after = elsewhere.lastIndex;
  }
  return null;
}

/** Below `provider`, whatever is neither known to be none nor the place where one lies: a key may be misspelt, or another tool's. */
function secretsIn(root: Value): readonly Span[] {
  const provider = valueAt(root, ["provider"]);
  const type = valueAt(root, ["provider", "type"]);
  const isExternal = type?.kind === "scalar" && type.text === "external";
  const entries = provider?.kind === "map" ? [...provider.entries] : [];
  const below = entries.filter(([name]) => isExternal || name === "sasl" || name === "tls");
  return [...below.flatMap(([name, { value }]) => literals(value, [name])), ...namedIn(root)];
}

/** Keys that say what they have, wherever they stand; and what is part of such a key by mistake. */
function namedIn(value: Value): readonly Span[] {
  if (value.kind === "scalar") return [];
  if (value.kind === "list") return value.items.flatMap(namedIn);
  return [...value.entries].flatMap(([name, { key, value: inner }]) => {
    const [head] = /^.*?(?:pass|secret)[\w.-]*["']?[ \t]*[ \t:=]/is.exec(name) ?? [];
    const glue = head === undefined ? [] : [{ start: key.start + head.length, end: key.end }];
    const isNamed = /pass|secret/i.test(name) && !(inner.kind === "scalar" && isVariable.test(inner.text));
    return [...glue, ...(isNamed ? literals(inner, [name]) : namedIn(inner))];
  });
}

/** Of a provider of settings, such as `${vault:kafka:key}`. */
const isVariable = /^\$+\{(?:(?!:-)[^}\s])*\}$/;

const places: ReadonlySet<string> = new Set(["secret", "file", "env"]);

function literals(value: Value, path: SpecPath): readonly Span[] {
  if (value.kind === "scalar") return value.value === null || isHarmless(path, value) ? [] : [value.span];
  if (value.kind === "list") return value.items.flatMap((item) => literals(item, path));
  const isNamed = /pass|secret/i.test(String(path.at(-1)));
  return [...value.entries].flatMap(([name, { key, value: inner }]) => {
    // `{ hunter2 }` is a key to YAML.
    const isBare = isNamed && inner.kind === "scalar" && inner.value === null && !places.has(name);
    return isBare ? [key] : literals(inner, [...path, name]);
  });
}

/** A second key that YAML takes for a part of the value before it. */
const inside = /(?:pass|secret)[\w.-]*["']?[\s:=]/i;

/** @param path below `provider` */
function isHarmless(path: SpecPath, value: Scalar): boolean {
  const keys = path.filter((step) => typeof step === "string");
  const name = keys.join(".");
  if (name === "tls") return typeof value.value === "boolean";
  const [before, last] = keys.slice(-2);
  return (known.has(name) && !inside.test(value.text)) || (before === "secret" && (last === "file" || last === "env"));
}
