/** Settings of controllers and topics, whose keys a spec cannot have yet, and properties of values. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { knownSettingRules } from "../../src/spec/known-setting-rules.ts";
import { loadSpec } from "../../src/spec/load.ts";
import type { Spec } from "../../src/spec/schema.ts";
import { settingRules } from "../../src/spec/setting-rules.ts";
import { settingInfo, settingMinors, settingNames } from "../../src/spec/setting-info.ts";
import { valueFault } from "../../src/spec/setting-value.ts";

function specWith(more: Partial<Spec>, version = "3.9.1"): Spec {
  const text = `name: a\nprovider: { type: local }\nkafka: { version: 3.9.1 }\nnodes: [{ group: k, count: 3, roles: [zookeeper, broker] }]`;
  const result = loadSpec(text, { file: "x", env: {} });
  if (!result.ok) throw new Error("not loaded");
  return { ...result.spec, kafka: { ...result.spec.kafka, version }, ...more };
}

function topicFault(config: Record<string, string>, version?: string) {
  const { problems, warnings } = knownSettingRules(specWith({ topics: [{ name: "orders", config }] }, version));
  expect(warnings).toEqual([]);
  return problems.map(({ what, fix, path }) => [path.join(" "), what, fix]);
}

describe("topics' settings", () => {
  test.each([
    [
      "retention.ms",
      "7d",
      "`retention.ms` takes a whole number of milliseconds from -1",
      "Kafka counts it in milliseconds: write `604800000`",
    ],
    [
      "cleanup.policy",
      "compacted",
      "`cleanup.policy` takes one or more of `compact` and `delete`",
      "did you mean `compact`?",
    ],
    ["retention.m", "1", "Kafka 3.9 has no topic setting `retention.m`", "did you mean `retention.ms`?"],
    [
      "log.retention.hours",
      "1",
      "Kafka 3.9 has no topic setting `log.retention.hours`",
      "write `retention.ms`: `log.retention.hours` is the brokers' default for it",
    ],
    [
      "num.io.threads",
      "1",
      "Kafka 3.9 has no topic setting `num.io.threads`",
      "write it under `kafka.config`: it is a setting of brokers",
    ],
    ["x.y.z.of.a.plugin", "1", "Kafka 3.9 has no topic setting `x.y.z.of.a.plugin`", "take it out"],
    [
      "internal.segment.bytes",
      "1",
      "Kafka 3.9 has no topic setting `internal.segment.bytes` yet",
      "take it out; it came with Kafka 4.1",
    ],
  ])("%s: %s", (name, value, what, fix) => {
    expect(topicFault({ [name]: value })).toEqual([[`topics 0 config ${name}`, what, fix]]);
  });

  test("one that is gone", () => {
    expect(topicFault({ "message.format.version": "3.0" }, "4.1.1")).toEqual([
      [
        "topics 0 config message.format.version",
        "Kafka 4.1 has no topic setting `message.format.version` any more: it is gone since 4.0",
        "take it out",
      ],
    ]);
    expect(topicFault({ "message.format.version": "3.0" })).toEqual([]);
  });

  test("what is right passes", () => {
    const config = { "retention.ms": "-1", "cleanup.policy": "compact,delete", "min.insync.replicas": "2" };
    expect(topicFault(config)).toEqual([]);
  });
});

test("controllers' settings are checked like the brokers'", () => {
  const { problems } = knownSettingRules(specWith({ controller: { config: { "num.io.threads": "0" }, jvm: [] } }));
  expect(problems).toMatchObject([{ path: ["controller", "config", "num.io.threads"], code: "spec-bad-value" }]);
});

test("what is kctl's own is not the controllers' to set, and a topic's setting must have a name", () => {
  const { problems } = settingRules(
    specWith({
      controller: { config: { listeners: "CONTROLLER://:1" }, jvm: ["-Xmx1g"] },
      topics: [{ name: "orders", config: { "retention ms": "1" } }],
    }),
  );
  expect(problems.map(({ path }) => path.join(" "))).toEqual([
    "controller config listeners",
    "topics 0 config retention ms",
    "controller jvm 0",
  ]);
});

test("a Kafka whose settings are not known is not judged", () => {
  const of = { ...specWith({}).kafka, version: "5.0.0", config: { "num.io.threads": "0", x: "1" } };
  expect(knownSettingRules(specWith({ kafka: of }))).toEqual({ problems: [], warnings: [] });
});

describe("values", () => {
  const infos = settingMinors.flatMap((minor) =>
    [...(settingNames(minor) ?? [])].flatMap((name) => settingInfo(minor, name) ?? []),
  );

  test("every default passes", () => {
    const refused = infos.filter((info) => info.default !== null && valueFault(info, info.default) !== null);
    expect(refused.map(({ name }) => name)).toEqual([]);
  });

  test("any text passes or is refused with a sentence and a way out, which then passes", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc
        .tuple(
          fc.nat(5000),
          fc.constantFrom("k", "MB", "GiB", " bytes", "ms", "s", "min", "h", " days", "w", "_0", "e3"),
        )
        .map((pair) => pair.join("")),
    );
    fc.assert(
      fc.property(fc.constantFrom(...infos), texts, (info, text) => {
        const fault = valueFault(info, text);
        if (fault === null) return;
        expect(fault.takes).toMatch(/^takes \S/);
        expect(fault.fix).not.toMatch(/undefined|NaN|null/);
        const [, written] = /(?:write|did you mean) `([^`]+)`/.exec(fault.fix) ?? [];
        if (written !== undefined) expect(valueFault(info, written)).toBeNull();
      }),
      { numRuns: 3000 },
    );
  });
});
