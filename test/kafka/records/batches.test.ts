/** Batches as kctl writes and reads them, against the client library's reader, and what they are compressed by. */
import { Reader, readRecordsBatches } from "@platformatic/kafka";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  batchBuilder,
  bufferPool,
  compressions,
  headerBytes,
  noProducer,
  type Compression,
} from "../../../src/kafka/records/batch-builder.ts";
import { batchesIn, headersOf, readRecords, type BatchSeen } from "../../../src/kafka/records/batch-reader.ts";
import { decompress } from "../../../src/kafka/records/codecs.ts";
import { crc32c } from "../../../src/kafka/records/crc32c.ts";
import { putVarint, varintSize } from "../../../src/kafka/records/varint.ts";

type Plain = { readonly key: string | null; readonly value: string | null };

const headers = [
  ["trace", Buffer.from([0, 255])],
  ["größe", Buffer.alloc(0)],
] as const;

function build(records: readonly Plain[], compression: Compression = "none", withHeaders = true): Buffer {
  const form = { limit: 2 ** 20, target: 2 ** 20, compression, headers: headerBytes(withHeaders ? headers : []) };
  const builder = batchBuilder(form, bufferPool());
  for (const [index, { key, value }] of records.entries()) {
    const source = Buffer.from(`before${value ?? ""}after`);
    const end = 6 + Buffer.byteLength(value ?? "");
    const taken = builder.append(
      key === null ? null : Buffer.from(key),
      source,
      value === null ? -1 : 6,
      end,
      1_700_000_000_000 + index,
    );
    expect(taken).toBe(true);
  }
  expect(builder.count()).toBe(records.length);
  return builder.finish({ id: 4711n, epoch: 3 }, 99).bytes;
}

function read(bytes: Buffer): readonly unknown[] {
  return [...batchesIn(bytes)].flatMap((seen) => {
    if (seen.kind !== "sound") return [seen];
    const body = decompress(seen.batch.codec, seen.batch.body);
    if ("why" in body) return [body];
    const records: unknown[] = [];
    readRecords(seen.batch, body.body, (record) => {
      const text = (start: number, end: number): string | null =>
        start < 0 ? null : record.bytes.toString("utf8", start, end);
      records.push({
        offset: record.offset,
        timestamp: record.timestamp,
        key: text(record.keyStart, record.keyEnd),
        value: text(record.valueStart, record.valueEnd),
        headers: headersOf(record),
      });
      return true;
    });
    return records;
  });
}

const some: readonly Plain[] = [
  { key: null, value: "a" },
  { key: "k", value: null },
  { key: "", value: "" },
  { key: "ö".repeat(100), value: "z".repeat(70_000) },
];

