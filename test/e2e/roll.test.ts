/** Rolling restarts of three ZooKeeper servers and three brokers: what stops them, what goes on, and the whole cluster stopped and started. */
import { once } from "node:events";
import { access, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kafkaView } from "../../src/kafka/view.ts";
import { cleanUp, kctl, place, processes, start, type Ended, type Place } from "./kctl.ts";
import { makeTopic, topics } from "./topics.ts";

const patient = 420_000;
const brokers = ["kafka-1/broker", "kafka-2/broker", "kafka-3/broker"];
const zookeepers = ["kafka-1/zookeeper", "kafka-2/zookeeper", "kafka-3/zookeeper"];

let at: Place;
beforeAll(async () => {
  at = await place();
  await spec({ config: "queued.max.requests: 504" });
  const { exit, err } = await kctl(at, "up");
  if (exit !== 0) throw new Error(err);
  const all = [
    [1, 2, 3],
    [2, 3, 1],
    [3, 1, 2],
  ];
  await makeTopic(at, "orders", all, { "min.insync.replicas": "2" });
}, patient);
afterAll(async () => {
  await cleanUp(at);
});

/** What it says of a listener for clients outside: nothing, until the first roll adds one. */
let outside = "";

/** What the spec says of all brokers, and of the one on kafka-1. */
async function spec(kafka: { readonly config: string; readonly jvm?: string }, one = ""): Promise<void> {
  await writeFile(
    at.spec,
    `name: demo
provider: { type: local, port: ${at.port} }
kafka: { version: 3.9.1, config: { ${kafka.config} }, jvm: [${kafka.jvm ?? ""}]${outside} }
nodes:
  - { name: kafka-1, roles: [zookeeper, broker], config: { ${one} } }
  - { name: kafka-2, roles: [zookeeper, broker] }
  - { name: kafka-3, roles: [zookeeper, broker] }
`,
  );
}

type Running = Awaited<ReturnType<typeof processes>>;

const restarted = (before: Running, after: Running): readonly string[] =>
  [...after.keys()].filter((key) => before.get(key)?.birth !== after.get(key)?.birth).toSorted();

const errors = ({ result }: Ended) =>
  result?.["errors"] as { code: string; what: string; fix: string; detail?: string }[];

/** The servers in the order in which they were restarted. */
const order = ({ lines }: Ended): readonly string[] =>
  lines.flatMap(({ type, key }) =>
    type === "change-started" && typeof key === "string" && key.startsWith("restart ") ? [key.slice(8)] : [],
  );

async function signal(key: string, name: NodeJS.Signals): Promise<void> {
  const pid = (await processes(at)).get(key)?.pid;
  if (pid === undefined) throw new Error(`${key} does not run`);
  process.kill(pid, name);
}

/** Where the brokers say that they are, to a client that comes to this one. */
async function told(port: number): Promise<string | undefined> {
  const view = await kafkaView([{ host: "127.0.0.1", port }], new AbortController().signal);
  return view?.brokers.map(({ id, host, port: its }) => `${id} ${host}:${its}`).join(",");
}

describe("a listener for clients outside", () => {
  test("is not added where somebody holds its port; no server is restarted", { timeout: patient }, async () => {
    outside = ", external: {}";
    await spec({ config: "queued.max.requests: 504" });
    const before = await processes(at);
    const server = createServer().listen(at.port + 12, "127.0.0.1");
    await once(server, "listening");
    const ended = await kctl(at, "up", "--json");
    server.close();
    expect({ exit: ended.exit, whats: errors(ended).map(({ what }) => what) }).toEqual({
      exit: 1,
      whats: [
        expect.stringMatching(
          `^port ${at.port + 12}, kafka-2/broker's external port, is held by process ${process.pid} \\(`,
        ),
      ],
    });
    expect(restarted(before, await processes(at))).toEqual([]);
  });
});

