/** Planted faults: each is found as what it is, wherever it is; and a run without one is never accused. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { account, type Account } from "../../../src/kafka/canary/account.ts";
import { findingText } from "../../../src/kafka/canary/finding.ts";

const lateMs = 30_000;

/** What happens to a partition, in the order in which it does. */
type Step =
  | { readonly type: "sent"; readonly count: number }
  | { readonly type: "confirmed"; readonly offset: number }
  | { readonly type: "read"; readonly offset: number; readonly number: number | null }
  | { readonly type: "deleted to"; readonly offset: number }
  | { readonly type: "ends at"; readonly offset: number; readonly position: number }
  | { readonly type: "time"; readonly ms: number };

const sent = (count: number): Step => ({ type: "sent", count });
const confirmed = (offset: number): Step => ({ type: "confirmed", offset });
const read = (offset: number, number: number | null = offset): Step => ({ type: "read", offset, number });
const reads = (...numbers: readonly number[]): readonly Step[] => numbers.map((number) => read(number));
const time = (ms: number): Step => ({ type: "time", ms });

type Clock = { at: number };

function take(into: Account, partition: number, step: Step, clock: Clock): void {
  switch (step.type) {
    case "sent":
      return into.sent(partition, step.count, clock.at);
    case "confirmed":
      return into.confirmed(partition, BigInt(step.offset), clock.at);
    case "read":
      return into.read(partition, BigInt(step.offset), step.number, clock.at);
    case "deleted to":
      return into.deletedTo(partition, BigInt(step.offset));
    case "ends at":
      return into.endsAt(partition, BigInt(step.offset), BigInt(step.position));
    case "time":
      clock.at += step.ms;
  }
}

function run(steps: readonly Step[]) {
  const all = account(1, lateMs);
  const clock = { at: 0 };
  for (const step of steps) take(all, 0, step, clock);
  return { account: all, finding: all.finding(clock.at), tally: all.tally(clock.at) };
}

const clean = { lost: 0, doubled: 0, reordered: 0, altered: 0, late: 0 };

describe("a run without a fault", () => {
  test.each<[string, readonly Step[], { confirmed: number; read: number }]>([
    ["nothing yet", [], { confirmed: 0, read: 0 }],
    ["read after it was confirmed", [sent(3), confirmed(0), ...reads(0, 1, 2)], { confirmed: 3, read: 3 }],
    ["read before the confirmation is here", [sent(3), ...reads(0, 1, 2), confirmed(0)], { confirmed: 3, read: 3 }],
    ["under way", [sent(3), confirmed(0), ...reads(0, 1, 2), sent(2)], { confirmed: 3, read: 3 }],
    [
      "sent, and never confirmed nor read",
      [sent(3), confirmed(0), ...reads(0, 1, 2), sent(2), time(lateMs)],
      { confirmed: 3, read: 3 },
    ],
    ["just in time", [sent(2), time(lateMs), confirmed(0), time(lateMs), ...reads(0, 1)], { confirmed: 2, read: 2 }],
    [
      "with offsets that Kafka keeps for itself",
      [sent(2), confirmed(0), ...reads(0, 1), sent(2), confirmed(3), read(3, 2), read(4, 3)],
      { confirmed: 4, read: 4 },
    ],
    [
      "read up to where it was deleted to",
      [sent(2), confirmed(0), ...reads(0, 1), { type: "deleted to", offset: 2 }],
      { confirmed: 2, read: 2 },
    ],
  ])("%s", (_, steps, wanted) => {
    const { finding, tally } = run(steps);
    expect(finding).toBeNull();
    expect(tally).toMatchObject({ ...clean, ...wanted });
  });
});

/** Two batches: 0 to 2, and 3 and 4. */
const flow = (second: readonly Step[]): readonly Step[] => [
  sent(3),
  confirmed(0),
  ...reads(0, 1, 2),
  sent(2),
  confirmed(3),
  ...second,
];

