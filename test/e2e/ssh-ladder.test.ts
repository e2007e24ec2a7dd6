/** From `examples/ssh.yaml`, on three bare hosts without Java: what an operator does with a cluster, and what happens to machines. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { kafkaJars } from "../kafka/support/jars.ts";
import { kctl, start, type Ended } from "./kctl.ts";
import { changesOf, codesOf } from "./law.ts";
import { births, closeSite, expectFresh, hostOf, openSite, restarted, untilHealthy, type Site } from "./ssh-site.ts";
import { partitions, recordsPerSecond, startTraffic } from "./traffic.ts";

const hosts = ["kafka-1", "kafka-2", "kafka-3"];
const brokers = hosts.map((host) => `${host}/broker`);
const servers = hosts.flatMap((host) => [`${host}/broker`, `${host}/zookeeper`]);
const bootstrap = "10.77.0.11:9092,10.77.0.12:9092,10.77.0.13:9092";
const settings = "/etc/kctl/staging/broker/server.properties";

const outcome = ({ exit, result }: Ended) => ({ exit, errors: result?.["errors"], changed: result?.["changed"] });
const seconds = ({ result }: Ended): number => Number(result?.["seconds"]);

describe("three bare hosts", { timeout: 420_000 }, () => {
  let site: Site;
  let jars: string;
  const run = (...args: readonly string[]): Promise<Ended> => kctl(site.place, ...args);

  beforeAll(async () => {
    const yaml = await readFile(join(import.meta.dirname, "../../examples/ssh.yaml"), "utf8");
    [site, jars] = await Promise.all([openSite({ hosts: 3, java: false, yaml, servers }), kafkaJars()]);
  });
  afterAll(() => closeSite(site));

  test("plan says what it would do, and touches nothing", async () => {
    const plan = await run("plan", "--json", "--check");
    expect(plan.exit).toBe(3);
    const changes = plan.result?.["changes"] as { kind: string; node?: string | null; title: string }[];
    expect(changes.filter(({ kind }) => kind === "process")).toHaveLength(6);
    for (const node of hosts)
      expect(changes.filter((change) => change.node === node).map(({ title }) => title)).toEqual(
        expect.arrayContaining([
          `install Java 17 on ${node}`,
          `install kafka 3.9.1 on ${node}`,
          `install zookeeper 3.8.4 on ${node}`,
          `update kctl's block in /etc/hosts on ${node}`,
        ]),
      );
    await expectFresh(site);
  });

  test("up makes it, and a smoke test passes", async () => {
    const up = await run("up", "--json");
    expect(outcome(up)).toMatchObject({ exit: 0, errors: [] });
    expect(up.result?.["bootstrap"]).toBe(bootstrap);
    expect(Object.keys(await births(site))).toEqual(servers);
    expect(outcome(await run("smoke-test", "--json"))).toMatchObject({ exit: 0, errors: [] });
  });

  test("a second up changes nothing, and every server is the process that it was", async () => {
    const before = await births(site);
    expect(outcome(await run("up", "--json"))).toEqual({ exit: 0, errors: [], changed: 0 });
    expect(await births(site)).toEqual(before);
  });

  test("lag is told and offsets are set through port 22 alone", async () => {
    const wall =
      "table inet wall { chain input { type filter hook input priority 0; ip saddr 10.77.0.1 tcp dport 9091-9094 drop; }; }";
    await Promise.all(site.lab.hosts.map(async (host) => host.run(`nft '${wall}'`)));
    const kafka = "JAVA_HOME=/etc/kctl/staging/java; export JAVA_HOME; cd /opt/kctl/kafka-3.9.1/bin";
    const topic = "--bootstrap-server kafka-2:9092 --topic lagging";
    await hostOf(site, "kafka-1").run(
      `${kafka} && ./kafka-topics.sh ${topic} --create --partitions 3 && seq 30 | ./kafka-console-producer.sh ${topic} &&
./kafka-console-consumer.sh ${topic} --group g --from-beginning --max-messages 20 >/dev/null 2>&1`,
    );
    expect((await run("lag", "g", "--json")).result).toMatchObject({
      ok: true,
      groups: [{ cluster: "staging", group: "g", lag: 10 }],
    });
    expect((await run("offsets", "reset", "g", "--to", "earliest", "--yes", "--json")).result).toMatchObject({
      ok: true,
    });
    expect((await run("lag", "g", "--max-lag", "29", "--json")).exit).toBe(3);
    await Promise.all(site.lab.hosts.map(async (host) => host.run("nft delete table inet wall")));
  });

  test("exec runs a command everywhere, ssh on one node, logs are merged by time", async () => {
    const all = await run("exec", "--", "hostname");
    expect(all.out.split("\n").filter(Boolean).toSorted()).toEqual(hosts.map((host) => `${host} | ${host}`));
    const words = await run("exec", "--json", "--role", "broker", "--", "printf", "%s\\n", "a b", "$HOME");
    expect(words.lines.filter(({ type, node }) => type === "output" && node === "kafka-2")).toMatchObject([
      { stream: "stdout", line: "a b" },
      { stream: "stdout", line: "$HOME" },
    ]);
    const partly = await run("exec", "--json", "--", "test $(hostname) != kafka-2 || { echo no >&2; exit 7; }");
    expect(partly).toMatchObject({
      exit: 1,
      result: {
        errors: [{ code: "command-failed", node: "kafka-2" }],
        nodes: [
          { node: "kafka-1", code: 0 },
          { node: "kafka-2", code: 7 },
          { node: "kafka-3", code: 0 },
        ],
      },
    });
    expect(partly.lines.filter(({ type }) => type === "output")).toMatchObject([
      { node: "kafka-2", stream: "stderr", line: "no" },
    ]);
    expect(await run("ssh", "kafka-3", "--", "hostname; exit 5")).toMatchObject({ exit: 5, out: "kafka-3\n" });
    const logs = await run("logs", "--role", "broker", "--lines", "5", "--json");
    const texts = logs.lines
      .filter(({ type }) => type === "log")
      .map(({ member, text }) => ({ member, text: String(text) }));
    expect(new Set(texts.map(({ member }) => member))).toEqual(new Set(brokers));
    const times = texts.flatMap(({ text }) => /^\[(\S+ \S+)\]/u.exec(text)?.[1] ?? []);
    expect(times.length).toBeGreaterThanOrEqual(12);
    expect(times).toEqual(times.toSorted());
  });

  test("a log is followed", async () => {
    const { child, ended } = start(site.place, "logs", "kafka-2", "--role", "broker", "--follow");
    let told = "";
    child.stdout?.on("data", (text: string) => (told += text));
    await expect.poll(() => told, { timeout: 60_000 }).toContain("kafka-2/broker | ");
    await hostOf(site, "kafka-2").run("sleep 1; echo 'written just now' >>/var/log/kctl/staging/broker/server.log");
    await expect.poll(() => told, { timeout: 60_000 }).toContain("kafka-2/broker | written just now\n");
    child.kill("SIGINT");
    await ended;
    await expect.poll(() => hostOf(site, "kafka-2").run("pgrep -c tail || true"), { timeout: 60_000 }).toBe("0\n");
  });

  test("a file that somebody edited is seen to the line and put back, and only who reads it is restarted", async () => {
    const before = await births(site);
    await hostOf(site, "kafka-2").run(`sed -i 's/^broker.id=.*/&\\nqueued.max.requests=77/' ${settings}`);
    const plan = await run("plan", "--json", "--check");
    expect(plan.exit).toBe(3);
    const changes = plan.result?.["changes"] as readonly { readonly kind: string }[];
    expect(changes.filter(({ kind }) => kind === "file")).toMatchObject([
      { verb: "update", node: "kafka-2", path: settings, diff: ["- queued.max.requests=77"] },
    ]);
    expect(outcome(await run("up", "--json"))).toMatchObject({ exit: 0, errors: [] });
    expect(await hostOf(site, "kafka-2").run(`grep -c queued ${settings} || true`)).toBe("0\n");
    expect(restarted(before, await births(site))).toEqual(["kafka-2/broker"]);
    expect(changesOf(await run("plan", "--json"))).toEqual([]);
  });

  test("a setting that brokers read when they start is rolled, and clients lose nothing and see no error", async () => {
    const traffic = await startTraffic({ libs: jars, bootstrap, topic: "traffic", inside: site.lab.inside });
    onTestFinished(traffic.kill);
    const before = await births(site);
    const text = await readFile(site.spec, "utf8");
    await writeFile(
      site.spec,
      text.replace("version: 3.9.1", "version: 3.9.1\n  config: { queued.max.requests: 400 }"),
    );
    const rolled = await run("up", "--json");
    const report = await traffic.stop();
    expect(outcome(rolled)).toMatchObject({ exit: 0, errors: [] });
    expect(restarted(before, await births(site))).toEqual(brokers);
    expect(report).toMatchObject({ errors: [], lost: [], doubled: [], reread: [], reordered: [], partitions });
    expect(report).toMatchObject({ confirmed: report.produced, read: report.produced });
    expect(report.produced).toBeGreaterThan(0.95 * recordsPerSecond * seconds(rolled));
    // One begins when the one before is done.
    const steps = rolled.lines.flatMap(({ type, key }) =>
      (type === "change-started" || type === "change-done") && String(key).startsWith("restart ") ? [type] : [],
    );
    expect(steps).toEqual([
      "change-started",
      "change-done",
      "change-started",
      "change-done",
      "change-started",
      "change-done",
    ]);
  });

  test("a host that reboots is back with its servers, and the cluster is whole by itself", async () => {
    const before = await births(site);
    await hostOf(site, "kafka-1").reboot();
    await untilHealthy(site, 180);
    const after = await births(site);
    expect(Object.keys(after)).toEqual(servers);
    expect(restarted(before, after)).toEqual(["kafka-1/broker", "kafka-1/zookeeper"]);
    expect(changesOf(await run("plan", "--json"))).toEqual([]);
  });

  test("power lost on all three, and one up", async () => {
    await Promise.all(site.lab.hosts.map((host) => host.powerOff()));
    const away = await run("status", "--json");
    expect({ exit: away.exit, codes: codesOf(away) }).toEqual({ exit: 1, codes: hosts.map(() => "ssh-unreachable") });
    await Promise.all(site.lab.hosts.map((host) => host.powerOn()));
    expect(outcome(await run("up", "--json"))).toMatchObject({ exit: 0, errors: [] });
    await untilHealthy(site, 180);
    expect(Object.keys(await births(site))).toEqual(servers);
    expect(outcome(await run("smoke-test", "--json"))).toMatchObject({ exit: 0, errors: [] });
    expect(changesOf(await run("plan", "--json"))).toEqual([]);
  });

  test("destroy leaves each host as it was, file by file", async () => {
    expect(outcome(await run("destroy", "--yes", "--json"))).toMatchObject({ exit: 0, errors: [] });
    expect(await births(site)).toEqual({});
    await expectFresh(site);
  });
});
