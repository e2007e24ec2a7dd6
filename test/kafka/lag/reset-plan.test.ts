import { describe, expect, it } from "vitest";
import { KctlError } from "../../../src/fault.ts";
import {
  resetPartition,
  resetRows,
  targetOf,
  targetText,
  type ResetTarget,
} from "../../../src/kafka/lag/reset-plan.ts";

const nine = Date.UTC(2026, 10, 30, 9);

describe("--to", () => {
  it.each<[text: string, wanted: ResetTarget, where: string]>([
    ["earliest", { to: "earliest" }, "the first record that is there"],
    ["latest", { to: "latest" }, "the end"],
    ["0", { to: "offset", offset: 0 }, "offset 0"],
    ["9000000000", { to: "offset", offset: 9_000_000_000 }, "offset 9000000000"],
    ["2026-11-30T09:00:00Z", { to: "time", at: nine }, "the first record at or after 2026-11-30T09:00:00.000Z"],
    ["2026-11-30T09:00", { to: "time", at: nine }, "the first record at or after 2026-11-30T09:00:00.000Z"],
    [
      "2026-11-30T18:00:00.250+09:00",
      { to: "time", at: nine + 250 },
      "the first record at or after 2026-11-30T09:00:00.250Z",
    ],
    ["2026-11-30", { to: "time", at: nine - 9 * 3_600_000 }, "the first record at or after 2026-11-30T00:00:00.000Z"],
  ])("%s", (text, wanted, where) => {
    expect(targetOf(text)).toEqual(wanted);
    expect(targetText(wanted)).toBe(where);
  });

  it.each(["", "Earliest", "-1", "1.5", "now", "2026-13-01", "2026-11-30 09:00", "30.11.2026", "2026-11-30T25:00Z"])(
    "%j is refused",
    (text) => {
      expect(() => targetOf(text)).toThrow(
        new KctlError({
          code: "usage",
          what: `--to ${text} is neither earliest, latest, an offset nor a time`,
          fix: "write a time as in ISO 8601: 2026-11-30T09:00:00Z",
        }),
      );
    },
  );
});

describe("of a partition is known", () => {
  const offsets = (offset: number | null) => new Map([["orders", new Map(offset === null ? [] : [[0, offset]])]]);
  const row = { topic: "orders", partition: 0, start: 10, end: 90, old: 40 };

  it.each<[what: string, start: number | null, end: number | null, atTime: number | null | "unasked", wanted: unknown]>(
    [
      ["where the time lies", 10, 90, 55, { ...row, atTime: 55 }],
      ["that no record is as young", 10, 90, -1, { ...row, atTime: null }],
      ["all, where no time is asked for", 10, 90, "unasked", { ...row, atTime: null }],
      ["too little, where no leader told of the time", 10, 90, null, null],
      ["too little, where none told the first offset", null, 90, 55, null],
      ["too little, where none told the end", 10, null, 55, null],
    ],
  )("%s", (_, start, end, atTime, wanted) => {
    const told = { starts: offsets(start), ends: offsets(end), atTime: atTime === "unasked" ? null : offsets(atTime) };
    expect(resetPartition({ topic: "orders", partition: 0 }, told, 40)).toEqual(wanted);
  });
});

const partition = { topic: "orders", partition: 0, start: 10, end: 90, old: 40 as number | null, atTime: null };

describe("an offset becomes", () => {
  it.each<[target: ResetTarget, atTime: number | null, wanted: number, note: string | null]>([
    [{ to: "earliest" }, null, 10, null],
    [{ to: "latest" }, null, 90, null],
    [{ to: "offset", offset: 10 }, null, 10, null],
    [{ to: "offset", offset: 90 }, null, 90, null],
    [{ to: "offset", offset: 9 }, null, 10, "9 is gone: it begins at 10"],
    [{ to: "offset", offset: 91 }, null, 90, "91 is not there yet: it ends at 90"],
    [{ to: "time", at: nine }, 55, 55, null],
    [{ to: "time", at: nine }, null, 90, "no record is as young: the end"],
  ])("%j with %j at the time", (target, atTime, wanted, note) => {
    const rows = resetRows([{ ...partition, atTime }], target);
    expect(rows).toEqual([{ topic: "orders", partition: 0, start: 10, end: 90, old: 40, new: wanted, note }]);
  });
});
