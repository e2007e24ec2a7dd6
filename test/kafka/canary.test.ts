/** The canary over three brokers that die, and over a topic that others meddle with. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { startCanary, type Canary, type CanaryOptions } from "../../src/kafka/canary/canary.ts";
import { faultsOf } from "../../src/fault.ts";
import { until } from "../../src/kafka/until.ts";
import { kafkaView } from "../../src/kafka/view.ts";
import { startCluster, type TestCluster } from "./support/cluster.ts";
import { doubleRecord, loseRecords, writeValue } from "./support/plant.ts";
import { dropTopic, makeTopic, never, topicIn } from "./support/smoke.ts";

// Longer than the waits inside the hooks: one that is cut off by vitest leaves its servers behind.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 240_000 });

const topic = "kctl_canary";
let cluster: TestCluster;
let canary: Canary | null = null;

beforeAll(async () => void (cluster = await startCluster({ size: 3, port: 12_881 })));
afterAll(() => cluster?.stop());
afterEach(async () => {
  await canary?.leave();
  canary = null;
});

async function begin(options: Partial<CanaryOptions> = {}): Promise<Canary> {
  const { bootstrap } = cluster;
  canary = await startCanary({ bootstrap, brokers: 3, lateSeconds: 30, signal: never, timeoutSeconds: 30, ...options });
  return canary;
}

/** What it says once it has found something. */
async function found(flowing: Canary): Promise<string> {
  return until("a fault to be found", 30, never, async () => {
    const faults = await flowing.settle().then(
      () => null,
      (error: unknown) => faultsOf(error),
    );
    if (faults === null) return { still: "none is" };
    expect(faults.map(({ code }) => code)).toEqual(["canary-failed"]);
    return { done: faults[0]?.what ?? "" };
  });
}

const clean = { lost: 0, doubled: 0, reordered: 0, altered: 0, late: 0 };

async function whole(): Promise<void> {
  await until("the cluster to be whole", 40, never, async () => {
    const view = await kafkaView(cluster.bootstrap, never);
    const ok = view?.brokers.length === 3 && view.partitions.underReplicated + view.partitions.offline === 0;
    return ok ? { done: true } : { still: JSON.stringify(view?.partitions) };
  });
}

test("every broker leads a partition, and everything that was confirmed is read; then its topic is gone", async () => {
  const flowing = await begin();
  const seen = await topicIn(cluster.bootstrap, topic);
  expect(seen?.partitions.map(({ leader, replicas }) => [leader, replicas.length])).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
  await until("records", 20, never, async () => {
    await flowing.settle();
    const { confirmed } = flowing.tally();
    return confirmed >= 20_000 ? { done: true } : { still: `${confirmed}` };
  });
  await flowing.finish();
  const { confirmed, read, ...rest } = flowing.tally();
  expect(read).toBe(confirmed);
  expect(rest).toMatchObject(clean);
  await flowing.remove(never);
  expect(await topicIn(cluster.bootstrap, topic)).toBeNull();
});

test("a broker that is killed costs a pause, and no record", async () => {
  const flowing = await begin();
  // On a busy machine the first records may wait for longer than a death makes them.
  const first = flowing.tally().pause;
  flowing.during("death of broker 2");
  await cluster.killBroker(2);
  await flowing.settle();
  await cluster.startBroker(2);
  await flowing.settle();
  await flowing.finish();
  const { confirmed, read, pause, ...rest } = flowing.tally();
  expect(read).toBe(confirmed);
  expect(rest).toMatchObject(clean);
  // Its own partition has no leader, and the others wait for its replicas: either may be the longest.
  expect(pause.during).toBe(pause.ms > first.ms ? "death of broker 2" : null);
  expect(pause.ms).toBeGreaterThan(500);
  await whole();
});

test("what is not confirmed in time is late", async () => {
  const flowing = await begin({ lateSeconds: 1 });
  await cluster.killBroker(2);
  expect(await found(flowing)).toMatch(
    /^the canary stopped it: record \d+ of partition \d.*: late: sent, and not confirmed for \d s$/,
  );
  expect(await topicIn(cluster.bootstrap, topic)).not.toBeNull();
  await cluster.startBroker(2);
  await whole();
});

describe("a planted fault", () => {
  const place = () => ({ bootstrap: cluster.bootstrap, topic, partition: 1 });

  test("records that are deleted before they are read are lost", async () => {
    const flowing = await begin();
    const finding = found(flowing);
    await loseRecords(place(), finding);
    expect(await finding).toMatch(
      /^the canary stopped it: record \d+ of partition 1 \(offset \d+\).*: confirmed and lost: there is nothing of it to be read$/,
    );
    expect(flowing.tally().lost).toBeGreaterThan(0);
  });

  test("a record that is written once more is doubled", async () => {
    const flowing = await begin();
    await doubleRecord(place());
    expect(await found(flowing)).toMatch(
      /^the canary stopped it: record 0 of partition 1 \(offset \d+\): doubled: it stands at another offset as well$/,
    );
    expect(flowing.tally()).toMatchObject({ ...clean, doubled: 1 });
  });

  test("what somebody else writes is not what was sent", async () => {
    const flowing = await begin();
    await writeValue(place(), Buffer.from("kctl-canary, or so it says"));
    expect(await found(flowing)).toMatch(/^the canary stopped it: what stands in partition 1 at offset \d+: altered: /);
  });

  test("a topic that is deleted and made anew has lost what was confirmed", async () => {
    const flowing = await begin();
    await dropTopic(cluster.bootstrap, topic);
    await makeTopic(cluster.bootstrap, topic, { partitions: 3, replicas: 3 });
    expect(await found(flowing)).toMatch(/: confirmed and lost: /);
    await flowing.leave();
    await dropTopic(cluster.bootstrap, topic);
  });
});

test("what an earlier canary left is removed", async () => {
  const earlier = await begin();
  await earlier.leave();
  const seen = await topicIn(cluster.bootstrap, topic);
  expect(seen).not.toBeNull();
  const later = await begin();
  await later.finish();
  await later.remove(never);
  expect(await topicIn(cluster.bootstrap, topic)).toBeNull();
});

test("a topic of that name that is somebody's is left alone", async () => {
  await makeTopic(cluster.bootstrap, topic, { partitions: 3, replicas: 3 });
  const error = await begin().catch((thrown: unknown) => thrown);
  const [fault] = faultsOf(error);
  expect(fault?.code).toBe("topic-in-use");
  expect(fault?.what).toMatch(/^kctl_canary exists with settings that are not the canary's \(/);
  expect(await topicIn(cluster.bootstrap, topic)).not.toBeNull();
  await dropTopic(cluster.bootstrap, topic);
});
