/** Rates over looks at partitions: what comes in evenly is told as it is, whatever the looks' times; what is not known counts for nothing. */
import fc from "fast-check";
import { expect, it, test } from "vitest";
import { partitionKey } from "../../../src/kafka/partition-sizes.ts";
import { ratesOver, withTraffic, type PartitionTraffic, type TrafficLook } from "../../../src/kafka/traffic/rates.ts";

/** `end` is null: its leader did not tell. */
type Seen = Partial<Pick<PartitionTraffic, "topic" | "partition" | "leader" | "bytes">> & {
  readonly end: number | null;
};

/** `null`: it is not there. */
function look(seconds: number, ...seen: readonly (Seen | null)[]): TrafficLook {
  const at = 1000 * seconds;
  const partitions = new Map<string, PartitionTraffic>();
  const missing = new Map<string, number>();
  for (const one of seen) {
    if (one === null) continue;
    const { end, ...its } = { topic: "t", partition: 0, leader: 1, bytes: null, at, ...one };
    const key = partitionKey(its.topic, its.partition);
    if (end === null) missing.set(key, its.leader);
    else partitions.set(key, { ...its, end });
  }
  return { at, partitions, missing };
}

/** No broker answered. */
const nobody = (seconds: number): TrafficLook => ({ at: 1000 * seconds, partitions: new Map(), missing: null });

const over = (...looks: readonly TrafficLook[]) =>
  ratesOver(looks.reduce<readonly TrafficLook[]>((window, one) => withTraffic(window, one), []));

const rows: readonly [what: string, looks: readonly TrafficLook[], records: number, bytes: number | null][] = [
  ["there is no partition", [look(0), look(2)], 0, 0],
  ["nothing comes in", [look(0, { end: 5 }), look(2, { end: 5 })], 0, null],
  ["it comes in evenly", [look(0, { end: 0 }), look(2, { end: 200 }), look(4, { end: 400 })], 100, null],
  ["of late there is more", [look(0, { end: 0 }), look(2, { end: 0 }), look(4, { end: 400 })], 100, null],
  ["a look had a gap", [look(0, { end: 0 }), look(2, { end: null }), look(4, { end: 400 })], 100, null],
  ["nobody answered a look", [look(0, { end: 0 }), nobody(2), look(4, { end: 400 })], 100, null],
  ["the partition is new", [look(0, null), look(2, { end: 900 }), look(4, { end: 1000 })], 50, null],
  ["the topic was made anew", [look(0, { end: 900 }), look(2, { end: 0 }), look(4, { end: 100 })], 50, null],
  ["its log grows", [look(0, { end: 0, bytes: 10 }), look(2, { end: 2, bytes: 210 })], 1, 100],
  [
    "old segments of its log were deleted",
    [look(0, { end: 0, bytes: 5000 }), look(2, { end: 2, bytes: 100 }), look(4, { end: 4, bytes: 300 })],
    1,
    100,
  ],
  [
    "another copy leads",
    [
      look(0, { end: 0, bytes: 100, leader: 1 }),
      look(2, { end: 2, bytes: 9000, leader: 2 }),
      look(4, { end: 4, bytes: 9200, leader: 2 }),
    ],
    1,
    100,
  ],
  ["one leader does not tell bytes", [look(0, { end: 0, bytes: 10 }), look(2, { end: 2 })], 1, null],
];
it.each(rows)("where %s", (_, looks, records, bytes) => {
  expect(over(...looks)).toMatchObject({ records, bytes });
});

it.each<[what: string, looks: readonly TrafficLook[]]>([
  ["there was no look", []],
  ["there was one look", [look(0, { end: 5 })]],
  ["all that is there was seen once only", [look(0, null), look(2, { end: 900 })]],
  ["nobody answered", [look(0), nobody(2)]],
  ["nobody answered of late", [look(0, { end: 0 }), look(2, { end: 200 }), nobody(4)]],
  ["no leader told of late", [look(0, { end: 0 }), look(2, { end: 200 }), look(4, { end: null })]],
  ["nobody answered before", [nobody(0), look(2, { end: 200 })]],
  ["no leader told before", [look(0, { end: null }), look(2, { end: 200 })]],
])("nothing is known where %s", (_, looks) => {
  expect(over(...looks)).toBeNull();
});

