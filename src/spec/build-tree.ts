/** From the YAML library's nodes to the spec's own tree: aliases and merge keys resolved, variables filled in, hazards found. */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar as YamlScalar, type YAMLMap } from "yaml";
import { fillIn, typed, type Environment } from "./environment.ts";
import { nearest } from "./nearest.ts";
import { mapKeyFinding } from "./map-keys.ts";
import type { Finding, Source } from "./source.ts";
import { characterName } from "./text-checks.ts";
import type { Entry, MapValue, Scalar, Span, Value } from "./tree.ts";

/** Aliases share values; what counts is how many there would be, each written out. */
const mostValues = 100_000;
const deepest = 64;
const outOfMeasure = `with its aliases written out, this is more than ${mostValues.toLocaleString("en")} values`;

type Size = { readonly values: number; readonly depth: number };

export function buildTree(root: Node | null, source: Source, env: Environment) {
  const findings: Finding[] = [];
  const anchors = new Map<string, Value | "open">();
  const sizes = new WeakMap<Value, Size>();
  let tooMuch = false;
  let mergedEntries = 0;

  const find = (code: Finding["code"], span: Span, what: string, fix: string): void => {
    findings.push({ code, span, what, fix });
  };

  function build(node: unknown): Value {
    const span = spanOfNode(node);
    if (isAlias(node)) return followed(node.source, span);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) anchors.set(anchor, "open");
    const value = built(node, span);
    if (anchor !== undefined) anchors.set(anchor, value);
    return value;
  }

  function built(node: unknown, span: Span): Value {
    if (isMap(node)) return measured(map(node, span));
    if (isSeq(node)) return measured({ kind: "list", items: node.items.map(build), span });
    if (isScalar(node)) return scalar(node, span);
    return empty(span);
  }

  /** Refuses what has grown out of all measure, and goes on with nothing in its place. */
  function measured(value: Value): Value {
    const children =
      value.kind === "map"
        ? [...value.entries.values()].map((entry) => entry.value)
        : value.kind === "list"
          ? value.items
          : [];
    let values = 1;
    let depth = 0;
    for (const child of children) {
      const size = sizes.get(child);
      values += size?.values ?? 1;
      depth = Math.max(depth, size?.depth ?? 0);
    }
    if (tooMuch || values > mostValues || depth >= deepest) {
      tooBig(firstOf(value.span), values > mostValues ? outOfMeasure : `this is nested deeper than ${deepest} levels`);
      return empty(value.span);
    }
    sizes.set(value, { values, depth: depth + 1 });
    return value;
  }

  function tooBig(span: Span, what: string): void {
    if (!tooMuch) find("spec-syntax", span, what, "no spec needs that: write the part that is meant");
    tooMuch = true;
  }

  function followed(name: string, span: Span): Value {
    const value = anchors.get(name);
    if (value !== undefined && value !== "open") return value;
    const near = nearest(name, anchors.keys());
    if (value === "open")
      find("spec-syntax", span, `\`*${name}\` stands inside of what it names`, "take the alias out");
    else
      find(
        "spec-syntax",
        span,
        `\`*${name}\` names no anchor that stands before it`,
        near === null ? `put \`&${name}\` before the first value that is meant` : `did you mean \`*${near}\`?`,
      );
    return empty(span);
  }

  function scalar(node: YamlScalar, span: Span): Scalar {
    const plain = node.type === "PLAIN" && node.tag === undefined;
    const text = typeof node.value === "string" ? node.value : (node.source ?? "");
    const filled = fillIn(text, env);
    for (const { piece, what, fix } of filled.troubles) {
      const at = source.text.slice(span.start, span.end).indexOf(piece);
      const start = span.start + Math.max(0, at);
      find("spec-env", at === -1 ? span : { start, end: start + piece.length }, what, fix);
    }
    checkCharacters(filled.text, span, filled.used);
    const changed = filled.text !== text;
    const own = node.value === null || ["string", "number", "boolean"].includes(typeof node.value) ? node.value : text;
    return {
      kind: "scalar",
      value: changed ? (plain ? typed(filled.text) : filled.text) : (own as Scalar["value"]),
      text: filled.text,
      plain,
      hidden: filled.used,
      span,
    };
  }

  function checkCharacters(text: string, span: Span, fromOutside: boolean): void {
    const [bad] = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffd]/.exec(text) ?? [];
    if (bad === undefined) return;
    if (bad === "\ufffd")
      find("spec-syntax", span, "there is a character here that is not UTF-8 text", "save the file as UTF-8");
    else {
      const name = characterName(bad.codePointAt(0) ?? 0);
      const where = fromOutside ? "what the variable gives has" : "this value has";
      find("spec-bad-value", span, `${where} ${name} in it`, "take it out: no key of a spec needs one");
    }
  }

  function map(node: YAMLMap, span: Span): MapValue {
    const own = new Map<string, Entry>();
    const merged: { readonly span: Span; readonly from: unknown }[] = [];
    for (const pair of node.items as readonly Pair[]) {
      const key = spanOfNode(pair.key);
      if (isScalar(pair.key) && pair.key.type === "PLAIN" && pair.key.value === "<<") {
        merged.push({ span: key, from: pair.value });
        continue;
      }
      const value = build(pair.value ?? null);
      const name = keyName(pair.key);
      const finding = mapKeyFinding(name, pair.key, key, own, source);
      if (finding !== null) findings.push(finding);
      else if (name !== null)
        own.set(name, { key, value: value.span.start === value.span.end ? { ...value, span: key } : value });
    }
    if (merged.length > 1)
      find("spec-syntax", merged[1]?.span ?? span, "`<<` is here twice", "write one, with a list: `<<: [*a, *b]`");
    const whole = merged.map((merge) => mergeInto(own, merge.from, merge.span)).every(Boolean);
    return { kind: "map", entries: own, span, partial: !whole };
  }

  /** What the map says itself wins, then the earlier of several. */
  function mergeInto(own: Map<string, Entry>, from: unknown, span: Span): boolean {
    const value = build(from);
    let whole = true;
    for (const part of value.kind === "list" ? value.items : [value]) {
      if (part.kind !== "map") {
        whole = false;
        const fix = "write `<<: *name`, where `&name` stands before a map";
        if (!findings.some((finding) => finding.span === part.span))
          find("spec-syntax", span, "`<<` takes a map, or a list of maps", fix);
        continue;
      }
      mergedEntries += part.entries.size;
      if (mergedEntries > mostValues) {
        tooBig(span, outOfMeasure);
        return false;
      }
      for (const [name, entry] of part.entries) if (!own.has(name)) own.set(name, entry);
    }
    return whole;
  }

  return { root: build(root), findings };
}

function keyName(node: unknown): string | null {
  if (!isScalar(node)) return null;
  const name = typeof node.value === "string" ? node.value : (node.source ?? "");
  return name === "" && node.value === null ? null : name;
}

function empty(span: Span): Scalar {
  return { kind: "scalar", value: null, text: "", plain: true, hidden: false, span };
}

function firstOf({ start }: Span): Span {
  return { start, end: start + 1 };
}

function spanOfNode(node: unknown): Span {
  const range = isAlias(node) || isMap(node) || isSeq(node) || isScalar(node) ? node.range : undefined;
  return range ? { start: range[0], end: range[1] } : { start: 0, end: 0 };
}
