/** Metrics from the spec to a Prometheus that collects them: every name that alerts and dashboard use is told, and an alert comes of a dead broker. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parse } from "yaml";
import { prometheusProgram } from "../prometheus.ts";
import { cleanUp, kctl, kill, place, processes, type Ended, type Place } from "./kctl.ts";

type Change = { readonly title: string; readonly why: readonly { readonly field: string }[] };

/** Names in the expressions of a file, by what metrics of kctl's are called. */
function namesIn(text: string): readonly string[] {
  return [...new Set(text.match(/\b(?:kafka|zookeeper|jvm|process|jmx)_[a-z_]+/g))].toSorted();
}

async function scraped(address: string): Promise<string> {
  const answer = await fetch(`http://${address}/metrics`);
  expect(answer.status).toBe(200);
  return answer.text();
}

const seriesOf = (text: string): readonly string[] =>
  text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

describe.each([
  { version: "3.9.1", keeper: "zookeeper", more: ["other, roles: [zookeeper, broker]", "third, roles: [zookeeper]"] },
  { version: "4.3.1", keeper: "controller", more: ["worker, roles: [connect]"] },
])("Kafka $version with a $keeper", ({ version, keeper, more }) => {
  let at: Place;
  let prometheus: ChildProcess | null = null;
  const run = (...args: readonly string[]): Promise<Ended> => kctl(at, ...args, "--json");
  const inPlace = (name: string): string => join(at.folder, name);
  const written = (name: string): Promise<string> => readFile(inPlace(`monitoring/${name}`), "utf8");
  const isConnect = keeper === "controller";
  const servers = isConnect ? 3 : 5;

  const spec = (metrics: string): Promise<void> =>
    writeFile(
      at.spec,
      `name: demo
provider: { type: local, port: ${at.port} }
kafka: { version: ${version} }
${metrics}
nodes:
  - { name: solo, roles: [${keeper}, broker] }
${more.map((node) => `  - { name: ${node} }`).join("\n")}
topics: [{ name: orders, partitions: 1, replicas: 1 }]
${
  isConnect
    ? `connect: { plugins: [{ maven: "org.apache.kafka:connect-file:${version}" }] }
connectors:
  - { name: in, class: FileStreamSource, config: { file: "${inPlace("in.txt")}", topic: lines } }
  - { name: out, class: FileStreamSink, config: { file: "${inPlace("out.txt")}", topics: lines } }`
    : ""
}
`,
    );

  beforeAll(async () => {
    at = await place();
    await spec("metrics: true");
  });
  afterAll(async () => {
    if (prometheus?.exitCode === null) {
      const ended = once(prometheus, "exit");
      prometheus.kill("SIGKILL");
      await ended;
    }
    await cleanUp(at);
  });

  test("servers come up with the exporter and complain of nothing; a second up changes nothing", async () => {
    expect((await run("up")).result).toMatchObject({ ok: true, errors: [] });
    expect((await run("up")).result).toMatchObject({ ok: true, changed: 0 });
    const consoles = [...(await processes(at)).keys()].map((key) =>
      readFile(inPlace(`.kctl/demo/${key}/log/console.log`), "utf8"),
    );
    expect((await Promise.all(consoles)).join("")).not.toMatch(/warning|exception|error/i);
  });

  test("every name that alerts and dashboard use is told, and a scrape is small", async () => {
    const produced = spawnSync(inject("kctl"), ["produce", "orders"], { cwd: at.folder, env: at.env, input: "one\n" });
    expect(produced.status).toBe(0);
    expect((await kctl(at, "consume", "orders", "--from-beginning")).out).toBe("one\n");
    await writeFile(inPlace("in.txt"), "one\ntwo\n");
    const applied = isConnect ? await run("connectors", "apply") : null;
    expect(applied?.result?.["errors"] ?? []).toEqual([]);
    expect((await kctl(at, "metrics", "--out", "monitoring")).exit).toBe(0);
    const config = parse(await written("prometheus.yml")) as {
      readonly scrape_configs: readonly { readonly static_configs: readonly { readonly targets: [string] }[] }[];
    };
    const addresses = config.scrape_configs.flatMap((job) => job.static_configs.flatMap(({ targets }) => targets));
    expect(addresses).toHaveLength(servers);
    const used = namesIn((await written("alerts.yml")) + (await written("dashboard.json")));
    expect(used.length).toBeGreaterThan(40);
    // A topic's own counters come with its first records; a connector's with its tasks.
    await expect
      .poll(
        async () => {
          const texts = await Promise.all(addresses.map(scraped));
          const told = new Set(texts.flatMap(seriesOf).map((line) => /^\w+/.exec(line)?.[0]));
          return used.filter((name) => !told.has(name));
        },
        { timeout: 30_000 },
      )
      .toEqual([]);
    const sizes = (await Promise.all(addresses.map(scraped))).map((text) => seriesOf(text).length);
    expect(Math.max(...sizes)).toBeLessThan(400);
    expect((await Promise.all(addresses.map(scraped))).join("")).not.toContain("_objectname");
  });

  const asked = async (path: string): Promise<{ readonly data: unknown }> => {
    const answer = await fetch(`http://127.0.0.1:${at.port + 540}/api/v1/${path}`);
    return (await answer.json()) as { readonly data: unknown };
  };

  test("a Prometheus with the written files reaches every server", async () => {
    const program = prometheusProgram("prometheus");
    expect(program, "`npm test` brings Prometheus").not.toBeNull();
    // The same, only sooner: a test cannot wait for minutes.
    const sooner = (text: string): string => text.replaceAll(/: (15s|1m)$/gm, ": 1s");
    await writeFile(inPlace("monitoring/prometheus.yml"), sooner(await written("prometheus.yml")));
    await writeFile(inPlace("monitoring/alerts.yml"), sooner(await written("alerts.yml")));
    prometheus = spawn(
      program ?? "",
      [
        `--config.file=${inPlace("monitoring/prometheus.yml")}`,
        `--storage.tsdb.path=${inPlace("tsdb")}`,
        `--web.listen-address=127.0.0.1:${at.port + 540}`,
      ],
      { cwd: at.folder, stdio: "ignore" },
    );
    await expect
      .poll(async () => (await asked("targets").catch(() => ({ data: null }))).data, { timeout: 30_000 })
      .toMatchObject({
        activeTargets: Array.from({ length: servers }, () => ({ health: "up", labels: { cluster: "demo" } })),
      });
    // Until the first look at each server, some are missed.
    await expect
      .poll(async () => (await asked('query?query=count(ALERTS{alertstate="firing"})')).data, { timeout: 30_000 })
      .toMatchObject({ result: [] });
  });

  test("a broker that dies is told of, by the node's name", async () => {
    const broker = [...(await processes(at)).keys()].find((key) => key.endsWith("/broker")) ?? "";
    const node = broker.split("/")[0] ?? "";
    await kill(at, [broker]);
    await expect
      .poll(async () => (await asked("alerts")).data, { timeout: 30_000 })
      .toMatchObject({
        alerts: expect.arrayContaining([
          expect.objectContaining({
            state: "firing",
            labels: expect.objectContaining({ alertname: "BrokerDown", node, severity: "critical" }) as unknown,
          }),
        ]) as unknown,
      });
  });

  // Once will do: it takes the longest.
  test.each(isConnect ? [] : ["by a roll"])("without metrics in the spec they end %s", async () => {
    expect((await run("up")).result).toMatchObject({ ok: true, errors: [] });
    await spec("");
    const plan = (await run("plan")).result?.["changes"] as readonly Change[];
    expect(plan.flatMap(({ why }) => why.map(({ field }) => field))).toContain("metrics");
    const before = await processes(at);
    expect((await run("up")).result).toMatchObject({ ok: true, errors: [] });
    const after = await processes(at);
    expect([...after].filter(([key, { birth }]) => before.get(key)?.birth === birth)).toEqual([]);
    await expect(scraped(`127.0.0.1:${at.port - 9092 + 7071}`)).rejects.toThrow("fetch failed");
    const refused = await run("metrics");
    expect(refused).toMatchObject({
      exit: 2,
      result: { errors: [{ code: "usage", fix: expect.stringContaining("metrics: true") as string }] },
    });
  });
});
