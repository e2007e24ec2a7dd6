import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reassigned, type BrokerPlace, type PartitionNow, type Replicas } from "../../src/plan/reassignment.ts";

const brokers = (...racks: readonly (string | null)[]): readonly BrokerPlace[] =>
  racks.map((rack, index) => ({ id: index + 1, rack }));

const now = (...replicas: readonly (readonly number[])[]): readonly PartitionNow[] =>
  replicas.map((ids, partition) => ({ partition, replicas: ids, isr: ids }));

const to = (moves: readonly Replicas[]): readonly string[] =>
  moves.map(({ partition, from, to }) => `${partition}: ${from.join()} -> ${to.join()}`);

describe("replicas", () => {
  it.each<[string, readonly PartitionNow[], number, readonly BrokerPlace[], readonly string[]]>([
    ["that are as many already stay", now([1, 2], [2, 3]), 2, brokers(null, null, null), []],
    [
      "are added to those that there are, and leaders become even",
      now([1], [1], [1]),
      3,
      brokers(null, null, null),
      ["0: 1 -> 2,1,3", "1: 1 -> 3,1,2", "2: 1 -> 1,2,3"],
    ],
    ["go to the racks that a partition has none in", now([1]), 2, brokers("a", "a", "b", "b"), ["0: 1 -> 1,3"]],
    ["are taken from the rack that has most of them", now([1, 2, 3]), 2, brokers("a", "a", "b"), ["0: 1,2,3 -> 1,3"]],
    [
      "that lack something are taken away before those that do not",
      [{ partition: 0, replicas: [1, 2, 3], isr: [2, 3] }],
      2,
      brokers(null, null, null),
      ["0: 1,2,3 -> 2,3"],
    ],
    ["of brokers that are none of the cluster's go elsewhere", now([9, 1]), 2, brokers(null, null), ["0: 9,1 -> 1,2"]],
    [
      "are left where their number is right, and counted",
      now([1, 2], [1], [1]),
      2,
      brokers(null, null, null),
      ["1: 1 -> 3,1", "2: 1 -> 2,1"],
    ],
  ])("%s", (_, partitions, replicas, places, wanted) => {
    expect(to(reassigned(partitions, replicas, places))).toEqual(wanted);
  });

  it("of other topics decide where this one has no preference", () => {
    const kept = new Map([
      [2, 7],
      [3, 5],
    ]);
    expect(to(reassigned(now([1]), 2, brokers(null, null, null), kept))).toEqual(["0: 1 -> 1,3"]);
  });

  it("cannot be more than brokers", () => {
    expect(() => reassigned(now([1]), 3, brokers(null, null))).toThrow("3 replicas on 2 brokers");
  });
});

type Case = {
  readonly places: readonly BrokerPlace[];
  readonly partitions: readonly PartitionNow[];
  readonly replicas: number;
};

const cases: fc.Arbitrary<Case> = fc
  .record({
    racks: fc.array(fc.constantFrom("a", "b", "c", null), { minLength: 1, maxLength: 7 }),
    seeds: fc.array(fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 }), { minLength: 1, maxLength: 12 }),
    gone: fc.boolean(),
  })
  .chain(({ racks, seeds, gone }) => {
    const places = brokers(...racks);
    const ids = [...places.map(({ id }) => id), ...(gone ? [99] : [])];
    return fc.record({
      places: fc.constant(places),
      replicas: fc.integer({ min: 1, max: places.length }),
      partitions: fc.constant(
        seeds.map(([many = 0, alive = 0, ...order], partition): PartitionNow => {
          const shuffled = ids.toSorted((a, b) => (order[a % 6] ?? 0) - (order[b % 6] ?? 0) || a - b);
          const replicas = shuffled.slice(0, (many % ids.length) + 1);
          return { partition, replicas, isr: replicas.slice(alive % replicas.length) };
        }),
      ),
    });
  });

/** Of every partition as it is afterwards. */
function afterwards({ places, partitions, replicas }: Case): readonly Replicas[] {
  const moves = reassigned(partitions, replicas, places);
  return partitions.map(
    ({ partition, replicas: from }) =>
      moves.find((move) => move.partition === partition) ?? { partition, from, to: from },
  );
}

const rackOf = (places: readonly BrokerPlace[], id: number): string => {
  const place = places.find((one) => one.id === id);
  return place?.rack ?? `broker ${id}`;
};

const counts = (of: readonly string[], all: readonly string[]): readonly number[] =>
  all.map((one) => of.filter((other) => other === one).length);