test("a leader that does not answer is missing, until what it leads has a rate again", () => {
  const at = (seconds: number, ...silent: readonly number[]) => {
    const led = [1, 2].map((id) => ({ partition: id, leader: id, end: silent.includes(id) ? null : 1000 * seconds }));
    return look(seconds, ...led);
  };
  const both = {
    records: 2000,
    brokers: [
      { id: 1, records: 1000 },
      { id: 2, records: 1000 },
    ],
    missing: [],
  };
  const one = { records: 1000, brokers: [{ id: 1, records: 1000 }], missing: [2] };
  expect(over(at(0), at(2))).toMatchObject(both);
  expect(over(at(0), at(2), at(4, 2))).toMatchObject(one);
  expect(over(at(0), at(2), at(4, 2), at(6))).toMatchObject(both);
  const long = [at(0), ...[2, 4, 6, 8, 10].map((seconds) => at(seconds, 2)), at(12)];
  expect(over(...long)).toMatchObject(one);
  expect(over(...long, at(14))).toMatchObject(both);
});

test("what is new is not missing", () => {
  const old = { topic: "old", end: 0 };
  expect(over(look(0, old), look(2, old, { topic: "new", leader: 2, end: 9 }))).toMatchObject({ missing: [] });
});

test("the window slides: what was before it is forgotten", () => {
  const looks = Array.from({ length: 12 }, (_, index) => look(2 * index, { end: index < 6 ? 1000 * index : 5000 }));
  expect(over(...looks.slice(0, 6))).toMatchObject({ seconds: 10, records: 500 });
  expect(over(...looks)).toMatchObject({ seconds: 10, records: 0 });
});

test("the busiest topic comes first; those that nothing goes through are left out; brokers have what they lead by now", () => {
  const at = (seconds: number, grown: number) =>
    look(
      seconds,
      { topic: "quiet", end: 7 },
      { topic: "some", end: grown, bytes: 0 },
      { topic: "busy", end: 3 * grown, bytes: 100 * grown },
      { topic: "busy", partition: 1, leader: grown === 0 ? 1 : 2, end: 3 * grown },
    );
  expect(over(at(0, 0), at(1, 10))).toEqual({
    seconds: 1,
    records: 70,
    bytes: 1000,
    topics: [
      { topic: "busy", records: 60, bytes: 1000 },
      { topic: "some", records: 10, bytes: 0 },
    ],
    brokers: [
      { id: 1, records: 40, bytes: 1000 },
      { id: 2, records: 30, bytes: null },
    ],
    missing: [],
  });
});

const partitions = fc.uniqueArray(
  fc.record({
    topic: fc.constantFrom("a", "b", "c"),
    partition: fc.nat(3),
    leader: fc.integer({ min: 1, max: 3 }),
    perSecond: fc.integer({ min: 0, max: 1000 }),
    from: fc.nat(1_000_000),
  }),
  { minLength: 1, selector: ({ topic, partition }) => partitionKey(topic, partition) },
);
const pauses = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 });

test("an even flow has its own rate, whenever it is looked at; topics and brokers add up to all of it", () => {
  fc.assert(
    fc.property(partitions, pauses, (flows, gaps) => {
      const times = [0];
      for (const gap of gaps) times.push((times.at(-1) ?? 0) + gap);
      const looks = times.map((seconds) =>
        look(
          seconds,
          ...flows.map(({ perSecond, from, ...one }) => ({
            ...one,
            end: from + perSecond * seconds,
            bytes: 10 * (from + perSecond * seconds),
          })),
        ),
      );
      const wanted = flows.reduce((all, { perSecond }) => all + perSecond, 0);
      const rates = over(...looks);
      expect(rates?.records).toBeCloseTo(wanted, 6);
      expect(rates?.bytes).toBeCloseTo(10 * wanted, 5);
      for (const parts of [rates?.topics, rates?.brokers]) {
        expect(parts?.reduce((all, { records }) => all + records, 0)).toBeCloseTo(wanted, 6);
      }
    }),
  );
});

test("whatever is seen, no rate is below nothing or more than all that grew", () => {
  const anEnd = fc.option(fc.record({ end: fc.nat(10_000), leader: fc.integer({ min: 1, max: 3 }) }), { freq: 4 });
  fc.assert(
    fc.property(fc.array(anEnd, { minLength: 2, maxLength: 6 }), (seen) => {
      const rates = over(...seen.map((one, index) => look(index, one === null ? null : { ...one, bytes: one.end })));
      const ends = seen.flatMap((one) => one?.end ?? []);
      const grown = ends.reduce((all, end, index) => all + Math.max(0, end - (ends[index - 1] ?? end)), 0);
      expect(rates?.records ?? 0).toBeGreaterThanOrEqual(0);
      expect(rates?.records ?? 0).toBeLessThanOrEqual(grown);
      expect(rates?.bytes ?? 0).toBeGreaterThanOrEqual(0);
      expect(rates?.bytes ?? 0).toBeLessThanOrEqual(grown);
    }),
  );
});
