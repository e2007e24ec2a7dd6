/** Rolling restarts of controllers and brokers in KRaft clusters, their quorum lost, and the whole cluster stopped and started. */
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quorumView } from "../../src/kafka/quorum.ts";
import { cleanUp, kctl, place, processes, type Ended, type Place } from "./kctl.ts";
import { brokersOf, makeTopic, topics } from "./topics.ts";

const patient = 420_000;
const nodes = ["kafka-1", "kafka-2", "kafka-3"];
const brokers = nodes.map((node) => `${node}/broker`);
const controllers = nodes.map((node) => `${node}/controller`);
const all = [...brokers, ...controllers].toSorted();

type Running = Awaited<ReturnType<typeof processes>>;

const restarted = (before: Running, after: Running): readonly string[] =>
  [...after.keys()].filter((key) => before.get(key)?.birth !== after.get(key)?.birth).toSorted();

const outcome = ({ exit, result }: Ended) => ({ exit, errors: result?.["errors"], changed: result?.["changed"] });

/** The servers in the order in which they were restarted. */
const order = ({ lines }: Ended): readonly string[] =>
  lines.flatMap(({ type, key }) =>
    type === "change-started" && typeof key === "string" && key.startsWith("restart ") ? [key.slice(8)] : [],
  );

const versions = process.env["KCTL_FULL"] === "1" ? ["3.9.2", "4.3.1"] : ["4.3.1"];

describe.each(versions)("Kafka %s with three controllers and three brokers", (version) => {
  let at: Place;
  beforeAll(async () => {
    at = await place();
    await spec("500", "100");
    const { exit, err } = await kctl(at, "up");
    if (exit !== 0) throw new Error(err);
    const everywhere = [1, 2, 3].map((first) => [first, (first % 3) + 1, ((first + 1) % 3) + 1]);
    await makeTopic(at, "orders", everywhere, { "min.insync.replicas": "2" });
  }, patient);
  afterAll(async () => {
    await cleanUp(at);
  });

  /** @param brokers,controllers a setting of each that only a restart brings into force */
  const spec = (brokers: string, controllers: string): Promise<void> =>
    writeFile(
      at.spec,
      `name: demo
provider: { type: local, port: ${at.port} }
kafka: { version: ${version}, config: { queued.max.requests: ${brokers} } }
controller: { config: { socket.listen.backlog.size: ${controllers} } }
nodes:
  - { group: kafka, count: 3, roles: [controller, broker] }
`,
    );

  test(
    "controllers go before brokers, the active one last, and leaders are handed back",
    { timeout: patient },
    async () => {
      const before = await processes(at);
      const quorum = await quorumView(brokersOf(at), new AbortController().signal, 10_000);
      await spec("501", "101");
      const ended = await kctl(at, "up", "--json");
      expect(outcome(ended)).toMatchObject({ exit: 0, errors: [] });
      expect(order(ended).slice(0, 3).toSorted()).toEqual(controllers);
      expect(order(ended)[2]).toBe(controllers[(quorum?.leaderId ?? 0) - 3001]);
      expect(order(ended).slice(3).toSorted()).toEqual(brokers);
      expect(restarted(before, await processes(at))).toEqual(all);
      const [orders] = await topics(at);
      expect(orders?.partitions.map(({ leader, isr }) => ({ leader, inSync: isr.length }))).toEqual(
        [1, 2, 3].map((leader) => ({ leader, inSync: 3 })),
      );
    },
  );

  test("controllers of a lost quorum are restarted together", { timeout: patient }, async () => {
    const before = await processes(at);
    await spec("501", "102");
    for (const key of ["kafka-1/controller", "kafka-2/controller"]) process.kill(before.get(key)?.pid ?? 0, "SIGSTOP");
    const ended = await kctl(at, "up", "--json");
    expect(outcome(ended)).toMatchObject({ exit: 0, errors: [] });
    const told = ended.lines.filter(({ key }) => typeof key === "string" && /^restart .*controller$/.test(key));
    expect(told.slice(0, 2).map(({ type }) => type)).toEqual(["change-started", "change-started"]);
    expect(order(ended).slice(0, 2)).toEqual(["kafka-1/controller", "kafka-2/controller"]);
    expect(restarted(before, await processes(at))).toEqual(controllers);
  });

  test("up does not call it well while a controller hangs; restart mends that", { timeout: patient }, async () => {
    const before = await processes(at);
    process.kill(before.get("kafka-3/controller")?.pid ?? 0, "SIGSTOP");
    const ended = await kctl(at, "up", "--json", "--timeout", "5s");
    expect(outcome(ended)).toMatchObject({
      exit: 1,
      errors: [{ code: "unhealthy", what: "controller on kafka-3 does not serve" }],
    });
    expect(outcome(await kctl(at, "restart", "kafka-3", "--json"))).toEqual({ exit: 0, errors: [], changed: 2 });
    expect(outcome(await kctl(at, "up", "--json"))).toEqual({ exit: 0, errors: [], changed: 0 });
  });

  test("it stops cleanly, and starts again with all its data", { timeout: patient }, async () => {
    expect(outcome(await kctl(at, "stop", "--json"))).toEqual({ exit: 0, errors: [], changed: 6 });
    expect((await processes(at)).size).toBe(0);
    for (const node of nodes) await access(join(at.folder, `.kctl/demo/${node}/broker/data/.kafka_cleanshutdown`));
    expect(outcome(await kctl(at, "stop", "--json"))).toEqual({ exit: 0, errors: [], changed: 0 });
    const services = { controller: "stopped", broker: "stopped" };
    expect((await kctl(at, "status", "--json")).result?.["nodes"]).toMatchObject(nodes.map(() => ({ services })));
    expect(outcome(await kctl(at, "start", "--json"))).toEqual({ exit: 0, errors: [], changed: 6 });
    expect((await topics(at)).map(({ name }) => name)).toEqual(["orders"]);
    expect(outcome(await kctl(at, "start", "--json"))).toEqual({ exit: 0, errors: [], changed: 0 });
  });
});
