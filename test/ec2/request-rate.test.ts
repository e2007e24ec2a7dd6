import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fullBucket, launchRate, takeToken, type Rate } from "../../src/ec2/request-rate.ts";

/** When calls that are asked for at these moments are made. */
function madeAt(asked: readonly number[], rate: Rate): readonly number[] {
  let bucket = fullBucket(rate, asked[0] ?? 0);
  return asked.map((at) => {
    const taken = takeToken(bucket, rate, at);
    ({ bucket } = taken);
    return at + taken.waitMs;
  });
}

describe("a bucket of tokens", () => {
  const rate = { burst: 3, perSecond: 2 };

  test.each<[string, readonly number[], readonly number[]]>([
    ["as many as it holds, at once", [0, 0, 0], [0, 0, 0]],
    ["the next ones as it fills", [0, 0, 0, 0, 0, 0], [0, 0, 0, 500, 1000, 1500]],
    ["slower than it fills, none waits", [0, 600, 1200, 1800, 2400], [0, 600, 1200, 1800, 2400]],
    ["it holds no more than it holds", [0, 60_000, 60_000, 60_000, 60_000], [0, 60_000, 60_000, 60_000, 60_500]],
    ["what has come in between counts", [0, 0, 0, 1000, 1000, 1000], [0, 0, 0, 1000, 1000, 1500]],
  ])("%s", (_, asked, wanted) => {
    expect(madeAt(asked, rate)).toEqual(wanted);
  });

  test("a hundred launches: five at once, and two a second after that", () => {
    const made = madeAt(
      Array.from({ length: 100 }, () => 0),
      launchRate,
    );
    expect(made.filter((at) => at === 0)).toHaveLength(5);
    expect(made.at(-1)).toBe(47_500);
  });

  test("in no span of time are more made than it holds and fills by then, and in the order in which they were asked for", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 40 });
    const rates = fc.record({ burst: fc.integer({ min: 1, max: 6 }), perSecond: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(gaps, rates, (between, { burst, perSecond }) => {
        let now = 0;
        const made = madeAt(
          between.map((gap) => (now += gap)),
          { burst, perSecond },
        );
        expect(made).toEqual(made.toSorted((a, b) => a - b));
        for (const [first, from] of made.entries())
          for (const [last, to] of made.entries())
            if (last >= first)
              expect(last - first + 1).toBeLessThanOrEqual(burst + ((to - from) / 1000) * perSecond + 1e-6);
      }),
    );
  });
});