/** The sum of squares is least where things are spread as evenly as they can be. */
const unevenness = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number * number, 0);

/** Every choice of so many. */
function choices<Item>(items: readonly Item[], many: number): readonly (readonly Item[])[] {
  if (many === 0) return [[]];
  const [first, ...rest] = items;
  if (first === undefined) return [];
  return [...choices(rest, many - 1).map((others) => [first, ...others]), ...choices(rest, many)];
}

describe("whatever there is", () => {
  const holds = (property: (one: Case, after: readonly Replicas[]) => void): void => {
    fc.assert(
      fc.property(cases, (one) => property(one, afterwards(one))),
      { numRuns: 500 },
    );
  };

  it("each partition has as many as wanted, each on another broker of the cluster", () => {
    holds(({ places, replicas }, after) => {
      for (const { to } of after) {
        expect(to).toHaveLength(replicas);
        expect(new Set(to).size).toBe(replicas);
        expect(to.every((id) => places.some((place) => place.id === id))).toBe(true);
      }
    });
  });

  it("nothing is moved that may stay", () => {
    holds(({ places, replicas }, after) => {
      for (const { from, to } of after) {
        const there = from.filter((id) => places.some((place) => place.id === id));
        const added = to.filter((id) => !from.includes(id));
        expect(added).toHaveLength(Math.max(0, replicas - there.length));
      }
    });
  });

  it("as long as any replica in sync may stay, one does", () => {
    holds(({ places, partitions }, after) => {
      for (const [index, { to }] of after.entries()) {
        const isr = (partitions[index]?.isr ?? []).filter((id) => places.some((place) => place.id === id));
        expect(to.some((id) => isr.includes(id))).toBe(isr.length > 0);
      }
    });
  });

  it("racks are spread as evenly as what stays allows", () => {
    holds(({ places, partitions, replicas }, after) => {
      const all = [...new Set(places.map(({ id }) => rackOf(places, id)))];
      const spread = (ids: readonly number[]): number =>
        unevenness(
          counts(
            ids.map((id) => rackOf(places, id)),
            all,
          ),
        );
      for (const [index, { from, to }] of after.entries()) {
        const there = from.filter((id) => places.some((place) => place.id === id));
        const free = places.map(({ id }) => id).filter((id) => !there.includes(id));
        // Which of those that lack something go is not a question of racks where none of them may stay.
        if (from.length === replicas && there.length === replicas) continue;
        if (there.length > replicas && there.some((id) => partitions[index]?.isr.includes(id) !== true)) continue;
        const others =
          there.length > replicas
            ? choices(there, replicas)
            : choices(free, replicas - there.length).map((added) => [...there, ...added]);
        expect(spread(to)).toBe(Math.min(...others.map(spread)));
      }
    });
  });

  it("leaders are as even as the replicas allow: no chain of partitions that change could make them more so", () => {
    holds((_, after) => {
      const leads = new Map<number, number>();
      for (const { to } of after) for (const id of to) leads.set(id, leads.get(id) ?? 0);
      for (const { to } of after) leads.set(to[0] ?? 0, (leads.get(to[0] ?? 0) ?? 0) + 1);
      const changed = after.filter(({ from, to }) => from.join() !== to.join());
      for (const [start, many] of leads) {
        const reached = new Set([start]);
        for (const at of reached)
          for (const id of changed.filter(({ to }) => to[0] === at).flatMap(({ to }) => to)) reached.add(id);
        for (const end of reached) expect(leads.get(end)).toBeGreaterThan(many - 2);
      }
    });
  });

  it("a topic that was on one broker is led evenly once it is on all of them", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 1, max: 30 }), (many, partitions) => {
        const moves = reassigned(
          now(...Array.from({ length: partitions }, () => [1])),
          many,
          brokers(...Array.from({ length: many }, () => null)),
        );
        const led = Array.from({ length: many }, (_, index) => moves.filter(({ to }) => to[0] === index + 1).length);
        expect(Math.max(...led) - Math.min(...led)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("the answer is the same each time, and once it is carried out there is none", () => {
    holds(({ places, partitions, replicas }, after) => {
      expect(reassigned(partitions, replicas, places)).toEqual(reassigned(partitions, replicas, places.toReversed()));
      const next = after.map(({ partition, to }) => ({ partition, replicas: to, isr: to }));
      expect(reassigned(next, replicas, places)).toEqual([]);
    });
  });
});