describe("a roll", () => {
  test(
    "adds a listener, restarts each broker once, hands the leaders back, and warns of what has one replica",
    { timeout: patient },
    async () => {
      await makeTopic(at, "single", [[1], [2]]);
      const before = await processes(at);
      await spec({ config: "queued.max.requests: 505" });
      const ended = await kctl(at, "up", "--json");
      expect({ exit: ended.exit, errors: errors(ended) }).toEqual({ exit: 0, errors: [] });
      const ports = [at.port + 2, at.port + 12, at.port + 22];
      expect(ended.result?.["externalBootstrap"]).toBe(ports.map((port) => `127.0.0.1:${port}`).join(","));
      // Whoever comes in there is told of these alone, whoever comes to the other of the others.
      for (const port of ports)
        expect(await told(port)).toBe(ports.map((its, index) => `${index + 1} 127.0.0.1:${its}`).join(","));
      expect(await told(at.port)).toBe(ports.map((its, index) => `${index + 1} 127.0.0.1:${its - 2}`).join(","));
      expect(order(ended).toSorted()).toEqual(brokers);
      expect(restarted(before, await processes(at))).toEqual(brokers);
      const warnings = ended.lines.flatMap(({ type, fault }) =>
        type === "warning" ? [(fault as { what: string }).what] : [],
      );
      expect(warnings.toSorted()).toEqual([
        "while kafka-1/broker restarts, what only it has is neither read nor written: single-0",
        "while kafka-2/broker restarts, what only it has is neither read nor written: single-1",
      ]);
      const seen = await topics(at);
      expect(seen.map(({ name }) => name)).toEqual(["orders", "single"]);
      for (const { partitions } of seen)
        for (const { leader, replicas, isr } of partitions)
          expect({ leader, inSync: isr.length }).toEqual({ leader: replicas[0], inSync: replicas.length });
    },
  );

  test("that is killed goes on with the next up, which restarts only what is left", { timeout: patient }, async () => {
    const before = await processes(at);
    await spec({ config: "queued.max.requests: 506" });
    const { child, ended } = start(at, "up", "--json");
    let told = "";
    child.stdout?.on("data", (text: string) => {
      told += text;
      if (told.includes('"change-done","key":"restart kafka-')) child.kill("SIGKILL");
    });
    const killed = await ended;
    expect(killed.signal).toBe("SIGKILL");
    const [first] = order({ ...killed, lines: killed.lines });
    if (first === undefined) throw new Error("nothing was restarted");
    const half = await processes(at);
    expect(restarted(before, half)).toContain(first);
    const next = await kctl(at, "up", "--json");
    expect({ exit: next.exit, errors: errors(next) }).toEqual({ exit: 0, errors: [] });
    const after = await processes(at);
    expect(after.get(first)).toEqual(half.get(first));
    expect(restarted(before, after)).toEqual(brokers);
    expect((await kctl(at, "plan", "--json")).result?.["changes"]).toEqual([]);
  });

  test("stops where another broker is down, and names the partitions", { timeout: patient }, async () => {
    const before = await processes(at);
    await spec({ config: "queued.max.requests: 506" }, "replica.fetch.backoff.ms: 900");
    await signal("kafka-3/broker", "SIGSTOP");
    try {
      const ended = await kctl(at, "up", "--json", "--timeout", "20s");
      expect({ exit: ended.exit, codes: errors(ended).map(({ code }) => code) }).toEqual({
        exit: 1,
        codes: ["roll-stopped"],
      });
      const [fault] = errors(ended);
      expect(fault?.what).toBe(
        "kafka-1/broker may not be restarted, though it waited 20 s: kafka-3/broker is down, and 3 partitions would suffer: orders-0, orders-1, orders-2",
      );
      expect(fault?.detail).toContain(
        "orders-0: replicas 1, 2, 3; in sync 1, 2: 2 of 3 replicas are in sync, this one among them, and min.insync.replicas is 2",
      );
      expect(fault?.fix).toContain("still to be restarted: kafka-1/broker; the next `kctl up` goes on with them");
      expect(restarted(before, await processes(at))).toEqual([]);
    } finally {
      await signal("kafka-3/broker", "SIGCONT");
    }
    const ended = await kctl(at, "up", "--json");
    expect({ exit: ended.exit, errors: errors(ended) }).toEqual({ exit: 0, errors: [] });
    expect(restarted(before, await processes(at))).toEqual(["kafka-1/broker"]);
  });

  test("stops where a broker does not come back; the others run on", { timeout: patient }, async () => {
    const before = await processes(at);
    await spec({ config: "queued.max.requests: 506", jvm: "-XX:+NoSuchFlag" }, "replica.fetch.backoff.ms: 900");
    const ended = await kctl(at, "up", "--json");
    const [dead = ""] = order(ended);
    expect({ exit: ended.exit, codes: errors(ended).map(({ code }) => code) }).toEqual({
      exit: 1,
      codes: ["service-died"],
    });
    expect(errors(ended)[0]?.fix).toContain("still to be restarted: ");
    const half = await processes(at);
    expect([...half.keys()].toSorted()).toEqual([...brokers, ...zookeepers].filter((key) => key !== dead).toSorted());
    expect(restarted(before, half)).toEqual([]);
    await spec({ config: "queued.max.requests: 506" }, "replica.fetch.backoff.ms: 900");
    const mended = await kctl(at, "up", "--json");
    expect({ exit: mended.exit, errors: errors(mended) }).toEqual({ exit: 0, errors: [] });
    expect(restarted(before, await processes(at))).toEqual([dead]);
  });

  test("goes a step at a time where it is told to", { timeout: patient }, async () => {
    await spec({ config: "queued.max.requests: 507" }, "replica.fetch.backoff.ms: 900");
    const before = await processes(at);
    const first = await kctl(at, "up", "--step", "--json");
    expect({ exit: first.exit, ok: first.result?.["ok"] }).toEqual({ exit: 0, ok: true });
    const left = first.result?.["left"] as string[];
    expect(left).toHaveLength(2);
    expect(restarted(before, await processes(at))).toEqual(brokers.filter((key) => !left.includes(key)));
    const second = await kctl(at, "up", "--step", "--json");
    expect(second.result?.["left"]).toHaveLength(1);
    expect(left).toEqual(expect.arrayContaining(second.result?.["left"] as string[]));
    const third = await kctl(at, "up", "--step", "--json");
    expect(third.result?.["left"]).toEqual([]);
    expect(restarted(before, await processes(at))).toEqual(brokers);
  });
});

