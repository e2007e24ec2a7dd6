/**
 * What a cluster of three must do whatever its Kafka, and with ZooKeeper as with KRaft: from nothing to destroyed, with a
 * roll that clients do not notice. Each combination tells its figures at the end.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { brokerSettings } from "../../src/kafka/broker-settings.ts";
import { cleanUp, configure, expectNothingLeft, kctl, kill, place, processes, type Ended, type Place } from "./kctl.ts";
import { watchLives } from "./lives.ts";
import { partitions, recordsPerSecond, startTraffic } from "./traffic.ts";

export type Combination = { readonly version: string; readonly mode: "zookeeper" | "kraft" };

export type Figures = Combination & {
  readonly firstUpSeconds: number;
  readonly secondUpSeconds: number;
  readonly rollSeconds: number;
  readonly records: number;
  readonly longestPauseMs: number;
  readonly slowestMs: number;
};

/** Read by a server only when it starts, in every version. */
const fixed = { "queued.max.requests": "400" };
/** Changed while brokers run, in every version. Where leader replicas are eligible (KIP-966), the second one is the cluster's alone. */
const live = { "log.cleaner.threads": "2", "min.insync.replicas": "2" };

/** With the whole of its errors: where there should be none, what they say is what one wants to see. */
const outcome = ({ exit, result }: Ended) => ({ exit, errors: result?.["errors"], changed: result?.["changed"] });
const seconds = ({ result }: Ended): number => Number(result?.["seconds"]);

