import { describe, expect, test } from "vitest";
import { KctlError } from "../../src/fault.ts";
import { execute, type Perform } from "../../src/operations/execute.ts";
import type { Change, Edge } from "../../src/plan/change.ts";
import type { Event } from "../../src/report/events.ts";

function change(key: string, ...after: readonly (string | Edge)[]): Change {
  return {
    kind: "process",
    verb: "start",
    member: key,
    key,
    layer: "host",
    node: null,
    title: key,
    why: [],
    effect: "none",
    diff: [],
    after: after.map((edge) => (typeof edge === "string" ? { key: edge, until: "done" } : edge)),
  };
}

const begun = (key: string): Edge => ({ key, until: "begun" });

async function ran(
  changes: readonly Change[],
  perform: Perform,
  concurrency = 8,
  signal = new AbortController().signal,
) {
  const events: Event[] = [];
  const outcome = await execute(changes, perform, { concurrency, signal, emit: (event) => events.push(event) });
  return { ...outcome, events: events.map(({ type, ...rest }) => `${type} ${"key" in rest ? rest.key : ""}`) };
}

describe("execute", () => {
  test("machines of their own do not wait for each other's turns", async () => {
    const all = ["a", "b", "c"].flatMap((node) => [1, 2].map((at) => ({ ...change(`${node}${at}`), node })));
    const most = async (perNode: boolean): Promise<number> => {
      let now = 0;
      let seen = 0;
      const perform: Perform = async () => {
        now += 1;
        seen = Math.max(seen, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
      };
      await execute(all, perform, { concurrency: 1, perNode, signal: new AbortController().signal, emit: () => null });
      return seen;
    };
    expect({ one: await most(false), each: await most(true) }).toEqual({ one: 1, each: 3 });
  });

  test("what waits for something that failed is named", async () => {
    const told: string[] = [];
    const { faults } = await execute(
      [change("a"), change("b", "a"), change("c")],
      async ({ key }) => {
        if (key === "a") throw new KctlError({ code: "internal", what: "no" });
      },
      {
        concurrency: 8,
        signal: new AbortController().signal,
        emit: (event) => {
          if (event.type === "message") told.push(event.text);
        },
      },
    );
    expect(faults.map(({ what }) => what)).toEqual(["no"]);
    expect(told).toEqual(["not done, since what they need failed: b"]);
  });

  test("a change starts only after all that must come before it", async () => {
    const order: string[] = [];
    const { changed } = await ran([change("c", "a", "b"), change("b", "a"), change("a")], async ({ key }) => {
      order.push(key);
    });
    expect(order).toEqual(["a", "b", "c"]);
    expect(changed).toBe(3);
  });

  test("one that has begun gives its place away, so that an ensemble larger than the limit still comes up", async () => {
    const running = new Set<string>();
    const all = Promise.withResolvers<void>();
    const perform: Perform = async ({ key }, hasBegun) => {
      running.add(key);
      hasBegun();
      if (running.size === 5) all.resolve();
      await all.promise;
    };
    const { changed } = await ran(
      ["1", "2", "3", "4", "5"].map((key) => change(key)),
      perform,
      2,
    );
    expect(changed).toBe(5);
  });

  test("an edge of begun waits for no more than that", async () => {
    const gate = Promise.withResolvers<void>();
    const { changed } = await ran([change("server"), change("asks", begun("server"))], async ({ key }, hasBegun) => {
      hasBegun();
      if (key === "asks") gate.resolve();
      await gate.promise;
    });
    expect(changed).toBe(2);
  });

  test("a failure is told once; what needs it is skipped; what does not goes on", async () => {
    const { changed, skipped, faults, events } = await ran(
      [change("bad"), change("needs", "bad"), change("needs-that", "needs"), change("free")],
      async ({ key }) => {
        if (key === "bad") throw new KctlError({ code: "service-died", what: "it ended" });
      },
    );
    expect({ changed, skipped, faults }).toEqual({
      changed: 1,
      skipped: 2,
      faults: [{ code: "service-died", what: "it ended" }],
    });
    expect(events.filter((event) => event.startsWith("change-failed"))).toEqual(["change-failed bad"]);
  });

  test("several that fail for the same reason tell it once", async () => {
    const { faults, events } = await ran([change("a"), change("b"), change("c")], async ({ key }) => {
      throw new KctlError({ code: "ssh-unreachable", node: "n1", what: key === "c" ? "no route" : "no answer" });
    });
    expect(faults.map(({ what }) => what)).toEqual(["no answer", "no route"]);
    expect(events.filter((event) => event.startsWith("change-failed"))).toHaveLength(3);
  });

  test("a gate is asked where some of what it waits for failed, and skipped where all of it did", async () => {
    const gate = (key: string, ...after: readonly Edge[]): Change => ({
      ...change(key, ...after),
      kind: "gate",
      verb: "await",
      members: [],
      enough: 1,
    });
    const perform: Perform = async ({ key }) => {
      if (key.startsWith("bad")) throw new KctlError({ code: "service-died", what: key });
    };
    const { events } = await ran(
      [
        change("bad 1"),
        change("good"),
        gate("some", begun("bad 1"), begun("good")),
        change("next", "some"),
        change("bad 2"),
        gate("none", begun("bad 2")),
      ],
      perform,
    );
    expect(events.filter((event) => event.startsWith("change-done")).toSorted()).toEqual([
      "change-done good",
      "change-done next",
      "change-done some",
    ]);
    expect(events).not.toContain("change-started none");
  });

  test("a failure is not hidden by an interruption after it", async () => {
    const stop = new AbortController();
    const { faults } = await ran(
      [change("bad"), change("slow")],
      async ({ key }) => {
        if (key === "bad") throw new KctlError({ code: "service-died", what: "it ended" });
        await Promise.resolve();
        stop.abort(new KctlError({ code: "interrupted", what: "interrupted" }));
        stop.signal.throwIfAborted();
      },
      8,
      stop.signal,
    );
    expect(faults.map(({ code }) => code)).toEqual(["service-died", "interrupted"]);
  });

  test("after an abort nothing new is begun, and what is under way is awaited", async () => {
    const stop = new AbortController();
    const made: string[] = [];
    const { changed, faults } = await ran(
      [change("a"), change("b", "a")],
      async ({ key }) => {
        stop.abort(new KctlError({ code: "interrupted", what: "interrupted" }));
        await Promise.resolve();
        made.push(key);
      },
      8,
      stop.signal,
    );
    expect({ changed, made, faults: faults.map(({ code, what }) => ({ code, what })) }).toEqual({
      changed: 1,
      made: ["a"],
      faults: [{ code: "interrupted", what: "interrupted; left to do: b" }],
    });
  });
});
