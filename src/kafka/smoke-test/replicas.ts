/** The check `replicas-in-sync`: each replica holds all that was confirmed, and the very same bytes. */
import { until } from "../until.ts";
import { unreachableWhy } from "../wire/exchange.ts";
import { listOffsets } from "../wire/list-offsets.ts";
import { askBroker, brokerOf, type Bench } from "./bench.ts";
import { checkFailed } from "./failure.ts";
import { lacking } from "./partitions.ts";
import { readPartition, type ReadPartition } from "./read.ts";
import { topicName, type Assignment } from "./topic.ts";

/** A follower that just fell behind may catch up; one that is gone does not within this time. */
const longestSeconds = 10;

export async function replicasInSync(
  bench: Bench,
  layout: readonly Assignment[],
  read: ReadonlyMap<number, ReadPartition>,
  ends: ReadonlyMap<number, bigint>,
): Promise<string> {
  const patient = { ...bench, seconds: Math.min(bench.seconds, longestSeconds) };
  await until("every replica to be in sync in every broker's view", patient.seconds, bench.signal, async () => {
    const missing = await Promise.all(bench.brokers.map((broker) => lacking(bench, broker, layout, "any")));
    const first = missing.find((why) => why !== null);
    return first === undefined ? { done: true } : { still: first ?? "" };
  });
  for (const [partition, { highWatermark }] of read) {
    const end = ends.get(partition) ?? 0n;
    if (highWatermark !== end) {
      throw checkFailed(`partition ${partition} ends at offset ${end} and its high watermark is ${highWatermark}`);
    }
  }
  await Promise.all(bench.brokers.map(({ id }) => logEnds(patient, id, layout, ends)));
  const copies = await Promise.all(layout.map((assignment) => sameCopies(patient, assignment, read, ends)));
  const total = copies.reduce((sum, count) => sum + count, 0);
  return `all ${total} replicas of ${layout.length} partitions are in sync, byte for byte the same, and end at the high watermark`;
}

/** The end of the copies that one broker keeps, as it says itself. */
async function logEnds(
  bench: Bench,
  brokerId: number,
  layout: readonly Assignment[],
  ends: ReadonlyMap<number, bigint>,
): Promise<void> {
  const broker = brokerOf(bench, brokerId);
  const partitions = layout.filter(({ brokers }) => brokers.includes(brokerId)).map(({ partition }) => partition);
  if (broker === undefined || partitions.length === 0) return;
  const what = `broker ${brokerId}'s replicas to hold every record`;
  await until(what, bench.seconds, bench.signal, async () => {
    try {
      const seen = await askBroker(bench, broker.at, listOffsets("replica", topicName, partitions, "latest"));
      const behind = seen.find(({ partition, error, offset }) => error !== 0 || offset !== ends.get(partition));
      if (behind === undefined) return { done: true };
      const { partition, error, offset } = behind;
      return {
        still: error === 0 ? `partition ${partition} ends at ${offset}` : `partition ${partition}: error ${error}`,
      };
    } catch (error) {
      bench.signal.throwIfAborted();
      return { still: unreachableWhy(error) };
    }
  });
}

/** Reads the followers' copies and compares them with what the leader gave; how many copies there are. */
async function sameCopies(
  bench: Bench,
  { partition, brokers }: Assignment,
  read: ReadonlyMap<number, ReadPartition>,
  ends: ReadonlyMap<number, bigint>,
): Promise<number> {
  const wanted = read.get(partition)?.bytes ?? Buffer.alloc(0);
  await Promise.all(
    brokers.map(async (id) => {
      const broker = brokerOf(bench, id);
      if (broker === undefined) return;
      const { bytes } = await readPartition(bench, broker, partition, 0n, ends.get(partition) ?? 0n);
      if (!bytes.equals(wanted))
        throw checkFailed(`partition ${partition} differs between broker ${id} and its leader`);
    }),
  );
  return brokers.length;
}
