import { afterEach, describe, expect, test, vi } from "vitest";
import type { Event } from "../../src/report/events.ts";
import { atMostEvery, lessAndLessOften, waitUntil } from "../../src/operations/wait-until.ts";

const wait = { key: "k", what: "it", timeoutSeconds: 0.3, emit: () => undefined };
const signal = new AbortController().signal;

test("gives up after its time", async () => {
  expect(await waitUntil(() => Promise.resolve(false), { ...wait, signal })).toBe(false);
});

test("tells what it waits for, and that this is over; nothing where nothing was to be waited for", async () => {
  const told: Event[] = [];
  const emit = (event: Event): void => void told.push(event);
  let looks = 0;
  expect(await waitUntil(() => Promise.resolve((looks += 1) > 2), { ...wait, emit, signal })).toBe(true);
  expect(await waitUntil(() => Promise.resolve(true), { ...wait, emit, signal })).toBe(true);
  const one = { key: "k", what: "it", seconds: expect.any(Number) as number };
  expect(told).toEqual([
    { type: "waiting", ...one },
    { type: "waited", ...one },
  ]);
});

test("does not give up while it gets on, and does once it gets on no more", async () => {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  // Another value each tenth of a second, for four times as long as it waits without progress.
  const progress = (): number => Math.min(Math.floor(seconds() * 10), 12);
  expect(await waitUntil(() => Promise.resolve(seconds() > 1), { ...wait, signal, progress })).toBe(true);
  expect(await waitUntil(() => Promise.resolve(false), { ...wait, signal, progress })).toBe(false);
  expect(seconds()).toBeGreaterThan(1.4);
});

describe("what costs a round trip", () => {
  afterEach(() => void vi.useRealTimers());

  test("is not done at every look, and not before its time", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    let done = 0;
    const work = atMostEvery(1000, () => Promise.resolve(void (done += 1)));
    const seen: number[] = [];
    for (let look = 0; look < 12; look += 1) {
      await work();
      seen.push(done);
      vi.advanceTimersByTime(250);
    }
    expect(seen).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
  });

  test("is done less and less often, and at a fifth in the end", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const done: number[] = [];
    const work = lessAndLessOften(1000, () => Promise.resolve(void done.push(performance.now())));
    const began = performance.now();
    for (let look = 0; look < 280; look += 1) {
      await work();
      vi.advanceTimersByTime(100);
    }
    expect(done.map((at) => at - began)).toEqual([1000, 2500, 4800, 8200, 13_200, 18_200, 23_200]);
  });

  test("is done at every look where it costs nothing", async () => {
    let done = 0;
    const work = atMostEvery(0, () => Promise.resolve(void (done += 1)));
    await work();
    await work();
    expect(done).toBe(2);
  });
});
