/** A network's range cut into subnets. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { subnetRanges } from "../../src/ec2/subnet-ranges.ts";
import { readCidr } from "../../src/spec/cidr.ts";

test.each<[string, number, readonly string[]]>([
  ["10.20.0.0/16", 3, ["10.20.0.0/20", "10.20.16.0/20", "10.20.32.0/20"]],
  ["172.16.0.0/20", 2, ["172.16.0.0/24", "172.16.1.0/24"]],
  ["10.0.0.0/26", 2, ["10.0.0.0/28", "10.0.0.16/28"]],
])("%s for %i zones", (cidr, count, ranges) => {
  expect(subnetRanges(cidr, count)).toEqual(ranges);
});

test("each is a range without host bits, and no two meet", () => {
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 22 }), fc.integer({ min: 1, max: 6 }), (bits, count) => {
      const ranges = subnetRanges(`10.64.0.0/${bits}`, count);
      expect(new Set(ranges).size).toBe(count);
      for (const range of ranges) expect(readCidr(range)?.text).toBe(range);
    }),
  );
});