describe("a fault", () => {
  test.each<[string, readonly Step[], Partial<typeof clean>, string]>([
    [
      "one that is lost",
      flow([read(4)]),
      { lost: 1 },
      "record 3 of partition 0 (offset 3): confirmed and lost: there is nothing of it to be read",
    ],
    [
      "one that is lost, seen before it is confirmed",
      [sent(3), read(0), read(2), confirmed(0)],
      { lost: 1 },
      "record 1 of partition 0 (offset 1): confirmed and lost: there is nothing of it to be read",
    ],
    [
      "some that were deleted before they were read",
      flow([{ type: "deleted to", offset: 5 }]),
      { lost: 2 },
      "record 3 of partition 0 (offset 3) and the 1 after it: confirmed and lost: there is nothing of it to be read",
    ],
    [
      "some that were read and that a new leader does not have",
      flow([...reads(3, 4), { type: "ends at", offset: 4, position: 5 }]),
      { lost: 1 },
      "record 4 of partition 0 (offset 4): confirmed and lost: the partition, read up to offset 5, ends at 4",
    ],
    [
      "some whose offsets are given anew",
      flow([...reads(3, 4), sent(1), confirmed(3)]),
      { lost: 2 },
      "record 3 of partition 0 (offset 3) and the 1 after it: confirmed and lost: record 5 was given its offset",
    ],
    [
      "one that is there twice",
      flow([...reads(3, 4), read(5, 4)]),
      { doubled: 1 },
      "record 4 of partition 0 (offset 5): doubled: it stands at another offset as well",
    ],
    [
      "an old one that is there twice",
      flow([read(3, 0), read(4, 3), read(5, 4)]),
      { doubled: 1 },
      "record 0 of partition 0 (offset 3): doubled: it stands at another offset as well",
    ],
    [
      "two that changed places",
      flow([read(3, 4), read(4, 3)]),
      { reordered: 1 },
      "record 3 of partition 0 (offset 4): reordered: it stands after record 4, which was sent later",
    ],
    [
      "one that is not what was sent",
      flow([read(3, null), read(4)]),
      { altered: 1, lost: 1 },
      "what stands in partition 0 at offset 3: altered: it is not what was sent",
    ],
    [
      "one that was never sent",
      flow([...reads(3, 4), read(5, 9)]),
      { altered: 1 },
      "what stands in partition 0 at offset 5: altered: it is not what was sent",
    ],
    [
      "one that never comes",
      flow([read(3), time(lateMs + 1000)]),
      { late: 2 },
      "record 3 of partition 0 (offset 3) and the 1 after it: late: confirmed, and not read for 31 s",
    ],
    [
      "one that is not confirmed",
      [sent(3), time(lateMs + 1000)],
      { late: 3 },
      "record 0 of partition 0 and the 2 after it: late: sent, and not confirmed for 31 s",
    ],
    [
      "one that was read late, and is there by now",
      flow([time(lateMs + 1), ...reads(3, 4)]),
      { late: 2 },
      "record 3 of partition 0 (offset 3) and the 1 after it: late: confirmed, and not read for 30 s",
    ],
    [
      "one that was confirmed late, and is by now",
      [sent(1), time(lateMs + 1), confirmed(0), read(0)],
      { late: 1 },
      "record 0 of partition 0: late: sent, and not confirmed for 30 s",
    ],
  ])("%s", (_, steps, counts, text) => {
    const { account, finding, tally } = run(steps);
    expect(finding === null ? null : findingText(finding)).toBe(text);
    expect(tally).toMatchObject({ ...clean, ...counts });
    expect(account.finding(1e9)).toEqual(finding);
    expect(account.tally(1e9)).toMatchObject({ late: tally.late });
  });

  test("is told with its partition, and with what was going on", () => {
    const all = account(3, lateMs);
    all.sent(2, 1, 0);
    all.during("restart of kafka-2/broker");
    all.read(2, 0n, null, 5);
    all.during("restart of kafka-3/broker");
    expect(all.finding(6)).toMatchObject({ kind: "altered", partition: 2, during: "restart of kafka-2/broker" });
  });
});

describe("the longest pause", () => {
  test("is the one of a partition, with what was going on, and counts what is still under way", () => {
    const all = account(2, lateMs);
    for (const partition of [0, 1]) all.sent(partition, 1, 0);
    all.confirmed(0, 0n, 20);
    all.during("restart of kafka-1/broker");
    all.confirmed(1, 0n, 1020);
    expect(all.tally(1020).pause).toEqual({ ms: 1020, partition: 1, during: "restart of kafka-1/broker" });
    all.during("restart of kafka-2/broker");
    all.sent(0, 1, 1000);
    expect(all.tally(2020).pause).toEqual({ ms: 2000, partition: 0, during: "restart of kafka-2/broker" });
  });

  test("is none where nothing is under way", () => {
    const all = account(1, lateMs);
    all.sent(0, 1, 0);
    all.confirmed(0, 0n, 20);
    expect(all.tally(90_000).pause.ms).toBe(20);
  });
});

test("a mark is reached once all that was sent before it is confirmed and read, and something was", () => {
  const all = account(1, lateMs);
  const first = all.mark();
  expect(first()).toBe(false);
  all.sent(0, 2, 0);
  all.read(0, 0n, 0, 1);
  expect(all.behind(0)).toBe(1);
  all.confirmed(0, 0n, 2);
  expect(first()).toBe(true);
  const second = all.mark();
  expect(second()).toBe(false);
  all.read(0, 1n, 1, 3);
  all.sent(0, 1, 4);
  expect(second()).toBe(true);
  expect(all.mark()()).toBe(false);
});

