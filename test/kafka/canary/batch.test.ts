/** Our record batches against the client library's reader, and the polynomial against the value that its inventors give. */
import { Reader, readRecordsBatches } from "@platformatic/kafka";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBatches, encodeBatch } from "../../../src/kafka/canary/batch.ts";
import { crc32c } from "../../../src/kafka/records/crc32c.ts";
import { isCanarys, numberOf, valueOf } from "../../../src/kafka/canary/record.ts";

const producer = { id: 4711n, epoch: 3 };
const texts = ["", "a", "ö".repeat(100), "z".repeat(20_000)];
const values = texts.map((text) => Buffer.from(text));

test("the CRC is Castagnoli's", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe306_9283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a91_36aa);
});

describe("a batch", () => {
  test("is what the client library reads", () => {
    const [batch] = readRecordsBatches(Reader.from(encodeBatch(values, producer, 99, 1_700_000_000_000n)));
    expect(batch).toMatchObject({
      firstOffset: 0n,
      magic: 2,
      attributes: 0,
      lastOffsetDelta: 3,
      firstTimestamp: 1_700_000_000_000n,
      maxTimestamp: 1_700_000_000_000n,
      producerId: 4711n,
      producerEpoch: 3,
      firstSequence: 99,
    });
    expect(batch?.records.map(({ value }) => String(value))).toEqual(texts);
    expect(batch?.records.map(({ offsetDelta }) => offsetDelta)).toEqual([0, 1, 2, 3]);
  });

  test("comes back as it went", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 200 }), (some) => {
        const encoded = encodeBatch(
          some.map((bytes) => Buffer.from(bytes)),
          producer,
          0,
          1n,
        );
        encoded.writeBigInt64BE(70n);
        const read = [...decodeBatches(Buffer.concat([encoded, encoded]))];
        expect(read.map(({ offset }) => offset)).toEqual(
          [0, 1].flatMap(() => some.map((_, index) => 70n + BigInt(index))),
        );
        expect(read.map(({ value }) => [...(value ?? [])])).toEqual([...some, ...some].map((bytes) => [...bytes]));
      }),
    );
  });

  test("with one bit turned over anywhere in what its CRC covers is not read as what was sent", () => {
    const whole = encodeBatch(values.slice(0, 3), producer, 0, 1n);
    fc.assert(
      fc.property(fc.integer({ min: 17, max: whole.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        expect([...decodeBatches(damaged)]).toEqual([{ offset: 0n, value: null }]);
      }),
    );
  });

  test("that is compressed, or one of Kafka's own marks, is none of ours", () => {
    for (const attributes of [1, 4, 0x20]) {
      const strange = encodeBatch(values, producer, 0, 1n);
      strange.writeInt16BE(attributes, 21);
      strange.writeUInt32BE(crc32c(strange.subarray(21)), 17);
      expect([...decodeBatches(strange)]).toEqual([{ offset: 0n, value: null }]);
    }
  });
});

describe("a record", () => {
  test("is known again, byte for byte", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 20 }), (number, partition) => {
        const value = valueOf("run", partition, number);
        expect(numberOf("run", partition, value)).toBe(number);
        expect(isCanarys(value)).toBe(true);
        expect(numberOf("another", partition, value)).toBeNull();
        expect(numberOf("run", partition + 1, value)).toBeNull();
        expect(numberOf("run", partition, value.subarray(0, value.length - 1))).toBeNull();
      }),
    );
  });

  test.each(["", "kctl-canary", "kctl-canary run 0 x ", "kctl-canary run 0 -1 ", "kctl-canary run 0 1e3 "])(
    "%j is none",
    (text) => {
      expect(numberOf("run", 0, Buffer.from(text))).toBeNull();
    },
  );
});