export function versionLadder(combination: Combination, tell: (figures: Figures) => void = () => undefined): void {
  const { version, mode } = combination;
  describe(`Kafka ${version}, ${mode}`, () => {
    let at: Place;
    const figures: { -readonly [K in keyof Figures]?: Figures[K] } = {};
    beforeAll(async () => {
      at = await place({ version, quorum: mode === "kraft" ? "controller" : "zookeeper" });
      expect((await kctl(at, "fetch", "--json")).exit).toBe(0);
    });
    afterAll(async () => {
      await cleanUp(at);
    });

    test("up makes it", async () => {
      const made = await kctl(at, "up", "--json");
      expect(outcome(made)).toMatchObject({ exit: 0, errors: [] });
      expect([...(await processes(at)).keys()].toSorted()).toEqual(at.servers);
      figures.firstUpSeconds = seconds(made);
    });

    test("smoke-test passes", async () => {
      expect(outcome(await kctl(at, "smoke-test", "--json"))).toMatchObject({ exit: 0, errors: [] });
    });

    test("a second up changes nothing and restarts nothing", async () => {
      const before = await processes(at);
      const second = await kctl(at, "up", "--json");
      expect(outcome(second)).toEqual({ exit: 0, errors: [], changed: 0 });
      expect(await processes(at)).toEqual(before);
      figures.secondUpSeconds = seconds(second);
    });

    test("a setting that needs a restart is rolled, and clients lose nothing and see no error", async () => {
      const traffic = await startTraffic({ libs: libs(version), bootstrap: bootstrap(at), topic: "traffic" });
      onTestFinished(traffic.kill);
      const before = await births(at);
      await configure(at, fixed);
      const watch = watchLives(at);
      const rolled = await kctl(at, "up", "--json");
      const lives = await watch.stop();
      const report = await traffic.stop();

      expect(outcome(rolled)).toMatchObject({ exit: 0, errors: [] });
      const after = await births(at);
      const restarted = at.servers.filter((key) => mode === "kraft" || key.endsWith("/broker"));
      expect(at.servers.filter((key) => before.get(key) !== after.get(key))).toEqual(restarted);
      // Once: no server had a life between the one before and the one after.
      expect(Object.fromEntries([...lives.births].filter(([, lived]) => lived.length > 1))).toEqual(
        Object.fromEntries(restarted.map((key) => [key, [before.get(key), after.get(key)]])),
      );
      // One that is back between two looks was not seen down: that each was restarted is told by its new life.
      expect(lives.mostDown).toBeLessThanOrEqual(1);
      expect(await inForce(at, "queued.max.requests")).toEqual(["400", "400", "400"]);

      expect(report).toMatchObject({ errors: [], lost: [], doubled: [], reread: [], reordered: [], partitions });
      expect(report).toMatchObject({ confirmed: report.produced, read: report.produced });
      // All the while: at the full rate, and through the whole of the roll.
      expect(report.produced).toBeGreaterThan(0.95 * recordsPerSecond * seconds(rolled));
      figures.rollSeconds = seconds(rolled);
      figures.records = report.produced;
      figures.longestPauseMs = report.longestPauseMs;
      figures.slowestMs = report.slowestMs;
    }, 600_000);

    test("settings that brokers change while they run are set, and taken back, without a restart", async () => {
      const before = await births(at);
      const usual = await Promise.all(Object.keys(live).map((setting) => inForce(at, setting)));
      await configure(at, { ...fixed, ...live });
      expect(outcome(await kctl(at, "up", "--json"))).toMatchObject({ exit: 0, errors: [] });
      expect(await births(at)).toEqual(before);
      for (const [setting, value] of Object.entries(live)) {
        expect(await inForce(at, setting)).toEqual([value, value, value]);
        expect(await written(at, setting)).toEqual([value, value, value]);
      }
      expect(outcome(await kctl(at, "up", "--json"))).toEqual({ exit: 0, errors: [], changed: 0 });

      await configure(at, fixed);
      expect(outcome(await kctl(at, "up", "--json"))).toMatchObject({ exit: 0, errors: [] });
      expect(await Promise.all(Object.keys(live).map((setting) => inForce(at, setting)))).toEqual(usual);
      for (const setting of Object.keys(live))
        expect(await written(at, setting)).toEqual([undefined, undefined, undefined]);
      expect(outcome(await kctl(at, "up", "--json"))).toEqual({ exit: 0, errors: [], changed: 0 });
      expect(await births(at)).toEqual(before);
    });

    test("a killed broker is healed, and no other server is touched", async () => {
      const before = await births(at);
      await kill(at, ["kafka-2/broker"]);
      expect((await kctl(at, "status", "--json")).exit).toBe(1);
      expect(outcome(await kctl(at, "up", "--json"))).toEqual({ exit: 0, errors: [], changed: 1 });
      const after = await births(at);
      expect(at.servers.filter((key) => before.get(key) !== after.get(key))).toEqual(["kafka-2/broker"]);
    });

    test("all killed are healed by one up", async () => {
      await kill(at, at.servers);
      expect(outcome(await kctl(at, "up", "--json"))).toEqual({ exit: 0, errors: [], changed: at.servers.length });
      expect([...(await processes(at)).keys()].toSorted()).toEqual(at.servers);
      expect(outcome(await kctl(at, "smoke-test", "--json"))).toMatchObject({ exit: 0, errors: [] });
    });

    test("destroy leaves nothing", async () => {
      expect((await kctl(at, "destroy", "--yes", "--json")).exit).toBe(0);
      await expectNothingLeft(at);
      tell({ ...combination, ...figures } as Figures);
    });
  });
}

const libs = (version: string): string => join(inject("cache"), `software/kafka_2.13-${version}/libs`);

const brokers = ({ port }: Place) =>
  [1, 2, 3].map((id) => ({ id, address: { host: "127.0.0.1", port: port + 10 * (id - 1) } }));

const bootstrap = (at: Place): string =>
  brokers(at)
    .map(({ address }) => `${address.host}:${address.port}`)
    .join(",");

/** As it stands in each broker's file. */
async function written(at: Place, setting: string): Promise<readonly (string | undefined)[]> {
  const files = [1, 2, 3].map((id) => join(at.folder, `.kctl/demo/kafka-${id}/broker/config/server.properties`));
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const prefix = `${setting}=`;
  return texts.map((text) =>
    text
      .split("\n")
      .find((line) => line.startsWith(prefix))
      ?.slice(prefix.length),
  );
}

async function births(at: Place): Promise<ReadonlyMap<string, string>> {
  return new Map([...(await processes(at))].map(([key, { birth }]) => [key, birth]));
}

/** As each broker itself says. */
async function inForce(at: Place, setting: string): Promise<readonly (string | null | undefined)[]> {
  const view = await brokerSettings(brokers(at), new AbortController().signal);
  return [...view.brokers.values()].map((broker) => broker?.inForce[setting]?.value);
}
