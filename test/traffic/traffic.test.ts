/** The traffic of the end-to-end tests, over brokers that behave and over brokers that do not. */
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { until } from "../../src/kafka/until.ts";
import { withBroker } from "../../src/kafka/wire/exchange.ts";
import { incrementalAlterConfigs } from "../../src/kafka/wire/incremental-alter-configs.ts";
import { partitions, startTraffic, type Traffic } from "../e2e/traffic.ts";
import { startCluster, type TestCluster } from "../kafka/support/cluster.ts";
import { kafkaJars } from "../kafka/support/jars.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const never = new AbortController().signal;
const inOrder = { lost: [], doubled: [], reread: [], reordered: [] };

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster({ size: 3, port: 13181 });
});
afterAll(() => cluster?.stop());

async function start(topic: string): Promise<Traffic> {
  const bootstrap = cluster.bootstrap.map(({ host, port }) => `${host}:${port}`).join(",");
  const traffic = await startTraffic({ libs: await kafkaJars(), bootstrap, topic });
  onTestFinished(traffic.kill);
  return traffic;
}

async function counted(traffic: Traffic, what: "read" | "error", least: number): Promise<void> {
  await until(`${least} of ${what}`, 60, never, async () => {
    const count = traffic.count(what);
    return count >= least ? { done: true } : { still: String(count) };
  });
}

test("all that is confirmed is read, once and in order", async () => {
  const traffic = await start("calm");
  await counted(traffic, "read", 600);
  const report = await traffic.stop();
  expect(report).toMatchObject({
    ...inOrder,
    errors: [],
    partitions,
    confirmed: report.produced,
    read: report.produced,
  });
  expect(report.produced).toBeGreaterThanOrEqual(600);
});

test("records that brokers refuse are errors of the producer, one each", async () => {
  const traffic = await start("refused");
  // No record is so young; and this is refused for good, where one that is too large may be tried again for ever.
  const settings = { "message.timestamp.before.max.ms": "0" };
  const change = { type: "topic", name: "refused", settings } as const;
  const [broker = { host: "", port: 0 }] = cluster.bootstrap;
  const answer = await withBroker(broker, never, 5000, (ask) => ask(incrementalAlterConfigs([change], false)));
  expect(answer).toMatchObject([{ error: 0 }]);
  await counted(traffic, "error", 10);
  const report = await traffic.stop();
  const told = report.errors.filter((text) => /^producer at \d+ ms: .*Invalid(Timestamp|Record)Exception/.test(text));
  expect(told).toHaveLength(report.produced - report.confirmed);
  expect(report).toMatchObject({ ...inOrder, read: report.confirmed });
});
