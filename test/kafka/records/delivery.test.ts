/** What is printed of fetched batches, where it stops, and how far the reader of the output has it. */
import { describe, expect, test } from "vitest";
import { batchBuilder, bufferPool, headerBytes, noProducer } from "../../../src/kafka/records/batch-builder.ts";
import { crc32c } from "../../../src/kafka/records/crc32c.ts";
import { delivery, type Delivery, type Printer } from "../../../src/kafka/records/delivery.ts";
import type { FetchedPartition } from "../../../src/kafka/wire/fetch.ts";
import { jsonPrinter, textPrinter } from "../../../src/report/record-text.ts";

type Plain = { readonly key?: Buffer | null; readonly value: Buffer | string | null };

const time = Date.UTC(2026, 0, 2);

function batch(
  first: number,
  records: readonly Plain[],
  headers: readonly (readonly [string, Buffer])[] = [],
  at = time,
): Buffer {
  const form = { limit: 2 ** 20, target: 2 ** 20, compression: "none", headers: headerBytes(headers) } as const;
  const builder = batchBuilder(form, bufferPool());
  for (const { key = null, value } of records) {
    const bytes = Buffer.from(value ?? "");
    builder.append(key, bytes, value === null ? -1 : 0, bytes.length, at);
  }
  const { bytes } = builder.finish(noProducer, -1);
  bytes.writeBigInt64BE(BigInt(first));
  return bytes;
}

const part = (partition: number, batches: readonly Buffer[], next: number): FetchedPartition => ({
  partition,
  error: 0,
  highWatermark: 100n,
  aborted: [],
  batches: Buffer.concat(batches),
  next: BigInt(next),
});

type Run = { readonly out: string[]; readonly run: Delivery };

function running(printer: Printer, most: number | null = null, closesAfter = Infinity): Run {
  const out: string[] = [];
  const write = async (bytes: Buffer): Promise<boolean> => {
    if (out.length >= closesAfter) return false;
    out.push(bytes.toString("utf8"));
    return true;
  };
  const run = delivery({ topic: "t", printer, write, most, committed: true });
  return { out, run };
}

const text = (): Printer => textPrinter({ separator: null, nothing: "" });
const values = (...all: readonly string[]): readonly Plain[] => all.map((value) => ({ value }));

describe("delivery", () => {
  test("begins in the middle of a batch, and tells of what is behind it", async () => {
    const { out, run } = running(text());
    run.start(new Map([[0, 6n]]));
    expect(await run.deliver(part(0, [batch(5, values("a", "b")), batch(9, values("c"))], 12))).toBe(true);
    expect(out.join("")).toBe("b\nc\n");
    expect(Object.fromEntries(run.written())).toEqual({ 0: 12n });
    expect({ records: run.records(), over: run.isOver() }).toEqual({ records: 2, over: false });
  });

  test("ends after as many as were asked for, in the middle of a batch", async () => {
    const { out, run } = running(text(), 2);
    run.start(new Map([[0, 5n]]));
    expect(await run.deliver(part(0, [batch(5, values("a", "b", "c"))], 8))).toBe(false);
    expect(out.join("")).toBe("a\nb\n");
    expect(Object.fromEntries(run.written())).toEqual({ 0: 7n });
    expect(run.isOver()).toBe(true);
  });

  test("counts as written only what was, where the reader has gone", async () => {
    const { out, run } = running(text(), null, 1);
    run.start(new Map([[0, 5n]]));
    expect(await run.deliver(part(0, [batch(5, values("a"))], 6))).toBe(true);
    expect(await run.deliver(part(0, [batch(6, values("b"))], 7))).toBe(false);
    expect(out).toEqual(["a\n"]);
    expect(Object.fromEntries(run.written())).toEqual({ 0: 6n });
    expect({ records: run.records(), over: run.isOver() }).toEqual({ records: 1, over: true });
  });

  const damaged = batch(6, values("b"));
  damaged[30] = (damaged[30] ?? 0) ^ 1;
  // Snappy, the second codec, of bytes that are none of its; the CRC goes over the attributes too.
  const strange = batch(6, values("b"));
  strange[22] = 2;
  strange.writeUInt32BE(crc32c(strange.subarray(21)), 17);

  test.each([
    ["their batch is damaged: its CRC is another one", damaged],
    ["their snappy cannot be undone: it points before its beginning", strange],
  ])("says which records cannot be read, once those before them are written: %s", async (why, bad) => {
    const { out, run } = running(text());
    await expect(run.deliver(part(3, [batch(5, values("a")), bad], 7))).rejects.toThrow(
      `the records of t from offset 6 of partition 3 on cannot be read: ${why}`,
    );
    expect({ out, written: Object.fromEntries(run.written()), records: run.records() }).toEqual({
      out: ["a\n"],
      written: { 3: 6n },
      records: 1,
    });
  });
});

describe("a record is printed", () => {
  const strange = Buffer.from([0xff, 0]);
  const records: readonly Plain[] = [
    { key: Buffer.from("k"), value: "v\nw" },
    { value: null },
    { key: strange, value: strange },
  ];

  test.each([
    [null, "", "v\nw\n\n\ufffd\0\n"],
    ["\t", "NULL", "k\tv\nw\nNULL\tNULL\n\ufffd\0\t\ufffd\0\n"],
  ])("as text, with the separator %j and %j for null", async (separator, nothing, wanted) => {
    const { out, run } = running(textPrinter({ separator, nothing }));
    await run.deliver(part(0, [batch(0, records)], 3));
    expect(out.join("")).toBe(wanted);
  });

  test("as JSON, with its bytes where they are no text", async () => {
    const headers = [
      ["h", Buffer.from("x")],
      ["s", strange],
    ] as const;
    const { out, run } = running(jsonPrinter("t"));
    await run.deliver(part(2, [batch(40, records, headers)], 43));
    const common = {
      type: "record",
      topic: "t",
      partition: 2,
      timestamp: "2026-01-02T00:00:00.000Z",
      headers: { h: "x", s: "\ufffd\0" },
      headersBase64: { s: "/wA=" },
    };
    const lines = out
      .join("")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      { ...common, offset: 40, key: "k", value: "v\nw" },
      { ...common, offset: 41, key: null, value: null },
      { ...common, offset: 42, key: "\ufffd\0", value: "\ufffd\0", keyBase64: "/wA=", valueBase64: "/wA=" },
    ]);
  });

  test("as JSON, with all headers of one name", async () => {
    const headers = [
      ["h", Buffer.from("1")],
      ["s", strange],
      ["h", Buffer.from("2")],
    ] as const;
    const { out, run } = running(jsonPrinter("t"));
    await run.deliver(part(2, [batch(40, [{ value: "v" }], headers)], 41));
    expect(JSON.parse(out.join(""))).toMatchObject({
      headers: { h: "2", s: "\ufffd\0" },
      headerList: [
        { name: "h", value: "1" },
        { name: "s", value: "\ufffd\0", valueBase64: "/wA=" },
        { name: "h", value: "2" },
      ],
    });
  });

  test("as JSON without a time, where no date is as far away: some clients write nanoseconds", async () => {
    const { out, run } = running(jsonPrinter("t"));
    await run.deliver(part(0, [batch(0, values("a"), [], time * 1e6)], 1));
    expect(JSON.parse(out.join(""))).toMatchObject({ value: "a", timestamp: null });
  });
});
