/** Who is sent an archive, and who fetches it from whom: hosts and their links are numbers here. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { relay, type Delivery, type Relay } from "../../../src/hosts/ssh/relay.ts";

const bytes = 60e6;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Faults = { readonly keep?: Error; readonly begin?: Error; readonly sent?: Error; readonly fetched?: Error };

/** Hosts that all are sent it over a link which gives each of them its part of `rate` bytes a second. */
function hosts(on: Relay, rate: number, names: readonly string[], faults: Faults = {}) {
  const said: string[] = [];
  const active = new Set<string>();
  const say = async (what: string, fault?: Error): Promise<void> => {
    said.push(what);
    if (fault !== undefined) throw fault;
  };
  const deliveryTo = (name: string, from: number): Delivery<number> => ({
    missing: bytes - from,
    send: (signal, count) =>
      new Promise((resolve, reject) => {
        let at = from;
        active.add(name);
        const end = (): void => {
          clearInterval(timer);
          active.delete(name);
        };
        const timer = setInterval(() => {
          const part = Math.min(rate / 10 / active.size, bytes - at);
          at += part;
          count(part);
          if (at < bytes) return;
          end();
          said.push(`sent to ${name}`);
          if (faults.sent === undefined || name !== "a") resolve(bytes);
          else reject(faults.sent);
        }, 100);
        signal.addEventListener("abort", () => {
          end();
          reject(new Error("called off"));
        });
        if (name === "a") at += 1e6;
        if (name === "a") count(1e6);
      }),
    fetch: async (url) => {
      await say(url === null ? `${name} looks` : `${name} from ${url}`, url === null ? undefined : faults.fetched);
      if (url === null) return from;
      await new Promise((resolve) => {
        setTimeout(resolve, 1000);
      });
      said.push(`${name} fetched`);
      return bytes;
    },
    onWait: () => undefined,
    share: {
      keep: () => say(`keep on ${name}`, faults.keep),
      begin: async () => {
        await say(`begin on ${name}`, faults.begin);
        return `http://${name}/`;
      },
      end: () => say(`end on ${name}`),
    },
  });
  /** As software.ts does it: until all is there. */
  const install = async (name: string): Promise<void> => {
    let at = 0;
    while (at < bytes) at = await on.deliver(deliveryTo(name, at));
    said.push(`${name} has it`);
  };
  return { said, all: Promise.all(names.map(install)) };
}

describe("an archive of 60 MB", () => {
  test("goes to all where that is quick", async () => {
    const { said, all } = hosts(relay(), 40e6, ["a", "b", "c"]);
    await vi.advanceTimersByTimeAsync(6000);
    await all;
    expect(said.filter((what) => what.startsWith("sent"))).toEqual(["sent to a", "sent to b", "sent to c"]);
  });

  test("goes to one alone where it is slow, whatever that takes", async () => {
    const { said, all } = hosts(relay(), 1e6, ["a"]);
    await vi.advanceTimersByTimeAsync(60_000);
    await all;
    expect(said).toEqual(["sent to a", "a has it"]);
  });

  test("goes to the one that is furthest on where it is slow, and the others have it from there", async () => {
    const { said, all } = hosts(relay(), 3e6, ["a", "b", "c"]);
    // 60 s for all three from here; and so: 2 s, then what one of them lacks.
    await vi.advanceTimersByTimeAsync(24_000);
    await all;
    expect(said.filter((what) => what === "a has it" || !what.endsWith("has it"))).toEqual([
      "keep on a",
      "sent to a",
      "begin on a",
      "b from http://a/",
      "c from http://a/",
      "b fetched",
      "c fetched",
      // Its servers may start only now: on the port that it was served on.
      "end on a",
      "a has it",
    ]);
  });

  test.each<[string, Faults, readonly string[]]>([
    ["cannot be kept", { keep: new Error("no") }, ["keep on a", "sent to a", "sent to b"]],
    ["cannot be served", { begin: new Error("no") }, ["keep on a", "sent to a", "begin on a", "b looks", "sent to b"]],
  ])("that %s there goes to the others from here", async (_, faults, expected) => {
    const { said, all } = hosts(relay(), 3e6, ["a", "b"], faults);
    await vi.advanceTimersByTimeAsync(60_000);
    await all;
    expect(said.filter((what) => !what.endsWith("has it"))).toEqual(expected);
  });

  test("that does not arrive at the one that was to serve it: nobody waits for it", async () => {
    const { said, all } = hosts(relay(), 3e6, ["a", "b"], { sent: new Error("the disk is full") });
    await Promise.all([expect(all).rejects.toThrow("the disk is full"), vi.advanceTimersByTimeAsync(60_000)]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(said).toEqual(["keep on a", "sent to a", "b looks", "sent to b", "b has it"]);
  });
});
