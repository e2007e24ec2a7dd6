/** Planted faults: each is counted as what it is, and as nothing else. */
import { describe, expect, test } from "vitest";
import { accountOf, type TrafficLine } from "./account.ts";

const confirmed = (record: number, at = 5 * record, took = 3): TrafficLine => ({
  type: "confirmed",
  record,
  partition: record % 3,
  offset: Math.floor(record / 3),
  at,
  took,
});
const read = (record: number, offset = Math.floor(record / 3)): TrafficLine => ({
  type: "read",
  record,
  partition: record % 3,
  offset,
});

const records = Array.from({ length: 12 }, (_, record) => record);
const without = (record: number): readonly TrafficLine[] =>
  records.filter((one) => one !== record).map((one) => read(one));
const run = (
  reads: readonly TrafficLine[],
  confirmations: readonly TrafficLine[] = records.map((one) => confirmed(one)),
) => accountOf([...confirmations, ...reads, { type: "sent", records: 12 }]);
const clean = {
  produced: 12,
  confirmed: 12,
  errors: [],
  read: 12,
  partitions: 3,
  lost: [],
  doubled: [],
  reread: [],
  reordered: [],
  longestPauseMs: 5,
  slowestMs: 3,
};

describe("the account of a run", () => {
  test("nothing went wrong", () => {
    expect(run(records.map((record) => read(record)))).toEqual(clean);
  });

  test("partitions are read in any order among each other", () => {
    const byPartition = records.toSorted((a, b) => (a % 3) - (b % 3) || a - b);
    expect(run(byPartition.map((record) => read(record)))).toEqual(clean);
  });

  test("a confirmed record that was not read is lost", () => {
    expect(run(without(7))).toEqual({ ...clean, read: 11, lost: [7] });
  });

  test("the last one too", () => {
    expect(run(without(11))).toEqual({ ...clean, read: 11, lost: [11] });
  });

  test("an unconfirmed record that was not read is not lost, and not confirmed", () => {
    const confirmations = records.filter((record) => record !== 7).map((record) => confirmed(record));
    expect(run(without(7), confirmations)).toEqual({ ...clean, confirmed: 11, read: 11, longestPauseMs: 10 });
  });

  test("a record that is stored twice is doubled", () => {
    expect(run([...records.map((record) => read(record)), read(11, 4)])).toEqual({ ...clean, doubled: [11] });
  });

  test("a record that is handed out twice is reread, and disturbs no order", () => {
    expect(run([...records.map((record) => read(record)), read(2)])).toEqual({ ...clean, reread: [2] });
  });

  test("a record that comes after a later one of its partition is reordered", () => {
    const swapped = records.map((record) => read(record === 3 ? 6 : record === 6 ? 3 : record));
    expect(run(swapped)).toEqual({ ...clean, reordered: [3] });
  });

  test("errors are told with whose they are", () => {
    const error: TrafficLine = { type: "error", of: "producer", at: 40, text: "TimeoutException: no" };
    const told = accountOf([error, { type: "sent", records: 1 }]);
    expect(told).toMatchObject({ produced: 1, confirmed: 0, errors: ["producer at 40 ms: TimeoutException: no"] });
  });

  test("the longest pause and the slowest confirmation are found wherever they are", () => {
    const confirmations = records.map((record) =>
      confirmed(record, 5 * record + (record > 4 ? 700 : 0), record === 5 ? 690 : 3),
    );
    const told = run(
      records.map((record) => read(record)),
      confirmations,
    );
    expect(told).toEqual({ ...clean, longestPauseMs: 705, slowestMs: 690 });
  });

  test("a run that broke off has no account", () => {
    expect(() => accountOf([confirmed(0), read(0)])).toThrow("did not come to its end");
  });
});
