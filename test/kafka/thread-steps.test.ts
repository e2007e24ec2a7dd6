import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { threadSteps } from "../../src/kafka/thread-steps.ts";

const pool = "num.io.threads";

describe("a thread pool", () => {
  test.each<[string, string[], string | null, string[]]>([
    ["that doubles at most is set at once", ["8"], "16", []],
    ["that halves at most is set at once", ["9"], "4", []],
    ["that grows by more doubles first", ["8", "8"], "100", ["16", "32", "64"]],
    ["that shrinks by more halves first", ["100"], "8", ["50", "25", "12"]],
    ["that goes down to one ends there", ["9"], "1", ["4", "2"]],
    ["of other sizes on other brokers goes by steps that each of them takes", ["8", "12"], "40", ["16", "32"]],
    ["of sizes too far apart is left to Kafka to refuse", ["8", "100"], "50", []],
    ["of a size that is not known is left to Kafka", [], "100", []],
    ["that is to be nothing that Kafka takes is left to it to refuse", ["8"], "0", []],
    ["whose end is not known is left to Kafka", ["8"], null, []],
  ])("%s", (_what, now, to, steps) => {
    expect(threadSteps(pool, now, to)).toEqual(steps);
  });

  test("of all sizes goes by steps that Kafka takes", () => {
    const size = fc.integer({ min: 1, max: 5000 });
    fc.assert(
      fc.property(size, size, (from, to) => {
        let runs = from;
        for (const next of [...threadSteps(pool, [String(from)], String(to)).map(Number), to]) {
          expect(next).toBeLessThanOrEqual(runs * 2);
          expect(next).toBeGreaterThanOrEqual(Math.floor(runs / 2));
          runs = next;
        }
      }),
    );
  });
});

test("a setting that is no thread pool's has no steps", () => {
  expect(threadSteps("message.max.bytes", ["8"], "100000")).toEqual([]);
});
