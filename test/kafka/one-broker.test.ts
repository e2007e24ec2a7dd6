import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { zookeeperMode } from "../../src/kafka/four-letter.ts";
import { startCluster, type TestCluster } from "./support/cluster.ts";
import { never, runSmoke, topicIn } from "./support/smoke.ts";

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

let cluster: TestCluster;

beforeAll(async () => {
  // Defaults that would spoil the proof, were they not overridden on the topic.
  const brokerConfig = {
    "log.message.timestamp.type": "LogAppendTime",
    "compression.type": "gzip",
    "log.cleanup.policy": "compact",
    "min.insync.replicas": "3",
    // Kafka's own default, which kctl lowers on this machine only.
    "group.initial.rebalance.delay.ms": "3000",
  };
  cluster = await startCluster({ size: 1, port: 12481, brokerConfig });
});

afterAll(() => cluster?.stop());

describe("one ZooKeeper server and one broker", () => {
  it("is a standalone ensemble", async () => {
    const [server] = cluster.zookeepers;
    expect(await zookeeperMode(server?.host ?? "", server?.port ?? 0, never)).toBe("standalone");
  });

  it("passes the smoke test with 3 partitions of 1 replica, whatever the broker's defaults", async () => {
    const { result } = await runSmoke(cluster.bootstrap);
    expect(result.faults).toEqual([]);
    expect(result.checks.map(({ detail }) => detail)).toEqual([
      "1 broker answers where it tells clients to come: 1 at 127.0.0.1:19481",
      "test_log has 3 partitions with 1 replica each, all in sync, and every broker leads one at least",
      "60 records to 3 partitions, each confirmed by its leader (acks=1)",
      "324 records to 3 partitions, all confirmed by 1 replica (acks=all)",
      "384 records written, 384 read, each exactly once and byte for byte (key, value, headers, timestamp)",
      "384 numbered records stand in 3 partitions in the order in which they were written",
      "48 keys in 144 records: each lies only in the partition that murmur2, Kafka's default, picks",
      "30 records without a key reached all 3 partitions",
      "all 3 replicas of 3 partitions are in sync, byte for byte the same, and end at the high watermark",
      "not applicable to one broker: it leads all 3 partitions, and has nobody to follow",
      "a group read 191 records, committed, left and came back: it went on at the next one and read the other 193, none twice, none missing",
      "the lag of 384 records was 193 with 191 committed and 0 with 384 committed: in each partition what was written less what was committed",
      "a second group started from the earliest record and read all 384 again",
      "a second member joined and the first left while 384 records were read: each once, in the order of its key, from where the last had committed; a stale commit was refused",
      "test_log is deleted, and no broker lists it any more. Its 3 consumer groups are deleted",
    ]);
    // Two joins of empty groups one after the other, 3 s each: told apart from the smoke test's own work, which takes its time
    // while other tests run beside it (how long it may take where none do, test/e2e/smoke-test.test.ts says).
    expect(result.waited).toBeGreaterThan(5.9);
    expect(result.seconds).toBeGreaterThan(result.waited);
    expect(await topicIn(cluster.bootstrap, "test_log")).toBeNull();
  });
});
