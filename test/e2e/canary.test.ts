/** Records that go through three brokers while they are restarted: none is lost; and where one is, the roll stops. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loseRecords } from "../kafka/support/plant.ts";
import { cleanUp, configure, kctl, newPlace, place, processes, start, type Ended, type Place } from "./kctl.ts";
import { reached } from "./moment.ts";
import { brokersOf, topics } from "./topics.ts";

const patient = 180_000;
const brokers = ["kafka-1/broker", "kafka-2/broker", "kafka-3/broker"];
const topic = "kctl_canary";

let at: Place;
beforeAll(async () => {
  at = await place();
  const { exit, err } = await kctl(at, "up");
  if (exit !== 0) throw new Error(err);
}, patient);
afterAll(() => cleanUp(at));

type Report = Readonly<Record<string, number | string | null>>;

const canaryOf = ({ result }: Ended): Report | null => (result?.["canary"] ?? null) as Report | null;
const errors = ({ result }: Ended) => result?.["errors"] as { code: string; what: string; fix: string }[];
/** But for the topic that Kafka makes for the offsets of the smoke test's groups. */
const names = async (): Promise<readonly string[]> =>
  (await topics(at)).map(({ name }) => name).filter((name) => name !== "__consumer_offsets");
const clean = { lost: 0, doubled: 0, reordered: 0, altered: 0, late: 0 };

type Running = Awaited<ReturnType<typeof processes>>;

const restarted = (before: Running, after: Running): readonly string[] =>
  [...after.keys()].filter((key) => before.get(key)?.birth !== after.get(key)?.birth).toSorted();

describe("up --canary", () => {
  test("rolls a static setting under 100,000 records and more, of which none is lost or doubled", async () => {
    const before = await processes(at);
    await configure(at, { "queued.max.requests": 505 });
    const ended = await kctl(at, "up", "--canary", "--json");
    expect({ exit: ended.exit, errors: errors(ended) }).toEqual({ exit: 0, errors: [] });
    const report = canaryOf(ended);
    expect(report).toMatchObject({ ...clean, read: report?.["records"], partitions: 3 });
    expect(report?.["records"]).toBeGreaterThan(100_000);
    expect(report?.["longestPauseMs"]).toBeGreaterThan(0);
    expect(report?.["longestPauseMs"]).toBeLessThan(30_000);
    expect(report?.["during"]).toMatch(/^restart of kafka-[123]\/broker$/);
    expect([0, 1, 2]).toContain(report?.["partition"]);
    expect(restarted(before, await processes(at))).toEqual(brokers);
    expect(await names()).toEqual([]);
  });

  test("has nothing to do where nothing is restarted", async () => {
    const ended = await kctl(at, "up", "--canary", "--json");
    expect({ exit: ended.exit, changed: ended.result?.["changed"], canary: ended.result?.["canary"] }).toEqual({
      exit: 0,
      changed: 0,
      canary: null,
    });
    expect((await kctl(at, "up", "--canary")).out).toContain("Canary: nothing was restarted, so no record was sent.");
  });

  test("stops the same roll where records are lost, and the next one goes on", { timeout: patient }, async () => {
    const before = await processes(at);
    await configure(at, { "queued.max.requests": 506 });
    const run = start(at, "up", "--canary", "--json");
    await reached(run, { type: "change-started", key: /^restart / });
    await loseRecords({ bootstrap: brokersOf(at), topic, partition: 1 }, run.ended);
    const stopped = await run.ended;
    expect({ exit: stopped.exit, codes: errors(stopped).map(({ code }) => code) }).toEqual({
      exit: 1,
      codes: ["canary-failed"],
    });
    const [fault] = errors(stopped);
    expect(fault?.what).toMatch(
      /^the canary stopped it: record \d+ of partition 1 \(offset \d+\).*: confirmed and lost: .*, during the restart of kafka-[123]\/broker$/,
    );
    expect(fault?.fix).toMatch(
      /kctl_canary is left to be looked at, and the next canary removes it; still to be restarted: .*; the next `kctl up` goes on with them$/,
    );
    expect(canaryOf(stopped)?.["lost"]).toBeGreaterThan(0);
    const gone = restarted(before, await processes(at));
    expect(gone).toHaveLength(1);
    expect(await names()).toEqual([topic]);

    const next = await kctl(at, "up", "--canary", "--json");
    expect({ exit: next.exit, errors: errors(next) }).toEqual({ exit: 0, errors: [] });
    expect(canaryOf(next)).toMatchObject(clean);
    expect(restarted(before, await processes(at))).toEqual(brokers);
    expect(await names()).toEqual([]);
  });
});

