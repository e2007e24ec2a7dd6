import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KctlError, type Fault } from "../../../src/fault.ts";
import { checklist, said, together } from "../../../src/kafka/smoke-test/checklist.ts";
import { stopwatch } from "../../../src/kafka/stopwatch.ts";
import type { Event } from "../../../src/report/events.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance", "setTimeout"] }));
afterEach(() => void vi.useRealTimers());

const never = new AbortController().signal;
const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
const nothingKnown = () => Promise.resolve([]);

describe("a stopwatch", () => {
  it("counts waits that overlap once, in itself and in the whole", () => {
    const whole = stopwatch();
    const [one, two] = [stopwatch(whole), stopwatch(whole)];
    const endOne = one.start();
    vi.advanceTimersByTime(1000);
    const endTwo = two.start();
    const endTwoAgain = two.start();
    vi.advanceTimersByTime(1000);
    endOne();
    vi.advanceTimersByTime(500);
    expect(two.seconds()).toBe(1.5);
    endTwo();
    endTwo();
    endTwoAgain();
    vi.advanceTimersByTime(10_000);
    expect([one.seconds(), two.seconds(), whole.seconds()]).toEqual([2, 1.5, 2.5]);
  });
});

describe("a checklist", () => {
  it("tells checks that run side by side as they end, and gives them in one order", async () => {
    const events: Event[] = [];
    const list = checklist((event) => events.push(event), never, nothingKnown);
    const runs = together([
      list.run("replicas-in-sync", async () => after(300).then(() => said("slow"))),
      list.run("offset-resumed", async (waits) => {
        const end = waits.start();
        await after(50);
        end();
        await after(50);
        return said("quick");
      }),
    ]);
    await vi.advanceTimersByTimeAsync(300);
    await runs;
    expect(events.map((event) => [event.type, "name" in event && event.name])).toEqual([
      ["check-started", "replicas-in-sync"],
      ["check-started", "offset-resumed"],
      ["check", "offset-resumed"],
      ["check", "replicas-in-sync"],
    ]);
    expect(list.result()).toMatchObject({
      ok: true,
      seconds: 0.3,
      waited: 0.05,
      checks: [
        { name: "replicas-in-sync", detail: "slow", seconds: 0.3, waited: 0 },
        { name: "offset-resumed", detail: "quick", seconds: 0.1, waited: 0.05 },
      ],
    });
  });

  it("names a broker that died once, though several checks fail by it, and keeps the faults of each", async () => {
    const dead: Fault = { code: "kafka-unreachable", what: "broker 2 stopped answering" };
    const lost = (what: string) => new KctlError({ code: "smoke-test-failed", what });
    const list = checklist(
      () => undefined,
      never,
      () => Promise.resolve([dead]),
    );
    await together([
      list.run("replicas-in-sync", () => Promise.reject(lost("a copy is lost"))),
      list.run("second-group", () => Promise.reject(lost("a record is lost"))),
    ]);
    const { ok, faults, why } = list.result();
    expect({ ok, faults: faults.map(({ what }) => what) }).toEqual({
      ok: false,
      faults: ["broker 2 stopped answering", "a copy is lost", "a record is lost"],
    });
    expect(why.get("second-group")?.map(({ what }) => what)).toEqual(["a record is lost"]);
  });

  it("leaves nothing running where one of several is interrupted", async () => {
    const stop = new AbortController();
    const list = checklist(() => undefined, stop.signal, nothingKnown);
    const ended: string[] = [];
    const runs = together([
      list.run("offset-resumed", () => {
        stop.abort(new Error("interrupted"));
        return Promise.reject(new Error("cut off"));
      }),
      list.run("replicas-in-sync", async () => {
        await after(100);
        ended.push("the slow one");
        return said("done");
      }),
    ]);
    const refused = runs.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(100);
    expect(await refused).toMatchObject({ message: "interrupted" });
    expect(ended).toEqual(["the slow one"]);
  });
});
