/** Topics and live settings of a running cluster: changed without a restart, what others set left alone, all of it once only. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { brokerSettings } from "../../src/kafka/broker-settings.ts";
import { topicStates } from "../../src/kafka/topic-state.ts";
import { cleanUp, kctl, place, processes, type Ended, type Place } from "./kctl.ts";

const run = promisify(execFile);
const never = new AbortController().signal;
const week = "604800000";

describe.each([
  { version: "3.9.1", keeper: "zookeeper" },
  { version: "4.3.1", keeper: "controller" },
])("Kafka $version with a $keeper", ({ version, keeper }) => {
  let at: Place;
  beforeAll(async () => {
    at = await place();
  });
  afterAll(() => cleanUp(at));

  const spec = (topics: readonly string[], config = ""): Promise<void> =>
    writeFile(
      at.spec,
      `name: demo
provider: { type: local, port: ${at.port} }
kafka: { version: ${version}, config: {${config}} }
nodes: [{ name: solo, roles: [${keeper}, broker] }]
topics:
${topics.map((topic) => `  - {${topic}}\n`).join("")}`,
    );
  const address = () => ({ host: "127.0.0.1", port: at.port });
  const topic = async (name: string) => (await topicStates([address()], never))?.find((one) => one.name === name);
  const layers = async (name: string) =>
    (await brokerSettings([{ id: 1, address: address() }], never)).brokers.get(1)?.layers[name];
  const setByHand = (...args: readonly string[]) =>
    run(join(inject("cache"), `software/kafka_2.13-${version}/bin/kafka-configs.sh`), [
      "--bootstrap-server",
      `127.0.0.1:${at.port}`,
      "--alter",
      ...args,
    ]);
  const titles = ({ result }: Ended, kind?: string) =>
    (result?.["changes"] as { title: string; kind: string }[])
      .filter((change) => kind === undefined || change.kind === kind)
      .map(({ title }) => title);

  /** It is done at the first `up`, without a restart; the second finds nothing, and neither does `plan`. */
  async function upOnce(restarts = false): Promise<void> {
    const before = await processes(at);
    expect((await kctl(at, "plan", "--check", "--json")).exit).toBe(3);
    const first = await kctl(at, "up", "--json");
    expect(first.result).toMatchObject({ ok: true, errors: [] });
    expect(first.result?.["changed"]).toBeGreaterThan(0);
    if (!restarts) expect(await processes(at)).toEqual(before);
    const second = await kctl(at, "up", "--json");
    expect({ exit: second.exit, changed: second.result?.["changed"] }).toEqual({ exit: 0, changed: 0 });
    expect((await kctl(at, "plan", "--check", "--json")).exit).toBe(0);
  }

  test("topics are created by the first up", async () => {
    await spec(["name: orders, partitions: 2, config: { retention.ms: 1000000 }", "name: plain"]);
    await upOnce(true);
    expect(await topic("orders")).toMatchObject({ settings: { "retention.ms": "1000000" } });
    expect((await topic("orders"))?.partitions).toHaveLength(2);
    expect((await topic("plain"))?.settings).toEqual({});
  });

  test("partitions grow, and plan warns of keys; a setting changes", async () => {
    await spec(["name: orders, partitions: 4, config: { retention.ms: 2000000 }", "name: plain"]);
    const planned = await kctl(at, "plan", "--json");
    expect(titles(planned, "partitions")).toEqual(["grow topic orders from 2 to 4 partitions"]);
    expect(titles(planned, "note")).toHaveLength(1);
    expect(titles(planned, "note")[0]).toMatch(/^keys move: .* many keys of orders /);
    expect((await kctl(at, "plan")).out).toContain("keys move");
    await upOnce();
    expect(await topic("orders")).toMatchObject({ settings: { "retention.ms": "2000000" } });
    expect((await topic("orders"))?.partitions).toHaveLength(4);
  });

  test("a setting that the spec no longer says is reset", async () => {
    await spec(["name: orders, partitions: 4", "name: plain"]);
    await upOnce();
    expect((await topic("orders"))?.settings).toEqual({});
  });

  test("what somebody else set is noted and left alone", async () => {
    await setByHand("--entity-type", "topics", "--entity-name", "orders", "--add-config", "segment.ms=700000");
    await setByHand("--entity-type", "brokers", "--entity-default", "--add-config", "log.cleaner.threads=2");
    const planned = await kctl(at, "plan", "--check", "--json");
    expect({ exit: planned.exit, titles: titles(planned) }).toEqual({
      exit: 0,
      titles: ["segment.ms of topic orders was set by somebody else, and left alone"],
    });
    expect((await kctl(at, "plan")).out).toMatch(/left alone\n\nNothing to change\.\n$/);
    expect((await kctl(at, "up", "--json")).result).toMatchObject({ ok: true, changed: 0 });
    expect((await topic("orders"))?.settings).toEqual({ "segment.ms": "700000" });
    expect(await layers("log.cleaner.threads")).toMatchObject({ cluster: "2" });
  });

  test("shrinking is refused, and all else goes ahead: a topic, and a live setting without a restart", async () => {
    const before = await processes(at);
    await spec(
      ["name: orders, partitions: 1", "name: plain", "name: more, partitions: 3"],
      "log.retention.ms: 2000000",
    );
    const refused = await kctl(at, "up", "--json");
    expect(refused.exit).toBe(1);
    const errors = (refused.result?.["errors"] ?? []) as { code: string; what: string }[];
    expect(errors.map(({ code }) => code)).toEqual(["not-built"]);
    expect(errors[0]?.what).toContain("Kafka cannot take partitions away");
    expect((await topic("more"))?.partitions).toHaveLength(3);
    expect((await topic("orders"))?.partitions).toHaveLength(4);
    expect(await layers("log.retention.ms")).toMatchObject({ cluster: "2000000", file: null });
    const file = await readFile(join(at.folder, ".kctl/demo/solo/broker/config/server.properties"), "utf8");
    expect(file).toContain("log.retention.ms=2000000");
    expect(await processes(at)).toEqual(before);
    await spec(
      ["name: orders, partitions: 4", "name: plain", "name: more, partitions: 3"],
      "log.retention.ms: 2000000",
    );
    expect((await kctl(at, "up", "--json")).result).toMatchObject({ ok: true, changed: 0 });
  });

  test("a live setting changes again, and is taken back with the spec", async () => {
    const topics = ["name: orders", "name: plain", "name: more"];
    await spec(topics, "log.retention.ms: 3000000, log.cleaner.backoff.ms: 20000");
    await upOnce();
    expect(await layers("log.retention.ms")).toMatchObject({ cluster: "3000000" });
    await spec(topics, "log.retention.ms: 3000000");
    await upOnce();
    expect(await layers("log.cleaner.backoff.ms")).toMatchObject({ broker: null, cluster: null, file: null });
  });

  test("a thread pool grows and shrinks by more than Kafka takes at a time", async () => {
    const topics = ["name: orders", "name: plain", "name: more"];
    await spec(topics, "log.retention.ms: 3000000, num.io.threads: 100");
    await upOnce();
    expect(await layers("num.io.threads")).toMatchObject({ cluster: "100", inForce: "100" });
    await spec(topics, "log.retention.ms: 3000000");
    await upOnce();
    expect(await layers("num.io.threads")).toMatchObject({ broker: null, cluster: null, inForce: "8" });
  });

  test("it holds after a restart", async () => {
    expect((await kctl(at, "restart", "solo", "--yes", "--json")).exit).toBe(0);
    expect(await layers("log.retention.ms")).toMatchObject({ cluster: "3000000", file: "3000000" });
    expect((await kctl(at, "up", "--json")).result).toMatchObject({ ok: true, changed: 0 });
  });

  test("one that the broker started with goes back to Kafka's at once, and to nothing once it has started again", async () => {
    await spec(["name: orders", "name: plain", "name: more"]);
    await upOnce();
    expect(await layers("log.retention.ms")).toMatchObject({ cluster: week, file: "3000000" });
    expect((await topic("orders"))?.inherited["retention.ms"]).toBe(week);
    expect((await kctl(at, "restart", "solo", "--yes", "--json")).exit).toBe(0);
    await upOnce();
    expect(await layers("log.retention.ms")).toMatchObject({ broker: null, cluster: null, file: null });
    expect(await layers("log.cleaner.threads")).toMatchObject({ cluster: "2" });
  });

  test("a broker that hangs is named by plan, and not taken for one that needs nothing", async () => {
    const pid = (await processes(at)).get("solo/broker")?.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    const hung = await kctl(at, "plan", "--json");
    process.kill(pid, "SIGCONT");
    expect({ exit: hung.exit, errors: hung.result?.["errors"] }).toMatchObject({
      exit: 1,
      errors: [{ code: "kafka-unreachable", node: "solo" }],
    });
    expect((await kctl(at, "up", "--json")).result).toMatchObject({ ok: true, changed: 0 });
    expect((await kctl(at, "plan", "--check", "--json")).exit).toBe(0);
  });
});
