import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { KctlError } from "../../src/fault.ts";
import { until, within } from "../../src/kafka/until.ts";

const never = new AbortController().signal;

describe("until", () => {
  it("gives what is there in the end", async () => {
    let looks = 0;
    const value = await until("it", 5, never, async () => {
      looks += 1;
      return looks < 3 ? { still: "not yet" } : { done: looks };
    });
    expect(value).toBe(3);
  });

  it("says at the deadline what it waited for and what it saw last", async () => {
    const wait = until("a leader", 0.05, never, async () => ({ still: "there is none" }));
    await expect(wait).rejects.toThrow("waited 0.05 s for a leader: there is none");
    await expect(wait).rejects.toMatchObject({ faults: [{ code: "timeout" }] });
  });

  it("passes on what the look throws, and the abort", async () => {
    const failing = until("it", 5, never, () => Promise.reject(new Error("broken")));
    await expect(failing).rejects.toThrow("broken");
    const control = new AbortController();
    const aborted = until("it", 5, control.signal, async () => {
      control.abort();
      return { still: "" };
    });
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("within", () => {
  it("aborts what takes too long, with a fault that names it", async () => {
    const reason = within("records to be confirmed", 0.02, never, async (signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      throw signal.reason as Error;
    });
    await expect(reason).rejects.toBeInstanceOf(KctlError);
    await expect(reason).rejects.toThrow("waited 0.02 s for records to be confirmed");
  });

  it("names what it waited for though a timer was aborted, and passes on what has another cause", async () => {
    const late = within("a commit", 0.02, never, (signal) => delay(60_000, undefined, { signal }));
    await expect(late).rejects.toMatchObject({ faults: [{ code: "timeout", what: "waited 0.02 s for a commit" }] });
    await expect(within("a commit", 5, AbortSignal.abort(), async (signal) => signal.throwIfAborted())).rejects.toThrow(
      "This operation was aborted",
    );
    await expect(within("a commit", 5, never, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });
});
