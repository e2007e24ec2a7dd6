/** The schema as data: what every key says of itself, the versions, and what is generated from them. */
import fc from "fast-check";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { specJsonSchema } from "../../src/spec/json-schema.ts";
import { loadSpec } from "../../src/spec/load.ts";
import { nearest } from "../../src/spec/nearest.ts";
import { specReference } from "../../src/spec/reference.ts";
import { specSchema } from "../../src/spec/schema.ts";
import { specShape, type Key, type Shape } from "../../src/spec/shape.ts";
import { bundledZookeeper, javaFor, kafkaMinors, newestKafkas, zookeeperMinors } from "../../src/spec/versions.ts";

type Placed = { readonly path: string; readonly key: Key };

function keysOf(shape: Shape, above: string): readonly Placed[] {
  if (shape.kind === "list") return keysOf(shape.item, above);
  if (shape.kind === "choice")
    return [...shape.options].flatMap(([option, inner]) => keysOf(inner, `${above}${option}.`));
  if (shape.kind !== "map") return [];
  return [...shape.keys.values()].flatMap((key) => [
    { path: above + key.name, key },
    ...keysOf(key.shape, `${above}${key.name}.`),
  ]);
}

const all = keysOf(specShape(), "");

describe("every key", () => {
  test.each(all.map(({ path, key }) => [path, key] as const))("%s says what it is", (path, { info, name }) => {
    expect(info.doc).toMatch(/^[A-Z`'].*\.$/s);
    expect(path).not.toMatch(/_/);
    expect(info.also ?? []).not.toContain(name);
  });

  test("examples are right where they stand", () => {
    const wrong = all.filter(({ path, key: { info, name } }) => {
      if (info.example === undefined) return false;
      const { [name]: written } = parse(`${name}: ${info.example}`) as Record<string, unknown>;
      const map = info.orTrue === true && written === true ? {} : written;
      const value = info.orOne === true && !Array.isArray(map) ? [map] : map;
      const outer = {
        name: "demo",
        provider: { type: "local" },
        kafka: { version: "3.9.1" },
        nodes: [{ name: "a", roles: ["broker"] }],
      };
      const result = specSchema.safeParse(put(outer, path.split("."), value));
      return result.error?.issues.some((issue) => issue.path.at(-1) === name || issue.path.includes(name)) ?? false;
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("the JSON Schema and the reference have it", () => {
    const schema = JSON.stringify(specJsonSchema());
    const reference = specReference();
    for (const { key } of all) {
      expect(schema).toContain(`"${key.name}"`);
      expect(reference).toContain(`| \`${key.name}\` |`);
    }
  });
});

/** The value at the path, in a spec that is right otherwise; `provider.OPTION.key` chooses the option. */
function put(outer: Record<string, unknown>, path: readonly string[], value: unknown): unknown {
  const [first = "", ...rest] = path;
  if (first === "provider" && rest.length > 0) {
    const [option = "", ...inner] = rest;
    const base = option === "aws" ? { type: option, region: "eu-central-1" } : { type: option };
    return { ...outer, provider: putIn(base, inner, value) };
  }
  return putIn(outer, path, value);
}

function putIn(outer: Record<string, unknown>, path: readonly string[], value: unknown): Record<string, unknown> {
  const [first = "", ...rest] = path;
  if (rest.length === 0) return { ...outer, [first]: value };
  const inner = outer[first];
  const entry = (Array.isArray(inner) ? inner[0] : inner) as Record<string, unknown> | undefined;
  const filled = putIn(entry ?? {}, rest, value);
  return { ...outer, [first]: first === "nodes" || first === "topics" ? [filled] : filled };
}

