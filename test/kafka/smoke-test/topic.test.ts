import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differences, layOut, topicSettings } from "../../../src/kafka/smoke-test/topic.ts";

const brokerIds = fc.uniqueArray(fc.integer({ min: 1, max: 999 }), { minLength: 1, maxLength: 12 });

describe("the layout of test_log", () => {
  it("has max(3, brokers) partitions of min(3, brokers) replicas, and each broker leads one", () => {
    fc.assert(
      fc.property(brokerIds, (ids) => {
        const layout = layOut(ids);
        expect(layout.map(({ partition }) => partition)).toEqual([...Array(Math.max(3, ids.length)).keys()]);
        expect(new Set(layout.map(({ brokers }) => brokers[0]))).toEqual(new Set(ids));
        for (const { brokers } of layout) {
          expect(new Set(brokers).size).toBe(Math.min(3, ids.length));
          expect(ids).toEqual(expect.arrayContaining([...brokers]));
        }
      }),
    );
  });

  it("is known again, whatever the number of brokers was", () => {
    fc.assert(
      fc.property(brokerIds, (ids) => {
        const layout = layOut(ids);
        expect(differences(layout, topicSettings(Math.min(3, ids.length)))).toEqual([]);
      }),
    );
  });

  const three = layOut([1, 2, 3]);
  const ours = topicSettings(3);
  it.each([
    ["a setting more", three, { ...ours, "segment.bytes": "1000" }, ["segment.bytes=1000"]],
    ["a setting changed", three, { ...ours, "cleanup.policy": "compact" }, ["cleanup.policy=compact"]],
    ["a setting less", three, { ...ours, "retention.ms": undefined }, ["retention.ms=(not set)"]],
    ["two partitions", three.slice(0, 2), ours, ["2 partitions with 3 replicas"]],
    [
      "four partitions of two",
      layOut([1, 2])
        .concat(layOut([1, 2]))
        .slice(0, 4),
      topicSettings(2),
      ["4 partitions with 2 replicas"],
    ],
    [
      "uneven replicas",
      [...three.slice(0, 2), { partition: 2, brokers: [1] }],
      ours,
      ["3 partitions with 3 or 1 replicas"],
    ],
  ])("differs by %s", (_name, layout, settings, wanted) => {
    const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
    expect(differences(layout, given as Record<string, string>)).toEqual(wanted);
  });
});