test("restart --canary that is interrupted sees its server back, and removes its topic", async () => {
  const before = await processes(at);
  const run = start(at, "restart", "kafka-2", "--canary", "--json");
  await reached(run, { type: "change-started", key: /^restart / });
  run.child.kill("SIGINT");
  const stopped = await run.ended;
  expect({ exit: stopped.exit, codes: errors(stopped).map(({ code }) => code) }).toEqual({
    exit: 130,
    codes: ["interrupted"],
  });
  expect(canaryOf(stopped)).toMatchObject(clean);
  const after = await processes(at);
  expect([...after.keys()].toSorted()).toEqual(at.servers);
  expect(restarted(before, after)).toEqual(["kafka-2/zookeeper"]);
  expect(await names()).toEqual([]);
});

describe("smoke-test --failover", () => {
  test("stops one broker and starts it again, and no record is lost", async () => {
    const before = await processes(at);
    const ended = await kctl(at, "smoke-test", "--failover", "--json");
    expect({ exit: ended.exit, errors: errors(ended) }).toEqual({ exit: 0, errors: [] });
    const report = ended.result?.["failover"] as Report;
    expect(report).toMatchObject({ ...clean, read: report["records"] });
    expect(report["records"]).toBeGreaterThan(10_000);
    const broker = report["broker"];
    expect(restarted(before, await processes(at))).toEqual([broker]);
    const checks = ended.result?.["checks"] as { name: string; ok: boolean; detail: string }[];
    const last = checks.at(-1);
    expect(last).toMatchObject({ name: "failover", ok: true });
    expect(last?.detail).toMatch(
      /was stopped and started again while [\d,]+ records went through, .*; the longest pause was [\d,]+ ms \(partition \d\)$/,
    );
    expect((await kctl(at, "status", "--json")).exit).toBe(0);
    expect(await names()).toEqual([]);
    expect(await kctl(at, "up", "--json")).toMatchObject({ exit: 0, result: { changed: 0 } });
  });

  test("interrupted, sees its broker back, and its report keeps the checks that ran", async () => {
    const run = start(at, "smoke-test", "--failover", "--junit", "failover.xml", "--json");
    await reached(run, { type: "change-started", key: /^restart / });
    run.child.kill("SIGINT");
    const stopped = await run.ended;
    expect({ exit: stopped.exit, codes: errors(stopped).map(({ code }) => code) }).toEqual({
      exit: 130,
      codes: ["interrupted"],
    });
    expect([...(await processes(at)).keys()].toSorted()).toEqual(at.servers);
    expect(await names()).toEqual([]);
    const report = await readFile(join(at.folder, "failover.xml"), "utf8");
    expect(report).toMatch(/<testsuite [^>]*tests="16" failures="1" errors="0"/);
    expect(report).toMatch(/<testcase [^>]*name="failover"[^>]*>\s*<failure/);
  });

  test("does not apply to one broker, whose restart is a pause for all", async () => {
    const one = await newPlace({ count: 1, version: "4.3.1", quorum: "controller" });
    expect((await kctl(one, "up", "--json")).exit).toBe(0);
    const ended = await kctl(one, "smoke-test", "--failover", "--json");
    const checks = ended.result?.["checks"] as { name: string; ok: boolean; detail: string }[];
    expect({ exit: ended.exit, failover: ended.result?.["failover"], last: checks.at(-1) }).toMatchObject({
      exit: 0,
      failover: null,
      last: {
        name: "failover",
        ok: true,
        detail: "not applicable: there is one broker only, and nobody to take over from it",
      },
    });
    const restart = await kctl(one, "restart", "--canary", "--json");
    expect({ exit: restart.exit, errors: errors(restart) }).toEqual({ exit: 0, errors: [] });
    expect(canaryOf(restart)).toMatchObject({ ...clean, during: "restart of kafka-1/broker" });
  });
});
