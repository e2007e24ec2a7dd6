import { describe, expect, it } from "vitest";
import { shareOut } from "../../../src/kafka/smoke-test/group.ts";
import { groupName, isOurs } from "../../../src/kafka/smoke-test/groups.ts";
import { leadsAndFollows, type TopicView } from "../../../src/kafka/smoke-test/leads-and-follows.ts";
import type { ReadRecord } from "../../../src/kafka/smoke-test/read.ts";
import type { RebalanceSeen, Turn } from "../../../src/kafka/smoke-test/rebalance.ts";
import { layOut } from "../../../src/kafka/smoke-test/topic.ts";
import type { Offsets, Part } from "../../../src/kafka/smoke-test/two-parts.ts";
import { allReadAgain, lagCounted, orderOverRebalance, resumed } from "../../../src/kafka/smoke-test/verify-groups.ts";
import { partitions, records, stored } from "./stored.ts";

const { written, read } = stored(records);
const all = [...Array(partitions).keys()];
const ends: Offsets = new Map(
  all.map((partition) => [partition, BigInt(read.filter((record) => record.partition === partition).length)]),
);
const share = (part: bigint, of: bigint): Offsets =>
  new Map([...ends].map(([partition, end]) => [partition, (end * part) / of]));
const nothing: ReadonlyMap<number, bigint | null> = new Map(all.map((partition) => [partition, null]));
const at = (offsets: Offsets, partition: number): bigint => offsets.get(partition) ?? 0n;

function between(partition: number, from: bigint, to: bigint): ReadRecord[] {
  return read.filter((record) => record.partition === partition && record.offset >= from && record.offset < to);
}

/** A part of a group that goes on from `from`, as a Kafka without fault gives it. */
function part(from: Offsets | null, to: Offsets): Part {
  const got = all.flatMap((partition) =>
    between(partition, from === null ? 0n : at(from, partition), at(to, partition)),
  );
  return { found: from ?? nothing, records: got, committed: to, lagAfter: { ends, committed: to } };
}

const half = share(1n, 2n);
const first = part(null, half);
const second = part(half, ends);

describe("a group that comes back", () => {
  const verdict = (parts: readonly [Part, Part]) => () => resumed("run", written, parts);

  it("passes where it goes on at the next record", () => {
    expect(resumed("run", written, [first, second])).toBe(
      `a group read ${first.records.length} records, committed, left and came back: it went on at the next one and read the other ${second.records.length}, none twice, none missing`,
    );
  });

  const committed = at(half, 1);
  const inOne = ({ partition }: ReadRecord): boolean => partition === 1;
  it.each([
    [
      "the commit is forgotten",
      [first, { ...second, found: nothing }],
      `in partition 0 the group committed offset ${at(half, 0)}, and when it came back there was none`,
    ],
    [
      "an older commit is kept",
      [first, { ...second, found: new Map(half).set(1, committed - 1n) }],
      `in partition 1 the group committed offset ${committed}, and when it came back it was ${committed - 1n}`,
    ],
    [
      "a record is read twice",
      [first, { ...second, records: [...between(1, committed - 1n, committed), ...second.records] }],
      `in partition 1 the group committed offset ${committed} and went on at offset ${committed - 1n}`,
    ],
    [
      "the next record is passed over",
      [first, { ...second, records: second.records.filter((record) => !inOne(record) || record.offset > committed) }],
      `in partition 1 the group committed offset ${committed} and went on at offset ${committed + 1n}`,
    ],
    ["a later record is missing", [first, { ...second, records: second.records.slice(0, -1) }], "is lost"],
    ["the first part lacks one", [{ ...first, records: first.records.slice(1) }, second], "is lost"],
    [
      "a new group has a past",
      [{ ...first, found: new Map(nothing).set(2, 5n) }, second],
      "a group that is new has offset 5 committed in partition 2",
    ],
  ] as const)("fails where %s", (_name, parts, why) => {
    expect(verdict(parts)).toThrow(why);
  });
});

