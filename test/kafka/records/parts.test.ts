/** The pure parts of writing and reading records, each by a table. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bufferPool, headerBytes, noProducer } from "../../../src/kafka/records/batch-builder.ts";
import type { Batch } from "../../../src/kafka/records/batch-reader.ts";
import { isShown } from "../../../src/kafka/records/committed.ts";
import { close, confirm, fail, isIdle, maySend, newLane, opened, type Lane } from "../../../src/kafka/records/lane.ts";
import { lineCutter } from "../../../src/kafka/records/lines.ts";
import { rangeAssignment } from "../../../src/kafka/records/range-assignor.ts";
import { spreadOver } from "../../../src/kafka/records/spread.ts";
import { partitionForKey } from "../../../src/kafka/murmur2.ts";

describe("lines", () => {
  const cut = (chunks: readonly string[]): readonly string[] => {
    const lines: string[] = [];
    const cutter = lineCutter((bytes, start, end) => lines.push(bytes.toString("latin1", start, end)));
    for (const chunk of chunks) cutter.take(Buffer.from(chunk, "latin1"));
    cutter.end();
    expect(cutter.pending()).toBe(0);
    return lines;
  };

  test.each([
    [["a\nb\n"], ["a", "b"]],
    [["a\nb"], ["a", "b"]],
    [["\n\n"], ["", ""]],
    [[""], []],
    [
      ["a", "b", "\n", "c\r\n"],
      ["ab", "c\r"],
    ],
  ])("of %j are %j", (chunks, lines) => {
    expect(cut(chunks)).toEqual(lines);
  });

  test("are the same wherever their pieces begin", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a\n]{0,6}$/), { maxLength: 12 }), (chunks) => {
        expect(cut(chunks)).toEqual(cut([chunks.join("")]));
      }),
    );
  });
});

describe("spread", () => {
  const turns = (partitions: number, available: readonly number[], count: number, first = 0): readonly number[] => {
    const spread = spreadOver(partitions, available, first);
    return Array.from({ length: count }, () => spread(null));
  };

  test("records without a key go to each partition that has a leader, in turn", () => {
    expect(turns(4, [0, 1, 3], 7)).toEqual([0, 1, 3, 0, 1, 3, 0]);
    expect(turns(4, [0, 1, 3], 3, 2)).toEqual([3, 0, 1]);
  });

  test("of very many, each gets some in a row, and all as many in the end", () => {
    const all = Array.from({ length: 100 }, (_, index) => index);
    const given = turns(100, all, 400);
    expect(given.slice(0, 5)).toEqual([0, 0, 0, 0, 1]);
    const counts = Map.groupBy(given, (partition) => partition);
    expect([...counts.values()].map(({ length }) => length)).toEqual(all.map(() => 4));
  });

  test("a key goes where Java puts it, whether that has a leader or not", () => {
    const key = Buffer.from("customer-7");
    expect(spreadOver(5, [0], 0)(key)).toBe(partitionForKey(key, 5));
  });
});

describe("a range assignment", () => {
  const both = ["orders", "bills"];
  test.each([
    ["one member", [{ id: "a", topics: ["orders"] }], { a: { orders: [0, 1, 2, 3, 4] } }],
    [
      "two: the first gets one more",
      [
        { id: "b", topics: ["orders"] },
        { id: "a", topics: ["orders"] },
      ],
      { a: { orders: [0, 1, 2] }, b: { orders: [3, 4] } },
    ],
    [
      "members of other topics",
      [
        { id: "a", topics: both },
        { id: "b", topics: ["bills", "gone"] },
      ],
      { a: { orders: [0, 1, 2, 3, 4], bills: [0] }, b: { bills: [1] } },
    ],
    [
      "more members than partitions",
      ["a", "b", "c"].map((id) => ({ id, topics: ["bills"] })),
      { a: { bills: [0] }, b: { bills: [1] }, c: {} },
    ],
  ])("of %s", (_, members, wanted) => {
    const shares = rangeAssignment(
      members,
      new Map([
        ["orders", 5],
        ["bills", 2],
        ["gone", 0],
      ]),
    );
    expect(Object.fromEntries([...shares].map(([id, topics]) => [id, Object.fromEntries(topics)]))).toEqual(wanted);
  });
});

describe("committed records", () => {
  const batch = (firstOffset: number, producerId: bigint, kind: "plain" | "inside" | "aborts" | "commits"): Batch => ({
    firstOffset,
    next: firstOffset + 1,
    codec: 0,
    control: kind === "aborts" || kind === "commits",
    transactional: kind !== "plain",
    appendTime: null,
    producerId,
    firstTime: 0,
    records: 1,
    // A control record's key has a version and a type: 0 aborts, 1 commits.
    body: Buffer.from([16, 0, 0, 0, 8, 0, 0, 0, kind === "commits" ? 1 : 0, 0, 0]),
  });

  test("are those of no transaction, and of committed ones; marks are never shown", () => {
    const shown = isShown([
      { producerId: 7n, firstOffset: 6n },
      { producerId: 7n, firstOffset: 1n },
      { producerId: 8n, firstOffset: 2n },
    ]);
    const batches: readonly [Batch, boolean][] = [
      [batch(0, 7n, "plain"), true],
      [batch(1, 7n, "inside"), false],
      [batch(2, 8n, "inside"), false],
      [batch(3, 7n, "aborts"), false],
      [batch(4, 7n, "inside"), true],
      [batch(5, 7n, "commits"), false],
      [batch(6, 7n, "inside"), false],
      [batch(7, 9n, "inside"), true],
      [batch(8, -1n, "plain"), true],
      [batch(9, 8n, "inside"), false],
    ];
    expect(batches.map(([one]) => shown(one))).toEqual(batches.map(([, wanted]) => wanted));
  });
});

describe("a lane", () => {
  const form = { limit: 10_000, target: 10_000, compression: "none", headers: headerBytes([]) } as const;
  const producer = { id: 1n, epoch: 0 };
  const filled = (counts: readonly number[]): Lane => {
    const lane = newLane(0, 1);
    const pool = bufferPool();
    for (const count of counts) {
      for (let left = count; left > 0; left -= 1) opened(lane, form, pool).append(null, Buffer.from("x"), 0, 1, 0);
      close(lane, producer);
    }
    return lane;
  };
  const send = (lane: Lane): void => void lane.underWay.push(...lane.ready.splice(0, 1));
  const sequences = (lane: Lane): readonly number[] => lane.ready.map(({ bytes }) => bytes.readInt32BE(53));

  test("numbers its batches by the records before them", () => {
    expect(sequences(filled([2, 3, 1]))).toEqual([0, 2, 5]);
    const lane = newLane(0, 1);
    opened(lane, form, bufferPool()).append(null, Buffer.from("x"), 0, 1, 0);
    close(lane, noProducer);
    expect(sequences(lane)).toEqual([-1]);
  });

  test("has one batch alone under way until the first is confirmed, where Kafka goes by their numbers", () => {
    const lane = filled([1, 1, 1]);
    expect(maySend(lane, true)).toBe(true);
    send(lane);
    expect([maySend(lane, true), maySend(lane, false)]).toEqual([false, true]);
    const [first] = lane.underWay;
    if (first === undefined) throw new Error("one was sent");
    confirm(lane, first, 0n);
    send(lane);
    expect(maySend(lane, true)).toBe(true);
  });

  test("sends what failed again in order, once all that was under way is answered, and to whoever leads then", () => {
    const lane = filled([1, 1, 1, 1]);
    send(lane);
    send(lane);
    send(lane);
    const [first, second, third] = lane.underWay;
    if (first === undefined || second === undefined || third === undefined) throw new Error("three were sent");
    confirm(lane, first, 40n);
    fail(lane, second);
    expect(maySend(lane, true)).toBe(false);
    fail(lane, third);
    expect(sequences(lane)).toEqual([1, 2, 3]);
    expect(lane).toMatchObject({ leader: null, failed: [], underWay: [], confirmed: 1, offset: 40n });
    expect(isIdle(lane)).toBe(false);
    lane.leader = 2;
    expect(maySend(lane, true)).toBe(true);
  });
});
