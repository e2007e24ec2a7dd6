/** Kafka's topic of committed offsets, as a program needs it that reads it: made, and every partition of it with a leader that serves. */
import type { Address } from "./address.ts";
import { askBrokers } from "./ask-brokers.ts";
import { findCoordinator } from "./wire/find-coordinator.ts";
import { listOffsets } from "./wire/list-offsets.ts";
import { metadata } from "./wire/metadata.ts";
import { withBroker } from "./wire/exchange.ts";

const topic = "__consumer_offsets";
const timeoutMs = 2000;

/** For polling. Who asks for a group's coordinator makes the topic, where nobody has before. Throws only when aborted. */
export async function offsetsTopicServes(
  brokers: readonly (Address & { readonly id: number })[],
  group: string,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await askBrokers(brokers, findCoordinator(group), signal, timeoutMs, ({ error }) => error === 0);
  if (found?.error !== 0) return false;
  const seen = await askBrokers(brokers, metadata([topic]), signal, timeoutMs, ({ topics }) => topics[0]?.error === 0);
  const partitions = seen?.topics[0]?.partitions ?? [];
  const led = brokers.map((broker) => ({ broker, its: partitions.filter(({ leader }) => leader === broker.id) }));
  if (partitions.length === 0 || led.reduce((sum, { its }) => sum + its.length, 0) < partitions.length) return false;
  // A broker learns that it leads a partition only after others tell of it.
  const serving = await Promise.all(
    led.map(async ({ broker, its }) => {
      if (its.length === 0) return true;
      const ofThem = its.map(({ partition }) => partition);
      try {
        const message = listOffsets("consumer", topic, ofThem, "latest");
        const ends = await withBroker(broker, signal, timeoutMs, (ask) => ask(message));
        return ends.every(({ error }) => error === 0);
      } catch {
        signal.throwIfAborted();
        return false;
      }
    }),
  );
  return serving.every(Boolean);
}