describe("the JSON Schema", () => {
  const schema = specJsonSchema() as Record<string, unknown>;

  test("says what it is, and has nothing that only zod would need", () => {
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      required: ["name", "provider", "kafka", "nodes"],
      additionalProperties: false,
      properties: {
        ttl: { "x-kctl-providers": ["aws"], "x-kctl-unit": "duration", "x-kctl-effect": "live" },
        metrics: { "x-kctl-effect": "restart", anyOf: [{ type: "object" }, { type: "boolean" }] },
        kafka: { properties: { config: { additionalProperties: { type: ["string", "number", "boolean"] } } } },
      },
    });
    const noise = /zod|propertyNames|9007199254740991|~standard/.exec(JSON.stringify(schema));
    expect(noise).toBeNull();
  });

  test("its patterns are regular expressions, and take a variable too", () => {
    const { $defs } = schema as { $defs: { fromEnvironment: { pattern: string } } };
    expect("${COUNT:-3}").toMatch(new RegExp($defs.fromEnvironment.pattern, "u"));
    for (const [, pattern = ""] of JSON.stringify(schema).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g))
      expect(() => new RegExp(JSON.parse(pattern) as string, "u")).not.toThrow();
  });
});

describe("versions", () => {
  test("each newest patch loads without a warning, an unknown patch with one", () => {
    const load = (version: string, role = "zookeeper") =>
      loadSpec(
        `name: a\nprovider: { type: local }\nkafka: { version: ${version} }\nnodes: [{ group: k, count: 3, roles: [${role}, broker] }]`,
        { file: "x", env: {} },
      );
    for (const version of newestKafkas()) {
      const modes = kafkaMinors.find(({ patches }) => patches.includes(version))?.modes ?? [];
      for (const [mode, role] of [
        ["zookeeper", "zookeeper"],
        ["kraft", "controller"],
      ] as const) {
        const wanted = modes.includes(mode)
          ? { ok: true, warnings: [] }
          : { ok: false, faults: [{ code: "spec-rule" }] };
        expect(load(version, role)).toMatchObject(wanted);
      }
    }
    expect(load("3.8.77")).toMatchObject({ ok: true, warnings: [{ code: "spec-rule" }] });
    for (const version of ["3.6.2", "3.10.0", "2.8.1", "4.9.0", "5.0.0"])
      expect(load(version)).toMatchObject({ ok: false, faults: [{ code: "spec-bad-value" }] });
  });

  test.each([
    ["3.7.0", "3.8.3"],
    ["3.7.2", "3.8.4"],
    ["3.8.1", "3.8.4"],
    ["3.9.1", "3.8.4"],
    ["4.0.0", null],
    ["9.9.9", null],
  ])("Kafka %s brings ZooKeeper %s", (kafka, zookeeper) => {
    expect(bundledZookeeper(kafka)).toBe(zookeeper);
    if (zookeeper !== null) expect(zookeeperMinors).toContain(zookeeper.split(".").slice(0, 2).join("."));
  });

  test("Java", () => {
    expect(javaFor("3.9.1")).toMatchObject({ minimum: 8, maximum: null, recommended: 17 });
    for (const { minor } of kafkaMinors.filter(({ modes }) => !modes.includes("zookeeper")))
      expect(javaFor(`${minor}.0`)).toMatchObject({ minimum: 17, maximum: null, recommended: 17 });
  });
});

describe("the nearest word", () => {
  const known = ["name", "kafka", "zookeeper", "nodes", "identityFile", "heap", "roles"];

  test.each([
    ["kafak", "kafka"],
    ["Kafka", "kafka"],
    ["zookeper", "zookeeper"],
    ["identity-file", "identityFile"],
    ["hepa", "heap"],
    ["role", "roles"],
    ["rol", "roles"],
    ["xyz", null],
    ["", null],
    ["a", null],
  ])("%j: %j", (word, wanted) => {
    expect(nearest(word, known)).toBe(wanted);
  });

  test("one slip in a word of four letters or more is seen through", () => {
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.nat(), fc.constantFrom("q", "x", "z"), (word, at, letter) => {
        const index = at % word.length;
        expect(nearest(word.slice(0, index) + letter + word.slice(index + 1), known)).toBe(word);
        expect(nearest(word.slice(0, index) + letter + word.slice(index), known)).toBe(word);
      }),
    );
  });
});
