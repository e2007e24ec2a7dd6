/** Plants faults into a topic that somebody writes to and reads, by what Kafka offers to anybody. */
import { setTimeout as delay } from "node:timers/promises";
import type { Address } from "../../../src/kafka/address.ts";
import { decodeBatches } from "../../../src/kafka/canary/batch.ts";
import { withAdmin, withProducer } from "../../../src/kafka/connect.ts";
import { until } from "../../../src/kafka/until.ts";
import { withBroker } from "../../../src/kafka/wire/exchange.ts";
import { fetchPartition } from "../../../src/kafka/wire/fetch.ts";
import { never } from "./smoke.ts";

type Place = { readonly bootstrap: readonly Address[]; readonly topic: string; readonly partition: number };

const patient = { timeoutMs: 5000, retries: 5 };

/** A consumer that gets less than is written falls behind, and what is deleted before it comes is lost to it. */
export async function loseRecords({ bootstrap, topic, partition }: Place, over: Promise<unknown>): Promise<void> {
  const quota = async (bytesPerSecond: number | null): Promise<void> => {
    const key = "consumer_byte_rate" as const;
    const op =
      bytesPerSecond === null ? { key, remove: true as const } : { key, value: bytesPerSecond, remove: false as const };
    const entities = [{ entityType: "client-id" as const, entityName: "kctl" }];
    await withAdmin({ bootstrap, ...patient }, never, (admin) =>
      admin.alterClientQuotas({ entries: [{ entities, ops: [op] }] }),
    );
  };
  const ended = new AbortController();
  const end = (): void => ended.abort();
  const theEnd = over.then(end, end);
  await quota(20_000);
  while (!ended.signal.aborted) {
    await withAdmin({ bootstrap, ...patient }, never, (admin) =>
      admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition, offset: -1n }] }] }),
    ).catch(() => undefined); // Its leader is just being restarted.
    await Promise.race([theEnd, delay(200)]);
  }
  await quota(null);
}

/** Writes this value into the partition, as any other producer does. */
export async function writeValue({ bootstrap, topic, partition }: Place, value: Buffer): Promise<void> {
  await withProducer({ bootstrap, ...patient, idempotent: true }, never, (producer) =>
    producer.send({ messages: [{ topic, partition, value }] }),
  );
}

/** Writes the first record of the partition once more. */
export async function doubleRecord(place: Place): Promise<void> {
  await writeValue(place, await firstValue(place));
}

async function firstValue({ bootstrap, topic, partition }: Place): Promise<Buffer> {
  return until(`a record in ${topic}-${partition}`, 20, never, async () => {
    const asked = bootstrap.map((at) =>
      withBroker(at, never, 3000, (ask) => ask(fetchPartition(topic, partition, 0n, 100))),
    );
    const fetched = (await Promise.allSettled(asked)).flatMap((one) =>
      one.status === "fulfilled" ? [...decodeBatches(one.value.batches)] : [],
    );
    const value = fetched.find(({ offset }) => offset === 0n)?.value ?? null;
    return value === null ? { still: "there is none" } : { done: Buffer.from(value) };
  });
}
