import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Host } from "../../src/hosts/host.ts";
import type { Context } from "../../src/operations/context.ts";
import { roll } from "../../src/operations/roll.ts";
import { allAtOnce } from "../../src/operations/roll/steps.ts";
import type { Survey } from "../../src/operations/survey.ts";
import type { ObservedHost } from "../../src/plan/observed.ts";
import type { DesiredProcess } from "../../src/services/desired.ts";

const servers = new Map<string, Server>();
afterEach(async () => {
  await Promise.all([...servers.keys()].map(close));
});

/** What answers `srvr` as ZooKeeper does: the last of two or more leads. */
async function serve(key: string, port: number): Promise<number> {
  const mode = (): string =>
    servers.size > 1 && key === [...servers.keys()].toSorted().at(-1) ? "leader" : "follower";
  const server = createServer((socket) => socket.once("data", () => socket.end(`Mode: ${mode()}\n`)));
  servers.set(key, server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function close(key: string): Promise<void> {
  const server = servers.get(key);
  servers.delete(key);
  await new Promise((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
}

/** Three servers, of which `silent` run and do not serve until they are restarted; tells what was stopped and started. */
async function rolled(silent: readonly string[], toRestart: readonly string[], stop = new AbortController()) {
  const order: string[] = [];
  const processes = await Promise.all(
    ["a", "b", "c"].map(async (node) => {
      const port = await serve(node, 0);
      return {
        key: node,
        node,
        role: "zookeeper",
        stopSeconds: 1,
        probe: { kind: "zookeeper", address: "127.0.0.1", port },
      } as DesiredProcess & { probe: { port: number } };
    }),
  );
  await Promise.all(silent.map(close));
  const hostOf = ({ key, probe }: (typeof processes)[number]) => ({
    stop: async (_running: unknown, _seconds: number, signal: AbortSignal) => {
      order.push(`stop ${key}`);
      await close(key);
      signal.throwIfAborted();
    },
    start: async () => {
      order.push(`start ${key}`);
      await serve(key, probe.port);
      return { pid: 1, birth: "b", inputs: null };
    },
    patienceMs: 0,
    isAlive: () => Promise.resolve(true),
    tail: () => Promise.resolve(""),
  });
  const seen = (key: string) => ({ processes: { [key]: { state: "running", pid: 1, birth: "a", inputs: null } } });
  const survey = {
    cluster: { members: processes.map(({ key }, index) => ({ key, id: index + 1, role: "zookeeper" })) },
    desired: { hosts: processes.map((process) => ({ processes: [process] })) },
    observed: { hosts: Object.fromEntries(processes.map(({ key }) => [key, seen(key) as unknown as ObservedHost])) },
    hosts: new Map(processes.map((process) => [process.node, hostOf(process) as unknown as Host])),
  } as unknown as Survey;
  const context = {
    emit: (event) => {
      if (event.type === "change-started" && toRestart.includes("interrupted")) stop.abort(new Error("interrupted"));
    },
    signal: stop.signal,
    timeoutSeconds: 0.2,
  } as Pick<Context, "emit" | "signal" | "timeoutSeconds"> as Context;
  const members = processes.filter(({ key }) => toRestart.includes(key));
  const why = await roll(members, survey, context, {
    steps: allAtOnce,
    lock: { stillHeld: () => Promise.resolve(true) },
    goOn: () => "go on",
  }).then(
    () => null,
    (error: unknown) => String(error),
  );
  return { order, why };
}

describe("roll", () => {
  test("one at a time, while all serve", async () => {
    expect(await rolled([], ["a", "b"])).toEqual({ order: ["stop a", "start a", "stop b", "start b"], why: null });
  });

  test("one that serves is not restarted while a peer does not", async () => {
    const { order, why } = await rolled(["c"], ["a"]);
    expect(order).toEqual([]);
    expect(why).toContain("a may not be restarted, though it waited 0.2 s: ZooKeeper server 3 is not well");
  });

  test("those that do not serve are restarted together, and only then the others", async () => {
    const { order, why } = await rolled(["b", "c"], ["a", "b", "c"]);
    expect(why).toBe(null);
    expect(order.slice(0, 4).toSorted()).toEqual(["start b", "start c", "stop b", "stop c"]);
    expect(order.slice(4)).toEqual(["stop a", "start a"]);
  });

  test("an interruption waits until the one that was stopped serves again", async () => {
    const { order, why } = await rolled([], ["a", "b", "interrupted"]);
    expect({ order, why }).toEqual({ order: ["stop a", "start a"], why: "Error: interrupted" });
  });
});
