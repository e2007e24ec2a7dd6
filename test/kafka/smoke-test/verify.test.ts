import { murmur2 } from "@platformatic/kafka";
import { describe, expect, it } from "vitest";
import type { ReadRecord } from "../../../src/kafka/smoke-test/read.ts";
import { keylessSpread, keysKept, orderKept, readBack } from "../../../src/kafka/smoke-test/verify.ts";
import { misplaced } from "../../../src/kafka/smoke-test/write.ts";
import { partitions, records, stored } from "./stored.ts";

const hash = (key: Buffer): number => murmur2(key);

/** As Kafka keeps them, with one record changed. */
function withOne(change: (record: ReadRecord) => Partial<ReadRecord> | null, at = 20): ReadRecord[] {
  const { read } = stored(records);
  const one = read[at];
  if (one === undefined) throw new Error("no such record");
  const changed = change(one);
  return changed === null ? read.toSpliced(at, 1) : read.toSpliced(at, 1, { ...one, ...changed });
}

describe("what was read", () => {
  const { written, read } = stored(records);

  it("passes where it is what was written", () => {
    expect(readBack("run", written, read)).toContain(`${records.length} records written, ${records.length} read`);
    expect(orderKept(read)).toContain("in the order in which they were written");
    expect(keysKept(read, partitions, hash)).toContain("48 keys in 144 records");
    const keyless = new Set(records.filter(({ kind }) => kind === "keyless").map(({ number }) => number));
    expect(keylessSpread(read, keyless, partitions)).toBe("6 records without a key reached all 3 partitions");
  });

  it.each([
    ["is lost", withOne(() => null), "is lost"],
    ["has another key", withOne(() => ({ key: Buffer.from("x") })), "another key"],
    ["has no key", withOne(() => ({ key: null })), "another key"],
    [
      "has another value",
      withOne(({ value }) => ({ value: Buffer.concat([value ?? Buffer.alloc(0), Buffer.of(0)]) })),
      "another value",
    ],
    ["lost a header", withOne(({ headers }) => ({ headers: headers.slice(0, 2) })), "other headers"],
    [
      "has its headers in another order",
      withOne(({ headers }) => ({ headers: headers.toReversed() })),
      "other headers",
    ],
    ["has another timestamp", withOne(({ timestamp }) => ({ timestamp: timestamp + 1n })), "timestamp"],
    ["is elsewhere", withOne(({ partition }) => ({ partition: (partition + 1) % 3 })), "another place"],
    ["is somebody else's", withOne(() => ({ headers: [] })), "1 records are not of this test"],
  ])("fails where one %s", (_name, wrong, why) => {
    expect(() => readBack("run", written, wrong)).toThrow(why);
  });

  it("fails where one is there twice, or one more than was confirmed", () => {
    const [first] = read;
    if (first === undefined) throw new Error("nothing was read");
    expect(() => readBack("run", written, [...read, { ...first, offset: 99n }])).toThrow("is there 2 times");
    expect(() => readBack("run", written.slice(1), read)).toThrow(`${records.length - 1} records were written and`);
  });

  it("fails where two of a partition have changed places", () => {
    const swapped = read.map((record) => {
      if (record.partition !== 1 || record.offset > 1n) return record;
      return { ...record, offset: 1n - record.offset };
    });
    expect(() => orderKept(swapped)).toThrow("in partition 1, record 1 stands at offset 1, after record 4");
  });

  it("fails where a key lies in two partitions, or all of one in the wrong one", () => {
    const moved = withOne(({ partition }) => ({ partition: (partition + 1) % 3 }));
    expect(() => keysKept(moved, partitions, hash)).toThrow("belongs in partition");
    const all = read.map((record) => (record.key === null ? record : { ...record, partition: 0 }));
    expect(() => keysKept(all, partitions, hash)).toThrow("and lies in 0");
  });

  it("fails where a partition got no record without a key", () => {
    const keyless = new Set(records.filter(({ kind }) => kind === "keyless").map(({ number }) => number));
    const some = read.filter(({ key, partition }) => key !== null || partition !== 2);
    expect(() => keylessSpread(some, keyless, partitions)).toThrow("reached 2 of 3 partitions");
  });
});

describe("misplaced", () => {
  it("tells records that are gone from records of somebody else", () => {
    expect(misplaced(1, 20n, 20n)).toBeNull();
    expect(misplaced(1, 0n, 20n)).toContain("20 records that were confirmed before are gone");
    expect(misplaced(1, 21n, 20n)).toContain("somebody else writes to test_log");
  });
});
