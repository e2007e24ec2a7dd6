/** The schema as a tree that can be asked: which keys are known here, what each takes, and what it says of itself. */
import type { z } from "zod";
import { formatOf, type FormatName } from "./formats.ts";
import { infoOf, type KeyInfo } from "./key-info.ts";
import { specSchema } from "./schema.ts";
import type { SpecPath } from "./problem.ts";
import type { Value } from "./tree.ts";

export type Key = {
  readonly name: string;
  readonly info: KeyInfo;
  readonly required: boolean;
  readonly default: unknown;
  readonly shape: Shape;
};

export type Shape =
  | { readonly kind: "map"; readonly keys: ReadonlyMap<string, Key> }
  /** Which keys there are depends on the value of one of them. */
  | { readonly kind: "choice"; readonly by: string; readonly options: ReadonlyMap<string, Shape> }
  | { readonly kind: "table"; readonly value: Shape }
  | { readonly kind: "list"; readonly item: Shape }
  | { readonly kind: "text"; readonly format: FormatName | null }
  | { readonly kind: "number" }
  | { readonly kind: "integer"; readonly from: number | null; readonly to: number | null }
  | { readonly kind: "word"; readonly words: readonly string[] }
  | { readonly kind: "boolean" }
  | { readonly kind: "any" };

type Definition = z.core.$ZodTypes["_zod"]["def"];

function definitionOf(schema: z.core.$ZodType): Definition {
  return (schema as z.core.$ZodTypes)._zod.def;
}

/** What is left once `optional`, `default` and the transformation of a text into a number are taken off. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  const definition = definitionOf(schema);
  if (definition.type === "optional" || definition.type === "default" || definition.type === "prefault")
    return bare(definition.innerType);
  return schema;
}

function shapeOf(schema: z.core.$ZodType): Shape {
  const inner = bare(schema);
  const definition = definitionOf(inner);
  switch (definition.type) {
    case "object":
      return {
        kind: "map",
        keys: new Map(Object.entries(definition.shape).map(([name, value]) => [name, keyOf(name, value)])),
      };
    case "union":
      return unionOf(definition);
    case "record":
      return { kind: "table", value: shapeOf(definition.valueType) };
    case "array":
      return { kind: "list", item: shapeOf(definition.element) };
    case "enum":
      return { kind: "word", words: Object.values(definition.entries).map(String) };
    case "literal":
      return { kind: "word", words: definition.values.map(String) };
    case "number": {
      const { format, minValue, maxValue } = inner as z.ZodNumber;
      if (format === null) return { kind: "number" };
      return { kind: "integer", from: finite(minValue), to: finite(maxValue) };
    }
    case "boolean":
      return { kind: "boolean" };
    case "string":
    case "pipe":
      return { kind: "text", format: formatOf(inner) };
    default:
      return { kind: "any" };
  }
}

function finite(bound: number | null): number | null {
  return bound === null || Math.abs(bound) >= Number.MAX_SAFE_INTEGER ? null : bound;
}

function unionOf(definition: z.core.$ZodUnionDef): Shape {
  const shapes = definition.options.map(shapeOf);
  if (!("discriminator" in definition)) return shapes[0] ?? { kind: "any" };
  const by = String(definition.discriminator);
  const options = new Map(
    shapes.flatMap((shape) => {
      const type = shape.kind === "map" ? shape.keys.get(by)?.shape : undefined;
      return type?.kind === "word" ? type.words.map((word) => [word, shape] as const) : [];
    }),
  );
  return { kind: "choice", by, options };
}

function keyOf(name: string, schema: z.core.$ZodType): Key {
  const definition = definitionOf(schema);
  const info = infoOf(schema) ?? { doc: "", effect: "none" };
  const value = definition.type === "default" || definition.type === "prefault" ? definition.defaultValue : undefined;
  return {
    name,
    info,
    required: !["optional", "default", "prefault"].includes(definition.type) && definition.type !== "unknown",
    default: value,
    shape: shapeOf(schema),
  };
}

/** Whether the spec's provider has a use for the key; of one that kctl does not know, nothing is said. @param owner the path of its map */
export function isOn({ name, info }: Key, owner: SpecPath, provider: string): boolean {
  if (provider === "external") return isOfExternal([...owner, name]);
  return (
    info.on === undefined || !["local", "ssh", "aws"].includes(provider) || info.on.some((type) => type === provider)
  );
}

/** A cluster that kctl does not manage has a way in, and topics; all else is its operators'. */
function isOfExternal([top, second]: SpecPath): boolean {
  if (top === "kafka") return second === undefined || second === "version";
  return top === "name" || top === "provider" || top === "topics";
}

let whole: Shape | null = null;

/** The shape of a whole spec. */
export function specShape(): Shape {
  whole ??= shapeOf(specSchema);
  return whole;
}

/** The shape that a value stands under: a choice is made by what the value says. */
export function chosen(shape: Shape, value: Value | null): Shape {
  if (shape.kind !== "choice") return shape;
  const entry = value?.kind === "map" ? value.entries.get(shape.by)?.value : undefined;
  const option = entry?.kind === "scalar" ? shape.options.get(entry.text) : undefined;
  return option ?? shape;
}

/** The shape at a path of a spec, and the innermost key on the way; null where the schema knows no such path. */
export function shapeAt(root: Value, path: SpecPath): { readonly shape: Shape; readonly key: Key | null } | null {
  let value: Value | null = root;
  let shape = specShape();
  let key: Key | null = null;
  for (const step of path) {
    shape = chosen(shape, value);
    if (shape.kind === "map") {
      const next: Key | undefined = shape.keys.get(String(step));
      if (next === undefined) return null;
      key = next;
      shape = next.shape;
    } else if (shape.kind === "choice") {
      const next: Key | undefined = [...shape.options.values()]
        .flatMap((option) => (option.kind === "map" ? [option.keys.get(String(step))] : []))
        .find((found) => found !== undefined);
      if (next === undefined) return null;
      key = next;
      shape = step === shape.by ? { kind: "word", words: [...shape.options.keys()] } : next.shape;
    } else if (shape.kind === "list") shape = shape.item;
    else if (shape.kind === "table") shape = shape.value;
    else return null;
    if (value?.kind === "map") value = value.entries.get(String(step))?.value ?? null;
    else if (value?.kind === "list") value = typeof step === "number" ? (value.items[step] ?? null) : null;
    else value = null;
  }
  return { shape: chosen(shape, value), key };
}

let paths: ReadonlyMap<string, readonly (readonly string[])[]> | null = null;

/** Every key's name, with the paths at which it is known: `heap` at `["kafka", "heap"]` and others; lists add no step. */
export function pathsByName(): ReadonlyMap<string, readonly (readonly string[])[]> {
  if (paths !== null) return paths;
  const found = new Map<string, string[][]>();
  function walk(shape: Shape, above: readonly string[]): void {
    if (shape.kind === "list") walk(shape.item, above);
    if (shape.kind === "choice") for (const option of shape.options.values()) walk(option, above);
    if (shape.kind !== "map") return;
    for (const key of shape.keys.values()) {
      const path = [...above, key.name];
      const known = found.get(key.name) ?? [];
      if (!known.some((other) => other.join() === path.join())) found.set(key.name, [...known, path]);
      walk(key.shape, path);
    }
  }
  walk(specShape(), []);
  paths = found;
  return found;
}