describe("restart", () => {
  test("knows the nodes", async () => {
    const ended = await kctl(at, "restart", "kafka-4", "--json");
    expect({ exit: ended.exit, errors: errors(ended) }).toMatchObject({
      exit: 2,
      errors: [{ code: "usage", what: "demo has no node kafka-4; did you mean kafka-1?" }],
    });
  });

  test("is refused while up has something to do, since a server would start with files that are not wanted", async () => {
    const before = await processes(at);
    await spec({ config: "queued.max.requests: 508" }, "replica.fetch.backoff.ms: 900");
    const ended = await kctl(at, "restart", "--json");
    expect({ exit: ended.exit, codes: errors(ended).map(({ code }) => code) }).toEqual({
      exit: 1,
      codes: ["pending-changes"],
    });
    await spec({ config: "queued.max.requests: 507" }, "replica.fetch.backoff.ms: 900");
    expect(restarted(before, await processes(at))).toEqual([]);
  });

  test("of a node restarts its servers", { timeout: patient }, async () => {
    const before = await processes(at);
    const ended = await kctl(at, "restart", "kafka-2", "--json");
    expect({ exit: ended.exit, changed: ended.result?.["changed"] }).toEqual({ exit: 0, changed: 2 });
    expect(order(ended)).toEqual(["kafka-2/zookeeper", "kafka-2/broker"]);
    expect(restarted(before, await processes(at))).toEqual(["kafka-2/broker", "kafka-2/zookeeper"]);
  });

  test(
    "of the cluster restarts every server, ZooKeeper's leader after its followers",
    { timeout: patient },
    async () => {
      const before = await processes(at);
      const leader = await zookeeperLeader();
      const ended = await kctl(at, "restart", "--json");
      expect({ exit: ended.exit, changed: ended.result?.["changed"] }).toEqual({ exit: 0, changed: 6 });
      expect(order(ended).slice(0, 3).toSorted()).toEqual(zookeepers);
      expect(order(ended)[2]).toBe(leader);
      expect(restarted(before, await processes(at))).toEqual([...brokers, ...zookeepers].toSorted());
    },
  );
});

