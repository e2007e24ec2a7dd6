/** Kafka Connect, from its workers to connectors that copy a file through a topic while a worker is killed. */
import { appendFile, readFile, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp, expectNothingLeft, kctl, kill, place, processes, type Ended, type Place } from "./kctl.ts";

type Connector = {
  readonly name: string;
  readonly state: string;
  readonly worker: string;
  readonly tasks: readonly { readonly state: string; readonly worker: string }[];
};

type Fault = { readonly code: string; readonly what: string; readonly fix?: string; readonly detail?: string };

const lines = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index}`);

describe.each([
  { version: "3.9.1", keeper: "zookeeper", workers: 2 },
  { version: "4.3.1", keeper: "controller", workers: 1 },
])("Kafka $version with a $keeper and $workers workers", ({ version, keeper, workers }) => {
  let at: Place;
  const inPlace = (name: string): string => join(at.folder, name);
  const run = (...args: readonly string[]): Promise<Ended> => kctl(at, ...args, "--json");
  const connectors = async (...args: readonly string[]) =>
    (await run("connectors", "list", ...args)).result?.["connectors"] as readonly Connector[];
  const errors = ({ result }: Ended) => result?.["errors"] as readonly Fault[];

  beforeAll(async () => {
    at = await place();
  });
  afterAll(() => cleanUp(at));

  const spec = (declared: readonly string[]): Promise<void> =>
    writeFile(
      at.spec,
      `name: demo
provider: { type: local, port: ${at.port} }
kafka: { version: ${version} }
connect:
  plugins: [{ maven: "org.apache.kafka:connect-file:${version}" }]
  config: { offset.flush.interval.ms: 1000 }
nodes:
  - { name: solo, roles: [${keeper}, broker, connect] }
