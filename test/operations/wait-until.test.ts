import { expect, test } from "vitest";
import { waitUntil } from "../../src/operations/wait-until.ts";

const wait = { key: "k", what: "it", timeoutSeconds: 0.3, emit: () => undefined };
const signal = new AbortController().signal;

test("gives up after its time", async () => {
  expect(await waitUntil(() => Promise.resolve(false), { ...wait, signal })).toBe(false);
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
