/** How `kctl consume` writes what it has read, to somebody who may take nothing more. */
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { untilAborted } from "../../src/operations/consume.ts";

const bytes = Buffer.from("x");

test("a write leaves nothing at the signal behind it, however it ended", async () => {
  const { signal } = new AbortController();
  const listeners: number[] = [];
  const write = untilAborted(async () => {
    listeners.push(getEventListeners(signal, "abort").length);
    if (listeners.length === 3) throw new Error("no space left");
    return listeners.length === 1;
  }, signal);
  expect([await write(bytes), await write(bytes)]).toEqual([true, false]);
  await expect(write(bytes)).rejects.toThrow("no space left");
  expect(listeners).toEqual([1, 1, 1]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test.each(["before", "during"])(
  "a write that is never taken ends soon after the abort that came %s it",
  async (when) => {
    const stop = new AbortController();
    if (when === "before") stop.abort();
    const written = untilAborted(() => new Promise<boolean>(() => undefined), stop.signal)(bytes);
    stop.abort();
    expect(await written).toBe(false);
  },
);
