/** What the lag is asked of: records in every partition, and groups that have read a part of them. */
import { encodeBatch } from "../../src/kafka/canary/batch.ts";
import { unmapped, type Address } from "../../src/kafka/address.ts";
import { askCoordinator } from "../../src/kafka/ask-coordinator.ts";
import { holdBrokers } from "../../src/kafka/hold-brokers.ts";
import { leadersOf } from "../../src/kafka/lag/leaders.ts";
import { stopwatch } from "../../src/kafka/stopwatch.ts";
import { until } from "../../src/kafka/until.ts";
import { errorName } from "../../src/kafka/wire/error-names.ts";
import { nobodyOf, offsetCommitTopics } from "../../src/kafka/wire/offset-commit.ts";
import { produce } from "../../src/kafka/wire/produce.ts";

const never = new AbortController().signal;
const recordsEach = 10;
const readEach = 7;
const waitMs = 60_000;

export type Load = { readonly topics: readonly string[]; readonly groups: number };

/** Every group has read seven of the ten records of each partition of one topic. @returns the lag of all groups together */
export async function load(bootstrap: Address, { topics, groups }: Load): Promise<number> {
  const partitions = await holdBrokers(never, waitMs, async (askAt) => {
    const leaders = await leadersOf(topics, bootstrap, askAt);
    const values = Array.from({ length: recordsEach }, () => Buffer.alloc(100, "x"));
    const batch = encodeBatch(values, { id: -1n, epoch: -1 }, -1, BigInt(Date.now()));
    for (const [topic, led] of leaders) {
      const written = [...led].map(async ([partition, leader]) => {
        if (leader === null) throw new Error(`${topic}-${partition} has no leader`);
        // A broker that has just become a partition's leader may not know it yet.
        await until(`a record in ${topic}-${partition}`, waitMs / 1000, never, async () => {
          const { error } = await askAt(leader, produce(topic, partition, batch, waitMs));
          return error === 0 ? { done: true } : { still: errorName(error) };
        });
      });
      await Promise.all(written);
    }
    return leaders;
  });
  const coordinators = new Map<string, Address>();
  const options = {
    bootstrap: [bootstrap],
    map: unmapped,
    signal: never,
    seconds: 60,
    coordinators,
    waits: stopwatch(),
  };
  let lag = 0;
  for (let index = 0; index < groups; index += 1) {
    const group = `group-${index}`;
    const topic = topics[index % topics.length] ?? "";
    const offsets = new Map(
      [...(partitions.get(topic)?.keys() ?? [])].map((partition) => [partition, BigInt(readEach)]),
    );
    const message = offsetCommitTopics(nobodyOf(group), new Map([[topic, offsets]]));
    const answer = await askCoordinator(options, group, message, 10_000, (told) => told.map(({ error }) => error));
    if (answer.some(({ error }) => error !== 0)) throw new Error(`the offsets of ${group} were not taken`);
    lag += offsets.size * (recordsEach - readEach);
  }
  return lag;
}