describe("lag", () => {
  const total = [...ends.values()].reduce((sum, end) => sum + end, 0n);
  const inHalf = [...half.values()].reduce((sum, end) => sum + end, 0n);

  it("passes where it is what was written less what was committed", () => {
    expect(lagCounted(ends, [first, second])).toContain(
      `the lag of ${total} records was ${total - inHalf} with ${inHalf} committed and 0 with ${total} committed`,
    );
  });

  const end = at(ends, 2);
  const committed = at(half, 2);
  const seen = (change: Partial<Part["lagAfter"]>): readonly Part[] => [
    { ...first, lagAfter: { ...first.lagAfter, ...change } },
    second,
  ];
  it.each([
    [
      "the end is one short",
      seen({ ends: new Map(ends).set(2, end - 1n) }),
      `partition 2 has a lag of ${end - 1n - committed} (end ${end - 1n}, committed ${committed})`,
    ],
    [
      "a commit is one short",
      seen({ committed: new Map(half).set(2, committed - 1n) }),
      `partition 2 has a lag of ${end - committed + 1n}`,
    ],
    [
      "both are off by as much, so that the lag is right and counted from the wrong end",
      seen({ ends: new Map(ends).set(2, end + 1n), committed: new Map(half).set(2, committed + 1n) }),
      `partition 2 has a lag of ${end - committed} (end ${end + 1n}, committed ${committed + 1n})`,
    ],
    [
      "nothing is committed",
      seen({ committed: new Map<number, bigint | null>(half).set(2, null) }),
      "partition 2 has no committed offset",
    ],
    ["an end is not told", seen({ ends: new Map([...ends].slice(0, 2)) }), "partition 2 has no end"],
  ])("fails where %s", (_name, parts, why) => {
    expect(() => lagCounted(ends, parts)).toThrow(why);
  });
});

describe("a second group", () => {
  const again = part(null, ends);

  it("passes where it reads everything", () => {
    expect(allReadAgain("run", written, again)).toBe(
      `a second group started from the earliest record and read all ${written.length} again`,
    );
  });

  it.each([
    ["starts where the first group is", { ...again, found: half }, "a group that is new has offset"],
    ["begins too late", { ...again, records: again.records.slice(1) }, "record 0 (partition 0, offset 0) is lost"],
    ["reads one twice", { ...again, records: [...again.records, ...again.records.slice(0, 1)] }, "is there 2 times"],
  ])("fails where it %s", (_name, seen, why) => {
    expect(() => allReadAgain("run", written, seen)).toThrow(why);
  });
});

describe("order over a rebalance", () => {
  const third = share(1n, 3n);
  const twoThirds = share(2n, 3n);
  const turn = (generation: number, memberId: string, partition: number): Turn => {
    const [from, to] = [[null, third] as const, [third, twoThirds] as const, [twoThirds, ends] as const][
      generation - 1
    ] ?? [null, ends];
    const found = from === null ? null : at(from, partition);
    const committed = at(to, partition);
    return { generation, memberId, partition, found, records: between(partition, found ?? 0n, committed), committed };
  };
  const turns = [
    ...all.map((partition) => turn(1, "a", partition)),
    turn(2, "a", 0),
    turn(2, "b", 1),
    turn(2, "a", 2),
    ...all.map((partition) => turn(3, "b", partition)),
  ];
  const good: RebalanceSeen = { turns, staleErrors: [22, 22, 22] };
  const verdict = (seen: RebalanceSeen) => orderOverRebalance("run", written, seen, ends);
  /** The same with the turn in generation 2 of partition 1 changed. */
  const changed = (change: (turn: Turn) => Partial<Turn>): RebalanceSeen => ({
    ...good,
    turns: turns.map((one) => (one.generation === 2 && one.partition === 1 ? { ...one, ...change(one) } : one)),
  });

  it("passes where each record was read once and in order", () => {
    expect(verdict(good)).toContain(
      `a second member joined and the first left while ${written.length} records were read: each once`,
    );
  });

  const before = at(third, 1);
  const after = at(twoThirds, 1);
  it.each([
    [
      "two members have one partition",
      { ...good, turns: [...turns, turn(2, "b", 0)] },
      "in generation 2 partition 0 had 2 members that read it",
    ],
    [
      "nobody has one partition",
      { ...good, turns: turns.filter((one) => one.generation !== 2 || one.partition !== 1) },
      "in generation 2 partition 1 had 0 members that read it",
    ],
    [
      "the second member got nothing",
      { ...good, turns: turns.map((one) => ({ ...one, memberId: "a" })) },
      "1, then 2, then 1 member should have had partitions, and it was 1, then 1, then 1",
    ],
    [
      "the commit before is lost",
      changed(() => ({ found: null })),
      `in generation 2 partition 1 went on at offset none, and ${before} was committed before`,
    ],
    [
      "records that were read come again",
      changed(({ records: got }) => ({ records: [...between(1, before - 1n, before), ...got] })),
      `in generation 2 partition 1 gave offset ${before - 1n} where ${before} was next`,
    ],
    [
      "a record is passed over",
      changed(({ records: got }) => ({ records: got.slice(1) })),
      `in generation 2 partition 1 gave offset ${before + 1n} where ${before} was next`,
    ],
    [
      "more is committed than was read",
      changed(({ records: got }) => ({ records: got.slice(0, -1) })),
      `in generation 2 partition 1 was committed up to offset ${after}, and read up to ${after - 1n}`,
    ],
    [
      "the end is not reached",
      {
        ...good,
        turns: turns.map((one) => (one.generation === 3 ? { ...one, committed: one.found ?? 0n, records: [] } : one)),
      },
      `partition 0 was read up to offset ${at(twoThirds, 0)} of ${at(ends, 0)}`,
    ],
    [
      "a commit of the past is taken",
      { ...good, staleErrors: [22, 0, 22] },
      "a commit of a generation that was over got the answer NONE: it should be refused",
    ],
    ["nobody answered the commit of the past", { ...good, staleErrors: [] }, "it should be refused"],
  ])("fails where %s", (_name, seen, why) => {
    expect(() => verdict(seen)).toThrow(why);
  });

  it("fails where two records of one key have changed places", () => {
    const [key] = records.flatMap((record) => (record.key === null ? [] : [record.key.toString("hex")]));
    const same = read.filter((record) => record.key?.toString("hex") === key);
    const [one, two] = same;
    if (one === undefined || two === undefined) throw new Error("a key should come twice");
    const swap = (record: ReadRecord): ReadRecord => {
      const other = record === one ? two : record === two ? one : record;
      return { ...other, partition: record.partition, offset: record.offset };
    };
    const swapped = turns.map((item) => ({ ...item, records: item.records.map(swap) }));
    expect(() => verdict({ ...good, turns: swapped })).toThrow(
      /^of the key "order-0", record \d+ .* came after record \d+/,
    );
  });
});

