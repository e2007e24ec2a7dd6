import { describe, expect, test } from "vitest";
import type { Event, Step } from "../../src/report/events.ts";
import { timingOf, type Timed } from "../../src/report/timing.ts";
import { timingText } from "../../src/report/timing-text.ts";

const step = (key: string, after: readonly string[] = [], waitsFor?: Step["waitsFor"]): Step => ({
  key,
  title: `do ${key}`,
  after,
  ...(waitsFor === undefined ? {} : { waitsFor }),
});

const steps = (at: number, ...list: Step[]): Timed => ({ at, event: { type: "steps", steps: list } });

/** A change that was carried out from then to then. */
const span = (key: string, from: number, to: number): readonly Timed[] => [
  { at: from, event: { type: "change-started", key, title: `do ${key}` } },
  { at: to, event: { type: "change-done", key, title: `do ${key}`, seconds: to - from } },
];

const waiting = (at: number, key: string, seconds: number): Timed => ({
  at,
  event: { type: "waiting", key, what: "every server to serve", seconds } satisfies Event,
});

const waited = (at: number, key: string, seconds: number): Timed => {
  const { event } = waiting(at, key, seconds);
  return { at, event: { ...event, type: "waited" } as Event };
};

const inOrder = (...heard: (Timed | readonly Timed[])[]): readonly Timed[] =>
  heard.flat().toSorted((a: Timed, b: Timed) => a.at - b.at);

/** `KEY FROM-TO WAITS` of each. */
const shown = (heard: readonly Timed[], seconds: number): readonly string[] =>
  timingOf(heard, seconds).path.map(({ key, from, to, waits }) => `${key} ${from}-${to} ${waits ?? "own"}`);

describe("the path that all else waited for", () => {
  test.each<[string, readonly Timed[], number, readonly string[], number]>([
    ["nothing was to be done", [], 0.5, ["kctl 0-0.5 own"], 0.5],
    [
      "the slower of two",
      inOrder(steps(1, step("a"), step("b")), span("a", 1, 2), span("b", 1, 3)),
      3,
      ["kctl 0-1 own", "b 1-3 own"],
      3,
    ],
    [
      "one after another, past one that nobody waited for",
      inOrder(
        steps(0, step("launch", [], "machines"), step("key"), step("start", ["launch", "key"], "servers")),
        span("launch", 0, 10),
        span("key", 0, 1),
        span("start", 10.5, 14),
      ),
      14,
      ["launch 0-10 machines", "kctl 10-10.5 own", "start 10.5-14 servers"],
      0.5,
    ],
    [
      "one that was only to be begun",
      inOrder(
        steps(0, step("zookeeper", [], "servers"), step("broker", ["zookeeper"], "servers")),
        span("zookeeper", 0, 5),
        span("broker", 1, 6),
      ),
      6,
      ["zookeeper 0-1 servers", "broker 1-6 servers"],
      0,
    ],
    [
      "rounds, with a look between them, and a wait that is no step",
      inOrder(
        steps(1, step("launch", [], "machines")),
        span("launch", 1, 20),
        steps(21, step("java", [], "downloads"), step("file")),
        span("java", 21, 25),
        span("file", 21, 22),
        waiting(25.5, "health", 0),
        waiting(30.5, "health", 5),
        waited(30.75, "health", 5.25),
      ),
      31,
      [
        "kctl 0-1 own",
        "launch 1-20 machines",
        "kctl 20-21 own",
        "java 21-25 downloads",
        "kctl 25-25.5 own",
        "health 25.5-30.75 servers",
        "kctl 30.75-31 own",
      ],
      2.75,
    ],
    [
      "one that failed is no part of it",
      inOrder(steps(0, step("a"), step("b")), span("a", 0, 1), {
        at: 0,
        event: { type: "change-started", key: "b", title: "do b" },
      }),
      2,
      ["a 0-1 own", "kctl 1-2 own"],
      2,
    ],
  ])("%s", (_, heard, seconds, path, own) => {
    expect(shown(heard, seconds)).toEqual(path);
    expect(timingOf(heard, seconds)).toMatchObject({ seconds, own });
  });

  test("it has no gap, and ends where the whole does", () => {
    const heard = inOrder(steps(1, step("a"), step("b", ["a"])), span("a", 1, 2), span("b", 3, 4));
    const { path } = timingOf(heard, 5);
    expect(path.map(({ from }) => from)).toEqual([0, ...path.slice(0, -1).map(({ to }) => to)]);
    expect(path.at(-1)?.to).toBe(5);
  });

  test("as people read it", () => {
    const heard = inOrder(
      steps(1, step("launch", [], "machines"), step("start", ["launch"], "servers")),
      span("launch", 1, 9.5),
      span("start", 9.5, 12),
    );
    expect(timingText(timingOf(heard, 12.5))).toBe(
      [
        "What the time went by with: kctl's own work 1.5 s of 12.5 s; waiting for machines 8.5 s, servers 2.5 s",
        "   0.0 to  1.0 s  kctl looks and plans",
        "   1.0 to  9.5 s  do launch  [machines]",
        "   9.5 to 12.0 s  do start  [servers]",
        "  12.0 to 12.5 s  kctl looks and plans",
      ].join("\n"),
    );
  });
});