${workers === 1 ? "" : "  - { name: other, roles: [connect] }\n"}connectors:
${declared.map((one) => `  - {${one}}\n`).join("")}`,
    );
  const text_ = "org.apache.kafka.connect.storage.StringConverter";
  const both = `key.converter: ${text_}, value.converter: ${text_}`;
  const source = (more = ""): string =>
    `name: in, class: FileStreamSource, config: { file: "${inPlace("source.txt")}", topic: lines, ${both}${more} }`;
  const sink = `name: out, class: org.apache.kafka.connect.file.FileStreamSinkConnector, config: { file: { secret: { env: SINK } }, topics: lines, ${both} }`;

  /** What came out, each line once, in the order in which it came first. */
  const arrived = async (): Promise<readonly string[]> => {
    const written = await readFile(inPlace("sink.txt"), "utf8").catch(() => "");
    return [...new Set(written.split("\n").filter((line) => line !== ""))];
  };

  test("workers come up after the brokers, and a second up changes nothing", async () => {
    await spec([source(), sink]);
    const up = await run("up");
    expect(up.result).toMatchObject({ ok: true, errors: [] });
    expect((await run("up")).result).toMatchObject({ ok: true, changed: 0 });
    const { result } = await run("status");
    expect(result).toMatchObject({
      healthy: true,
      nodes: [{ services: { broker: "running", connect: "running" } }, {}].slice(0, workers),
    });
  });

  test("connectors are planned, checked and made; a secret stays out of all that is shown", async () => {
    await writeFile(inPlace("source.txt"), `${lines(0, 100).join("\n")}\n`);
    const missing = await run("connectors", "plan");
    expect({ exit: missing.exit, errors: errors(missing) }).toMatchObject({
      exit: 2,
      errors: [{ code: "secret-missing", what: "the variable SINK, which has this secret, is not set" }],
    });
    at.env["SINK"] = inPlace("sink.txt");
    expect((await run("connectors", "plan", "--check")).exit).toBe(3);
    const plan = await kctl(at, "connectors", "plan");
    expect(plan.out).toContain("+ create connector out");
    const applied = await run("connectors", "apply");
    expect(applied.result).toMatchObject({ ok: true, errors: [] });
    for (const { out, err } of [plan, applied]) expect(out + err).not.toContain("sink.txt");
    expect((await run("connectors", "plan", "--check")).exit).toBe(0);
    expect((await run("connectors", "apply")).result).toMatchObject({ ok: true, changed: 0 });
    expect(await connectors()).toMatchObject([
      { name: "in", state: "RUNNING", declared: true, tasks: [{ state: "RUNNING" }] },
      { name: "out", state: "RUNNING", declared: true, tasks: [{ state: "RUNNING" }] },
    ]);
    const told = await asked(at, "/connectors?expand=info");
    expect(told).toContain("out.properties:file.");
    expect(told).not.toContain("sink.txt");
    const file = inPlace(".kctl/demo/solo/connect/data/secrets/out.properties");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(inPlace(".kctl/demo/receipt.json"), "utf8")).not.toContain("sink.txt");
    await expect.poll(arrived, { timeout: 20_000 }).toEqual(lines(0, 100));
  });

  test("a worker is killed while lines come, and none is lost", async () => {
    const [before] = await connectors("in");
    const victim = workers > 1 && before?.tasks[0]?.worker.endsWith(String(at.port - 9092 + 8093)) ? "other" : "solo";
    await appendFile(inPlace("source.txt"), `${lines(100, 200).join("\n")}\n`);
    await kill(at, [`${victim}/connect`]);
    await appendFile(inPlace("source.txt"), `${lines(200, 300).join("\n")}\n`);
    // The other one takes its tasks over; where there is none, it is started again.
    if (workers === 1) expect((await run("up")).result).toMatchObject({ ok: true });
    await expect.poll(arrived, { timeout: 40_000 }).toEqual(lines(0, 300));
    if (workers > 1) expect((await run("up")).result).toMatchObject({ ok: true });
    expect((await run("status")).result).toMatchObject({ healthy: true });
  });

  // Enough for what is no other from one Kafka to the next; a test that is skipped would prove nothing.
  const once = workers === 1 ? [] : ["once"];
  test.each(once)("what a connector does not take is told by its setting, and nothing is changed", async () => {
    await spec([
      source(),
      sink,
      "name: bad, class: FileStreamSnk",
      "name: worse, class: FileStreamSource, config: { batch.size: many }",
    ]);
    const refused = await run("connectors", "apply");
    expect(refused.exit).toBe(2);
    expect(errors(refused)).toMatchObject([
      {
        code: "connector-invalid",
        what: "no worker has the connector class FileStreamSnk",
        fix: "did you mean FileStreamSink?",
      },
      ...(await errorsOfSource()),
    ]);
    expect((await connectors()).map(({ name }) => name)).toEqual(["in", "out"]);
    const unknown = await run("connectors", "restart", "nobody");
    expect({ exit: unknown.exit, errors: errors(unknown) }).toMatchObject({
      exit: 2,
      errors: [{ code: "usage", what: "there is no connector nobody on the workers", fix: "there are in, out" }],
    });
  });

  async function errorsOfSource(): Promise<readonly object[]> {
    return [
      {
        what: 'connector worse does not take its settings: topic: Missing required configuration "topic" which has no default value.',
      },
      {
        what: "connector worse does not take its settings: batch.size: Invalid value many for configuration batch.size: Not a number of type INT",
      },
    ];
  }

  test("a task that fails is told with its trace", async () => {
    await spec([source(), sink, `name: bad, class: FileStreamSink, config: { topics: lines, file: "/proc/no/such" }`]);
    const failed = await run("connectors", "apply");
    expect(failed.exit).toBe(1);
    const [fault] = errors(failed);
    expect(fault).toMatchObject({ code: "connector-failed", what: "task 0 of connector bad failed" });
    expect(fault?.detail).toContain("/proc/no/such");
    const status = await run("connectors", "status");
    expect({ exit: status.exit, what: errors(status).map(({ what }) => what) }).toEqual({
      exit: 1,
      what: ["task 0 of connector bad is failed"],
    });
    expect((await run("connectors", "delete", "bad")).exit).toBe(2);
    expect((await run("connectors", "delete", "bad", "--yes")).result).toMatchObject({ ok: true, changed: 1 });
  });

  test.each(once)(
    "they are paused, resumed and restarted; one with another setting is updated, the others are left alone",
    async () => {
      await spec([source(", batch.size: 500"), sink]);
      expect((await run("connectors", "pause", "in")).exit).toBe(0);
      expect(await connectors("in")).toMatchObject([{ state: "PAUSED" }]);
      expect((await kctl(at, "connectors", "list")).out).toMatch(/^in +source +paused/m);
      const updated = await run("connectors", "apply");
      expect(updated.result).toMatchObject({
        ok: true,
        changed: 1,
        changes: [{ title: "update connector in", diff: ["+batch.size=500"] }],
      });
      expect((await run("connectors", "resume", "in")).exit).toBe(0);
      expect((await run("connectors", "restart", "in")).result).toMatchObject({ ok: true, changed: 1 });
      expect((await run("connectors", "status")).exit).toBe(0);
    },
  );

  test.each(once)("one that failed for want of its secrets runs once they are there again", async () => {
    await rm(inPlace(".kctl/demo/solo/connect/data/secrets/out.properties"));
    expect((await run("connectors", "restart", "out", "--timeout", "4s")).exit).toBe(1);
    expect((await run("connectors", "apply")).result).toMatchObject({
      ok: true,
      changed: 1,
      changes: [{ title: "put the secrets of connector out on solo" }],
    });
    expect(await connectors("out")).toMatchObject([{ state: "RUNNING", tasks: [{ state: "RUNNING" }] }]);
  });

  test("destroy takes the workers and their secrets away", async () => {
    const before = await processes(at);
    expect([...before.keys()].filter((key) => key.endsWith("/connect"))).toHaveLength(workers);
    expect((await run("destroy", "--yes")).result).toMatchObject({ ok: true });
    for (const name of ["source.txt", "sink.txt"]) await rm(inPlace(name));
    await expectNothingLeft(at);
  });
});

async function asked(at: Place, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const port = at.port - 9092 + 8083;
    request({ host: "127.0.0.1", port, path }, (response) => void text(response).then(resolve, reject))
      .once("error", reject)
      .end();
  });
}