test("more losses than are remembered one by one are counted all the same", () => {
  const all = account(1, lateMs);
  for (let number = 0; number < 300_000; number += 3) {
    all.sent(0, 3, number);
    all.confirmed(0, BigInt(number), number);
    // One of three never comes.
    for (const one of [number, number + 2]) all.read(0, BigInt(one), one, number);
  }
  expect(all.tally(300_000)).toMatchObject({ confirmed: 300_000, read: 200_000, lost: 100_000 });
});

/** What a log holds, and what is done with it: a history of a partition in which every batch is confirmed and every record read. */
type History = {
  readonly batches: readonly number[];
  /** After how many batches more the reader comes. */
  readonly behind: number;
  readonly gaps: readonly number[];
};

const history = fc.record<History>({
  batches: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 30 }),
  behind: fc.integer({ min: 0, max: 3 }),
  gaps: fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 5 }),
});

const total = ({ batches }: History): number => batches.reduce((sum, count) => sum + count, 0);

/** The steps of a history, where the log holds these numbers in this order in place of 0, 1, 2 and so on. */
function stepsOf({ batches, behind, gaps }: History, log: readonly (number | null)[]): readonly Step[] {
  const ends = batches.map((_, index) => batches.slice(0, index + 1).reduce((sum, count) => sum + count, 0));
  const whole = ends.at(-1) ?? 0;
  let at = 0;
  // Nothing is read before it is sent.
  const readTo = (end: number): readonly Step[] => {
    const tooNew = log.findIndex((number, index) => index >= at && (number ?? index) >= end);
    const upTo = tooNew === -1 ? log.length : tooNew;
    const some = log.slice(at, upTo).map((number, index) => read(at + index, number));
    at = upTo;
    return some;
  };
  const steps = batches.flatMap((count, index): readonly Step[] => [
    sent(count),
    time(gaps[index % gaps.length] ?? 0),
    confirmed((ends[index] ?? 0) - count),
    ...(index >= behind ? readTo(ends[index - behind] ?? 0) : []),
  ]);
  return [...steps, ...readTo(whole)];
}

const numbers = (one: History): readonly number[] => Array.from({ length: total(one) }, (_, number) => number);

describe("a random history", () => {
  test("is never accused without a fault", () => {
    fc.assert(
      fc.property(history, (one) => {
        const { finding, tally } = run(stepsOf(one, numbers(one)));
        expect(finding).toBeNull();
        expect(tally).toMatchObject({ ...clean, confirmed: total(one), read: total(one) });
      }),
    );
  });

  const planted = history.chain((one) =>
    fc.record({ one: fc.constant(one), at: fc.integer({ min: 0, max: total(one) - 2 }) }),
  );

  test.each<[string, (log: readonly number[], at: number) => readonly (number | null)[]]>([
    ["lost", (log, at) => log.filter((number) => number !== at)],
    ["doubled", (log, at) => [...log.slice(0, at + 1), at, ...log.slice(at + 1)]],
    ["reordered", (log, at) => [...log.slice(0, at), at + 1, at, ...log.slice(at + 2)]],
    ["altered", (log, at) => log.map((number) => (number === at ? null : number))],
  ])("with one record %s is caught, and the record named", (kind, plant) => {
    fc.assert(
      fc.property(planted, ({ one, at }) => {
        const { finding, tally } = run(stepsOf(one, plant(numbers(one), at)));
        expect(finding).toMatchObject({ kind, ...(kind === "altered" ? { offset: BigInt(at) } : { number: at }) });
        expect(tally[kind as keyof typeof clean]).toBe(1);
      }),
    );
  });

  test("with an end that never comes is caught in time", () => {
    fc.assert(
      fc.property(planted, ({ one, at }) => {
        const { finding } = run([...stepsOf(one, numbers(one).slice(0, at + 1)), time(lateMs + 1)]);
        expect(finding).toMatchObject({ kind: "late" });
        expect((finding?.number ?? 0) + (finding?.count ?? 0)).toBeGreaterThan(at + 1);
      }),
    );
  });

  test("with a confirmation that is late is caught", () => {
    fc.assert(
      fc.property(history, fc.nat(), (one, which) => {
        const index = which % one.batches.length;
        let batch = -1;
        const steps = stepsOf(one, numbers(one)).flatMap((step): readonly Step[] => {
          if (step.type === "sent") batch += 1;
          return step.type === "confirmed" && batch === index ? [time(lateMs + 1), step] : [step];
        });
        expect(run(steps).finding).toMatchObject({ kind: "late" });
      }),
    );
  });
});
