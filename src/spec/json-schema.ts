/** The spec's JSON Schema, for editors: they complete, explain and check with it. */
import { z } from "zod";
import { formatPhrases, formatOf } from "./formats.ts";
import { infoOf } from "./key-info.ts";
import { specSchema } from "./schema.ts";

type Json = Record<string, unknown>;

const fromEnvironment = {
  description: "A variable: `${NAME}` or `${NAME:-default}`.",
  type: "string",
  pattern: "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}",
};

export function specJsonSchema(): object {
  const schema = z.toJSONSchema(specSchema, {
    target: "draft-2020-12",
    io: "input",
    unrepresentable: "any",
    metadata: z.registry(),
    override: ({ zodSchema, jsonSchema }) => describe(zodSchema, jsonSchema as Json),
  }) as Json;
  const { $schema, properties, ...rest } = schema;
  return {
    $schema,
    $id: "urn:kctl:schema:spec",
    title: "kctl spec",
    description: "One Kafka cluster, as kctl reads it.",
    ...rest,
    properties,
    patternProperties: { "^x-": { description: "Anchors of your own; kctl does not look at it." } },
    $defs: { fromEnvironment },
  };
}

/** Called for the innermost schema first, so that a key's own words come last and stay. */
function describe(zodSchema: z.core.$ZodType, json: Json): void {
  // Where JavaScript's whole numbers end is no rule of the spec.
  if (json["maximum"] === Number.MAX_SAFE_INTEGER) delete json["maximum"];
  const format = formatOf(zodSchema);
  if (format === "setting") Object.assign(json, { type: ["string", "number", "boolean"] });
  else if (isLeaf(json)) allowVariable(json);
  const [own] = (json["anyOf"] ?? []) as readonly Json[];
  if (format !== null && own !== undefined) own["description"] = formatPhrases[format];
  // Any text can be a key; that goes without saying.
  delete json["propertyNames"];
  const info = infoOf(zodSchema);
  if (info === null) return;
  const { doc, effect, unit, on, orOne, orTrue, later } = info;
  if (orOne === true) allowOne(json);
  if (orTrue === true) allowTrue(json);
  const notBuilt = later === undefined ? "" : " Not built yet: a spec with this key is refused.";
  Object.assign(json, { description: `${doc}${notBuilt}`, "x-kctl-effect": effect });
  if (unit !== undefined) json["x-kctl-unit"] = unit;
  if (on !== undefined) json["x-kctl-providers"] = on;
  if (later !== undefined) json["x-kctl-later"] = later;
}

function isLeaf(json: Json): boolean {
  return (
    json["anyOf"] === undefined &&
    (json["enum"] !== undefined ||
      ["integer", "boolean", "number"].includes(String(json["type"])) ||
      json["pattern"] !== undefined)
  );
}

/** A list that may be written as its one item. */
function allowOne(json: Json): void {
  const { default: value, ...own } = json;
  for (const name of Object.keys(json)) delete json[name];
  json["anyOf"] = [own, own["items"]];
  if (value !== undefined) json["default"] = value;
}

function allowTrue(json: Json): void {
  const own = { ...json };
  for (const name of Object.keys(json)) delete json[name];
  json["anyOf"] = [own, { type: "boolean" }];
}

/** Everything that is not simply text can come from a variable as well. */
function allowVariable(json: Json): void {
  const { default: value, ...own } = json;
  for (const name of Object.keys(json)) delete json[name];
  json["anyOf"] = [own, { $ref: "#/$defs/fromEnvironment" }];
  if (value !== undefined) json["default"] = value;
}