describe("a batch", () => {
  test.each(compressions)("of codec %s is what the client library reads", (compression) => {
    const [batch] = readRecordsBatches(Reader.from(build(some, compression)));
    expect(batch).toMatchObject({
      magic: 2,
      lastOffsetDelta: 3,
      firstTimestamp: 1_700_000_000_000n,
      maxTimestamp: 1_700_000_000_003n,
      producerId: 4711n,
      producerEpoch: 3,
      firstSequence: 99,
    });
    expect(batch?.records.map(({ key, value }) => [key?.toString() ?? null, value?.toString() ?? null])).toEqual(
      some.map(({ key, value }) => [key, value]),
    );
    expect(batch?.records[1]?.headers).toEqual(headers.map(([name, value]) => [Buffer.from(name), value]));
  });

  const plain = fc.record({
    key: fc.option(fc.string({ maxLength: 200 })),
    value: fc.option(fc.string({ maxLength: 300 })),
  });

  test("comes back as it went, whatever is in it", () => {
    fc.assert(
      fc.property(
        fc.array(plain, { minLength: 1, maxLength: 150 }),
        fc.constantFrom(...compressions),
        (records, compression) => {
          const bytes = build(records, compression);
          bytes.writeBigInt64BE(70n);
          expect(read(Buffer.concat([bytes, bytes]))).toEqual(
            [0, 1].flatMap(() =>
              records.map((record, index) => ({
                offset: 70 + index,
                timestamp: 1_700_000_000_000 + index,
                ...record,
                headers,
              })),
            ),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test("with a bit turned over is damaged, and one of before Kafka 0.11 is old", () => {
    const whole = build(some.slice(0, 3));
    const kinds = (bytes: Buffer): readonly BatchSeen["kind"][] => [...batchesIn(bytes)].map(({ kind }) => kind);
    for (let at = 21; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 4;
      expect(kinds(damaged)).toEqual(["damaged"]);
    }
    const old = Buffer.from(whole);
    old.writeInt8(1, 16);
    expect(kinds(old)).toEqual(["old"]);
    expect(kinds(whole)).toEqual(["sound"]);
  });

  test("takes no more than its limit, and one record beyond its target", () => {
    const builder = (limit: number, target: number) =>
      batchBuilder({ limit, target, compression: "none", headers: headerBytes([]) }, bufferPool());
    const value = Buffer.alloc(100);
    const small = builder(1000, 200);
    expect(small.append(null, value, 0, 100, 0)).toBe(true);
    expect(small.append(null, value, 0, 100, 0)).toBe(false);
    expect(small.count()).toBe(1);
    expect(builder(1000, 50).append(null, value, 0, 100, 0)).toBe(true);
    // The head has 61 bytes, and the record 9 beside its value.
    const exact = builder(61 + 109, 50);
    expect(exact.append(null, value, 0, 100, 0)).toBe(true);
    expect(exact.finish(noProducer, -1).bytes.length).toBe(61 + 109);
    expect(builder(61 + 108, 50).append(null, value, 0, 100, 0)).toBe(false);
  });

  test("does not change what was sent, though its memory is used again once it is given back", () => {
    const pool = bufferPool();
    const form = { limit: 2 ** 20, target: 2 ** 20, compression: "none", headers: headerBytes([]) } as const;
    const first = batchBuilder(form, pool);
    first.append(null, Buffer.from("first"), 0, 5, 0);
    const sent = first.finish(noProducer, -1);
    const second = batchBuilder(form, pool);
    second.append(null, Buffer.from("other"), 0, 5, 0);
    expect(read(sent.bytes)).toMatchObject([{ value: "first" }]);
    sent.release();
    const third = batchBuilder(form, pool);
    third.append(null, Buffer.from("third"), 0, 5, 0);
    expect(third.finish(noProducer, -1).bytes.buffer).toBe(sent.bytes.buffer);
  });
});

describe("a codec", () => {
  const run = "aaaaaaaaab";
  const words = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");
  // A byte, eight more of it by a copy from one byte back, and another one.
  const snappy = "0a 00 61 11 01 00 62";
  const lz4 = "04224d18 60 40 82 07000000 14 61 0100 10 62 00000000";

  test.each([
    ["snappy, bare", 2, snappy],
    ["snappy in the frame of Java's", 2, `82534e4150505900 00000001 00000001 00000007 ${snappy}`],
    [
      "snappy of two blocks in a frame",
      2,
      `82534e4150505900 00000001 00000001 00000003 01 00 61 00000007 09 00 61 0d 01 00 62`,
    ],
    ["LZ4", 3, lz4.replace("07000000", "06000000")],
    [
      "LZ4 of a block that is not compressed",
      3,
      `04224d18 60 40 82 0a000080 ${Buffer.from(run).toString("hex")} 00000000`,
    ],
    [
      "LZ4 with all that its head may have",
      3,
      `04224d18 7c 40 0a00000000000000 82 06000000 14 61 0100 10 62 01020304 00000000 05060708`,
    ],
  ])("%s is undone", (_, codec, hex) => {
    expect(decompress(codec, words(hex))).toMatchObject({ body: Buffer.from(run) });
  });

  test.each([
    ["a codec of later", 5, "00", "they are compressed by a codec (number 5) that kctl does not know"],
    [
      "snappy that points before its beginning",
      2,
      "0a 11 01",
      "their snappy cannot be undone: it points before its beginning",
    ],
    ["snappy that ends too early", 2, "0a 24 61", "their snappy cannot be undone: it ends too early"],
    ["snappy that is shorter than it says", 2, "0a 00 61", "their snappy cannot be undone: 1 bytes came of it, not 10"],
    ["what is no LZ4", 3, "00000000 60 40 82", "their lz4 cannot be undone: it is no LZ4 frame"],
    ["LZ4 that ends too early", 3, "04224d18 60 40 82 ff000000 14", "their lz4 cannot be undone: it ends too early"],
  ])("%s is told", (_, codec, hex, why) => {
    expect(decompress(codec, words(hex))).toEqual({ why });
  });

  test.each([1, 4])("number %i that is damaged is told", (codec) => {
    expect(decompress(codec, words("1f8b0102"))).toHaveProperty("why");
  });
});

test("the CRC of any piece is that of a byte at a time", () => {
  const plainly = (bytes: Uint8Array): number => {
    let crc = -1;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
    }
    return ~crc >>> 0;
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 20 }), (bytes, start) => {
      expect(crc32c(bytes, Math.min(start, bytes.length))).toBe(plainly(bytes.subarray(start)));
    }),
  );
});

test("a number takes as many bytes as it is said to", () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      expect(putVarint(Buffer.alloc(10), 1, value) - 1).toBe(varintSize(value));
    }),
  );
});
