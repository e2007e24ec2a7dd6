/** From the YAML library's nodes to the spec's own tree: aliases and merge keys resolved, variables filled in, hazards found. */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import { anchors as readAnchors } from "./anchors.ts";
import type { Environment } from "./environment.ts";
import { keyNameOf, mapKeyFinding } from "./map-keys.ts";
import { noValue, readScalar } from "./read-scalar.ts";
import type { Find, Finding, Source } from "./source.ts";
import type { Entry, MapValue, Span, Value } from "./tree.ts";
import { treeLimits } from "./tree-limits.ts";

type Merge = { readonly span: Span; readonly from: unknown };

export function buildTree(
  root: Node | null,
  source: Source,
  env: Environment,
): { readonly root: Value; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const find: Find = (code, span, what, fix) => findings.push({ code, span, what, fix });
  const anchors = readAnchors(find);
  const limits = treeLimits(find);

  function build(node: unknown): Value {
    const span = spanOfNode(node);
    if (isAlias(node)) return anchors.follow(node.source, span);
    if (isMap(node)) return anchors.name(node.anchor, () => limits.measured(map(node, span)));
    if (isSeq(node))
      return anchors.name(node.anchor, () => limits.measured({ kind: "list", items: node.items.map(build), span }));
    if (!isScalar(node)) return noValue(span);
    const raw = source.text.slice(span.start, span.end);
    return anchors.name(node.anchor, () => readScalar(node, span, raw, env, find));
  }

  function map(node: YAMLMap, span: Span): MapValue {
    const own = new Map<string, Entry>();
    const merges: Merge[] = [];
    for (const pair of node.items as readonly Pair[]) {
      const key = spanOfNode(pair.key);
      if (isMergeKey(pair.key)) {
        merges.push({ span: key, from: pair.value });
        continue;
      }
      const value = build(pair.value ?? null);
      const name = keyNameOf(pair.key);
      const finding = mapKeyFinding(name, pair.key, key, own, source);
      if (finding !== null) findings.push(finding);
      // A value that is not there has no place of its own: its key stands for it.
      else if (name !== null)
        own.set(name, { key, value: value.span.start === value.span.end ? { ...value, span: key } : value });
    }
    const [, second] = merges;
    if (second !== undefined)
      find("spec-syntax", second.span, "`<<` is here twice", "write one, with a list: `<<: [*a, *b]`");
    const whole = merges.map((merge) => mergeInto(own, merge)).every(Boolean);
    return { kind: "map", entries: own, span, partial: !whole };
  }

  /** What the map says itself wins, then the earlier of several. */
  function mergeInto(own: Map<string, Entry>, { from, span }: Merge): boolean {
    const value = build(from);
    const parts = value.kind === "list" ? value.items : [value];
    const maps = parts.filter((part) => part.kind === "map");
    const unsaid = parts.find((part) => part.kind !== "map" && findings.at(-1)?.span !== part.span);
    if (unsaid !== undefined) {
      const fix = "write `<<: *name`, where `&name` stands before a map";
      find("spec-syntax", span, "`<<` takes a map, or a list of maps", fix);
    }
    for (const { entries } of maps) {
      if (!limits.mayMerge(entries.size, span)) return false;
      for (const [name, entry] of entries) if (!own.has(name)) own.set(name, entry);
    }
    return maps.length === parts.length;
  }

  return { root: build(root), findings };
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === "PLAIN" && key.value === "<<";
}

function spanOfNode(node: unknown): Span {
  const range = isAlias(node) || isMap(node) || isSeq(node) || isScalar(node) ? node.range : undefined;
  return range ? { start: range[0], end: range[1] } : { start: 0, end: 0 };
}
