/** `status --watch` on running clusters: the rates of records that were counted, and what is told while a broker is stopped and started. */
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { encodeBatch } from "../../src/kafka/canary/batch.ts";
import { kafkaView } from "../../src/kafka/view.ts";
import { withBroker } from "../../src/kafka/wire/exchange.ts";
import { produce } from "../../src/kafka/wire/produce.ts";
import type { IsrChange, StatusEvent } from "../../src/report/status-events.ts";
import type { StatusRound } from "../../src/report/status-shown.ts";
import { cleanUp, kctl, place, processes, start, type Place } from "./kctl.ts";
import { brokersOf } from "./topics.ts";

const never = new AbortController().signal;
const partitions = 6;
/** One batch for each partition in turn. */
const batch = { records: 50, bytes: 200, everyMs: 50 };

describe.each([
  { version: "3.9.1", quorum: "zookeeper" },
  { version: "4.3.1", quorum: "controller" },
] as const)("Kafka $version with a $quorum", ({ version, quorum }) => {
  let at: Place;
  beforeAll(async () => {
    at = await place();
    await writeFile(
      at.spec,
      `name: demo
provider: { type: local, port: ${at.port} }
kafka: { version: ${version} }
nodes:
  - { name: keeper, roles: [${quorum}] }
  - { group: kafka, count: 3, roles: [broker] }
topics:
  - { name: orders, partitions: ${partitions}, replicas: 3 }
`,
    );
    const { exit, err } = await kctl(at, "up");
    if (exit !== 0) throw new Error(err);
  });
  afterAll(() => cleanUp(at));

  test("rates are those of the records that were counted; a broker that stops leaves the ISR, and comes back", async () => {
    const traffic = await startTraffic(at);
    const watching = watchStatus(at, () => traffic.written());
    await expect.poll(() => watching.rounds.length, { timeout: 40_000 }).toBeGreaterThanOrEqual(7);
    expect(watching.rounds[0]).toMatchObject({ healthy: true, rates: null, events: [] });
    expectCounted(watching.rounds.slice(1, 7));
    await traffic.stop();

    const pid = (await processes(at)).get("kafka-2/broker")?.pid ?? 0;
    process.kill(pid, "SIGTERM");
    const replicas = { topic: "orders", replicas: [1, 2, 3], brokers: [2] };
    const ofAll = (wanted: (partition: number) => object) =>
      Array.from({ length: partitions }, (_, partition) => expect.objectContaining(wanted(partition)) as unknown);
    const events = (kind: StatusEvent["kind"]): readonly StatusEvent[] =>
      watching
        .events()
        .filter((event) => event.kind === kind)
        .map((event) => ("replicas" in event ? inOrder(event) : event))
        .toSorted((a, b) => ("partition" in a && "partition" in b ? a.partition - b.partition : 0));
    await expect
      .poll(() => events("isr-shrink"), { timeout: 40_000 })
      .toEqual(ofAll((partition) => ({ ...replicas, partition, isr: [1, 3] })));
    await expect.poll(() => events("broker-left"), { timeout: 40_000 }).toMatchObject([{ id: 2, node: "kafka-2" }]);
    const ended = { node: "kafka-2", role: "broker", from: "running", to: "failed" };
    await expect.poll(() => events("service"), { timeout: 40_000 }).toMatchObject([ended]);
    expect(new Set(events("leader").map((event) => "from" in event && event.from))).toEqual(new Set([2]));

    expect((await kctl(at, "start", "--json")).result).toMatchObject({ ok: true, changed: 1 });
    await expect
      .poll(() => events("isr-expand"), { timeout: 40_000 })
      .toEqual(ofAll((partition) => ({ ...replicas, partition, isr: [1, 2, 3], back: true })));
    await expect.poll(() => events("broker-came"), { timeout: 40_000 }).toMatchObject([{ id: 2, node: "kafka-2" }]);
    await expect.poll(() => watching.rounds.at(-1), { timeout: 40_000 }).toMatchObject({ healthy: true });

    const before = watching.events();
    watching.child.kill("SIGINT");
    const { exit, result } = await watching.ended;
    expect({ exit, ok: result?.["ok"], events: result?.["events"] }).toEqual({ exit: 130, ok: true, events: before });
  });
});

type Round = StatusRound & { /** Records that were confirmed by when it was told. */ readonly written: number };

function inOrder(event: Extract<StatusEvent, IsrChange>): StatusEvent {
  const sorted = (ids: readonly number[]): readonly number[] => ids.toSorted((a, b) => a - b);
  return { ...event, isr: sorted(event.isr), replicas: sorted(event.replicas) };
}

/** Over the window of the last: what was told as a rate, against what was counted between the first and the last. */
function expectCounted(rounds: readonly Round[]): void {
  const [first, last] = [rounds[0], rounds.at(-1)];
  const { rates } = last ?? {};
  if (first === undefined || last === undefined || rates === null || rates === undefined) throw new Error("no rates");
  const counted = (last.written - first.written) / rates.seconds;
  const [orders] = rates.topics;
  expect(orders?.topic).toBe("orders");
  for (const told of [orders?.records, rates.records]) {
    expect(told).toBeGreaterThan(0.8 * counted);
    expect(told).toBeLessThan(1.2 * counted);
  }
  // A record has some bytes of its own beside its value, and so has a batch.
  expect(orders?.bytes).toBeGreaterThan(batch.bytes * (orders?.records ?? 0));
  expect(orders?.bytes).toBeLessThan(1.2 * batch.bytes * (orders?.records ?? 0));
  expect(rates.brokers.map(({ id, node }) => ({ id, node }))).toEqual(
    [1, 2, 3].map((id) => ({ id, node: `kafka-${id}` })),
  );
  expect(rates.brokers.reduce((all, { records }) => all + records, 0)).toBeCloseTo(rates.records, 0);
}

function watchStatus(at: Place, written: () => number) {
  const { child, ended } = start(at, "status", "--watch", "--interval", "1s", "--json");
  onTestFinished(() => void child.kill("SIGKILL"));
  const rounds: Round[] = [];
  let rest = "";
  child.stdout?.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines)
      if (line.startsWith(`{"type":"status"`))
        rounds.push({ ...(JSON.parse(line) as StatusRound), written: written() });
  });
  return { child, ended, rounds, events: () => rounds.flatMap(({ events }) => events) };
}

/** To the leaders as they are now. */
async function startTraffic(
  at: Place,
): Promise<{ readonly written: () => number; readonly stop: () => Promise<void> }> {
  const view = await kafkaView(brokersOf(at), never);
  const led = view?.topics.find(({ name }) => name === "orders")?.partitions ?? [];
  const values = Array.from({ length: batch.records }, () => Buffer.alloc(batch.bytes, "x"));
  let [sent, written] = [0, 0];
  let turn = Promise.resolve();
  const write = async (): Promise<void> => {
    const one = led[sent % led.length];
    const address = brokersOf(at)[(one?.leader ?? 1) - 1];
    sent += 1;
    if (one === undefined || address === undefined) throw new Error("no leader");
    const bytes = encodeBatch(values, { id: -1n, epoch: -1 }, -1, BigInt(Date.now()));
    const { error } = await withBroker(address, never, 5000, (ask) =>
      ask(produce("orders", one.partition, bytes, 5000)),
    );
    expect(error).toBe(0);
    written += values.length;
  };
  const feeding = setInterval(() => {
    turn = turn.then(write);
  }, batch.everyMs);
  const stop = async (): Promise<void> => {
    clearInterval(feeding);
    await turn;
  };
  onTestFinished(() => clearInterval(feeding));
  return { written: () => written, stop };
}