describe("every broker leads and follows", () => {
  const view = (seenBy: number, leaders: readonly number[], ids = [1, 2, 3]): TopicView => ({
    seenBy,
    partitions: layOut(ids).map(({ partition, brokers }) => {
      const leader = leaders[partition] ?? -1;
      return { error: 0, partition, leader, replicas: brokers, isr: brokers, offline: [] };
    }),
  });

  it("passes where each does, in the view of all", () => {
    const views = [1, 2, 3].map((id) => view(id, [1, 2, 3]));
    expect(leadsAndFollows(views, [1, 2, 3])).toContain(
      "each of the 3 brokers leads a partition and follows in another",
    );
  });

  it("says that it does not apply to one broker", () => {
    expect(leadsAndFollows([view(1, [1, 1, 1], [1])], [1])).toBe(
      "not applicable to one broker: it leads all 3 partitions, and has nobody to follow",
    );
  });

  it("fails where one leads nothing, in one broker's view only", () => {
    const views = [view(1, [1, 2, 3]), view(2, [1, 2, 2])];
    expect(() => leadsAndFollows(views, [1, 2, 3])).toThrow(
      "broker 3 leads no partition of test_log, as broker 2 sees it",
    );
  });

  it("fails where one is in sync nowhere but where it leads", () => {
    const { seenBy, partitions: whole } = view(1, [1, 2, 3]);
    const behind = whole.map((one) => ({ ...one, isr: one.isr.filter((id) => id === one.leader || id !== 2) }));
    expect(() => leadsAndFollows([{ seenBy, partitions: behind }], [1, 2, 3])).toThrow(
      "broker 2 follows in no partition of test_log, as broker 1 sees it",
    );
  });
});

it("partitions are shared out in turn, whatever order the members are told in", () => {
  expect(shareOut(["b", "a"], [0, 1, 2])).toEqual(
    new Map([
      ["a", [0, 2]],
      ["b", [1]],
    ]),
  );
});

it.each([
  [groupName("c0ffee00-1111-4222-8333-444455556666", "again"), true],
  ["kctl-smoke-test-again", false],
  ["kctl-smoke-test-c0ffee00-1111-4222-8333-444455556666-orders", false],
  ["my-kctl-smoke-test-c0ffee00-1111-4222-8333-444455556666-again", false],
])("%s is one of ours: %s", (group, wanted) => {
  expect(isOurs(group)).toBe(wanted);
});