async function zookeeperLeader(): Promise<string | undefined> {
  const { zookeeperMode } = await import("../../src/kafka/four-letter.ts");
  const modes = await Promise.all(
    [0, 10, 20].map((step) =>
      zookeeperMode("127.0.0.1", at.port - 9092 + 2181 + step, new AbortController().signal, 10_000),
    ),
  );
  return zookeepers[modes.indexOf("leader")];
}

describe("the whole cluster", () => {
  test("stops in order, every broker cleanly, and a second stop changes nothing", { timeout: patient }, async () => {
    const ended = await kctl(at, "stop", "--json");
    expect({ exit: ended.exit, errors: errors(ended), changed: ended.result?.["changed"] }).toEqual({
      exit: 0,
      errors: [],
      changed: 6,
    });
    expect((await processes(at)).size).toBe(0);
    for (const node of ["kafka-1", "kafka-2", "kafka-3"])
      await access(join(at.folder, `.kctl/demo/${node}/broker/data/.kafka_cleanshutdown`));
    expect(await kctl(at, "stop", "--json")).toMatchObject({ exit: 0, result: { ok: true, changed: 0 } });
  });

  test("status says that it is stopped", async () => {
    const { exit, result } = await kctl(at, "status", "--json");
    expect({ exit, errors: result?.["errors"] }).toMatchObject({ exit: 1, errors: [{ what: "demo is stopped" }] });
    const services = { zookeeper: "stopped", broker: "stopped" };
    expect(result?.["nodes"]).toMatchObject([{ services }, { services }, { services }]);
  });

  test("restart of what is stopped changes nothing", async () => {
    expect(await kctl(at, "restart", "--json")).toMatchObject({ exit: 0, result: { ok: true, changed: 0 } });
    expect((await processes(at)).size).toBe(0);
  });

  test("starts again with all its data, and a second start changes nothing", { timeout: patient }, async () => {
    const ended = await kctl(at, "start", "--json");
    expect({ exit: ended.exit, errors: errors(ended), changed: ended.result?.["changed"] }).toEqual({
      exit: 0,
      errors: [],
      changed: 6,
    });
    const running = await processes(at);
    expect([...running.keys()].toSorted()).toEqual([...brokers, ...zookeepers].toSorted());
    expect((await topics(at)).map(({ name }) => name)).toEqual(["orders", "single"]);
    expect((await kctl(at, "status", "--json")).exit).toBe(0);
    expect(await kctl(at, "start", "--json")).toMatchObject({ exit: 0, result: { ok: true, changed: 0 } });
    expect(await kctl(at, "up", "--json")).toMatchObject({ exit: 0, result: { ok: true, changed: 0 } });
    expect(await processes(at)).toEqual(running);
  });

  test("starts what is dead, and restarts nothing", { timeout: patient }, async () => {
    const before = await processes(at);
    await spec({ config: "queued.max.requests: 509" }, "replica.fetch.backoff.ms: 900");
    await signal("kafka-2/broker", "SIGKILL");
    await expect.poll(async () => (await processes(at)).size, { timeout: 10_000 }).toBe(5);
    const ended = await kctl(at, "start", "--json");
    expect({ exit: ended.exit, errors: errors(ended) }).toEqual({ exit: 0, errors: [] });
    expect(restarted(before, await processes(at))).toEqual(["kafka-2/broker"]);
  });

  test("is not made by start", async () => {
    const other = await place({ name: "other" });
    try {
      const ended = await kctl(other, "start", "--json");
      expect({ exit: ended.exit, codes: errors(ended).map(({ code }) => code) }).toEqual({
        exit: 1,
        codes: ["no-cluster"],
      });
    } finally {
      await cleanUp(other);
    }
  });
});
