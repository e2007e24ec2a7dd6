import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { murmur2, partitionForKey } from "../../src/kafka/murmur2.ts";

const table = JSON.parse(readFileSync(new URL("murmur2/table.json", import.meta.url), "utf8")) as [string, number][];

describe("murmur2", () => {
  it.each(table)("hashes %s to %i, as Kafka's Java client does", (hex, hash) => {
    expect(murmur2(Buffer.from(hex, "hex"))).toBe(hash);
  });

  it("does not depend on where in a larger buffer the key lies", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (before, key) => {
        const joined = Buffer.concat([before, key]);
        expect(murmur2(joined.subarray(before.length))).toBe(murmur2(key));
      }),
    );
  });

  it("picks a partition that is there, also where the hash is negative", () => {
    for (const [hex, hash] of table) {
      // Java's Utils.toPositive clears the sign bit.
      const positive = hash < 0 ? hash + 2 ** 31 : hash;
      for (const partitions of [1, 3, 6, 7, 100]) {
        expect(partitionForKey(Buffer.from(hex, "hex"), partitions)).toBe(positive % partitions);
      }
    }
    expect(table.some(([, hash]) => hash < 0)).toBe(true);
  });
});
