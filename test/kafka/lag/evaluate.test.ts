/** Burrow's published rules, a row a status: what was seen of a partition, look by look, and what is said of it. */
import { describe, expect, it, test } from "vitest";
import {
  evaluate,
  groupStatus,
  isFull,
  nothingSeen,
  statusAtOnce,
  trend,
  withLook,
  windowSize,
  type GroupStatus,
  type PartitionStatus,
  type Window,
} from "../../../src/kafka/lag/evaluate.ts";

type Seen = readonly [end: number, committed: number, owned?: "gone"];

/** A look a second. */
function seen(looks: readonly Seen[]): Window {
  return looks.reduce<Window>(
    (window, [end, committed, gone], index) =>
      withLook(window, { at: 1000 * (index + 1), end, committed, owned: gone === undefined }),
    nothingSeen,
  );
}

const times = <Value>(count: number, one: (index: number) => Value): readonly Value[] =>
  Array.from({ length: count }, (_, index) => one(index));

const rows: readonly [what: string, looks: readonly Seen[], wanted: PartitionStatus][] = [
  ["it keeps up", times(10, (i) => [100 * i, 100 * i]), "OK"],
  ["it was at the end once in the window", times(10, (i) => [100 + 50 * i, 100 + 10 * i]), "OK"],
  ["it is behind and catches up", times(10, (i) => [1000 + 10 * i, 500 + 50 * i]), "OK"],
  ["the lag grows and shrinks by turns", times(10, (i) => [1000 + 100 * i, 500 + 100 * i + (i % 2) * 20]), "OK"],
  ["it moves, and the lag grows", times(10, (i) => [1000 + 100 * i, 500 + 50 * i]), "WARN"],
  ["it moves, and the lag stays", times(10, (i) => [1000 + 100 * i, 500 + 100 * i]), "WARN"],
  ["it is alive, its offset stands still, and the lag grows", times(10, (i) => [1000 + 100 * i, 500]), "STALL"],
  ["it is alive, its offset stands still, and the lag stays", times(10, () => [1000, 500]), "STALL"],
  ["it stands still, but stood at the end once", times(10, (i) => [500 + 100 * i, 500]), "OK"],
  ["it stood at the end, which the window has left", times(11, (i) => [500 + 100 * i, 500]), "STALL"],
  ["nobody has it, from the first look on", times(10, (i) => [1000 + 100 * i, 500, "gone"]), "STOP"],
  ["nobody has it, and nothing comes in", times(10, () => [1000, 500, "gone"]), "STOP"],
  [
    "it is gone for as long as it was seen to live",
    [...times(5, (i): Seen => [1000, 500 + i]), ...times(4, (): Seen => [1000, 504, "gone"])],
    "OK",
  ],
  [
    "it is gone for longer than that",
    [...times(5, (i): Seen => [1000, 500 + i]), ...times(5, (): Seen => [1000, 504, "gone"])],
    "STOP",
  ],
  [
    "it is gone, had kept up, and a record has just come",
    [...times(9, (): Seen => [500, 500, "gone"]), [501, 500, "gone"]],
    "OK",
  ],
  ["nobody has it, and there is nothing to read", times(10, () => [500, 500, "gone"]), "OK"],
  [
    "nobody is a member, and somebody commits all the same",
    times(10, (i) => [1000 + 10 * i, 500 + 50 * i, "gone"]),
    "OK",
  ],
  [
    "it went back and has not come as far again",
    [...times(6, (i): Seen => [2000, 1000 + 100 * i]), ...times(4, (i): Seen => [2000, 100 + 100 * i])],
    "REWIND",
  ],
  [
    "it went back to the beginning from the end",
    [...times(6, (): Seen => [2000, 2000]), ...times(4, (i): Seen => [2000, 100 * i])],
    "REWIND",
  ],
  [
    "it went back and has come as far again since",
    [...times(6, (i): Seen => [2000, 1000 + 100 * i]), ...times(4, (i): Seen => [2000, 1400 + 50 * i])],
    "OK",
  ],
  ["its offset is beyond the end, which was asked for earlier", times(10, () => [499, 500]), "OK"],
];
describe("a partition", () => {
  it.each(rows)("where %s", (_, looks, wanted) => {
    const window = seen(looks);
    expect(isFull(window)).toBe(looks.length >= windowSize);
    expect(evaluate(window)).toBe(wanted);
  });

  test("that was never seen is OK", () => {
    expect(evaluate(nothingSeen)).toBe("OK");
  });

  it.each([
    { end: 10, committed: 10, owned: false, wanted: "OK" },
    { end: 10, committed: 11, owned: false, wanted: "OK" },
    { end: 10, committed: 3, owned: true, wanted: "OK" },
    { end: 10, committed: 3, owned: false, wanted: "STOP" },
  ])("looked at once: $end, $committed, owned $owned", ({ wanted, ...look }) => {
    expect(statusAtOnce(look)).toBe(wanted);
  });
});

const groups: readonly [partitions: readonly PartitionStatus[], wanted: GroupStatus][] = [
  [[], "OK"],
  [["OK", "OK"], "OK"],
  [["OK", "WARN"], "WARN"],
  [["WARN", "STOP", "OK"], "ERR"],
  [["STALL"], "ERR"],
  [["OK", "REWIND"], "ERR"],
];

it.each(groups)("a group of %j is %s", (partitions, wanted) => {
  expect(groupStatus(partitions)).toBe(wanted);
});

it.each<[looks: readonly Seen[], wanted: number | null]>([
  [[], null],
  [[[100, 50]], null],
  [times(10, (i) => [100 + 30 * i, 50 + 10 * i]), 20],
  [times(10, (i) => [100 + 10 * i, 50 + 12 * i]), -2],
  [times(3, (i) => [100 + i, 50 + i]), 0],
  [times(12, (i) => [100 + i * i, 50]), 13],
])("the trend of %j", (looks, wanted) => {
  expect(trend(seen(looks))).toBe(wanted);
});

test("a window keeps no more than it needs", () => {
  const { commits, looks } = seen(times(40, (i) => [1000 + i, i]));
  expect({ commits: commits.length, looks: looks.length }).toEqual({ commits: windowSize, looks: windowSize });
});
