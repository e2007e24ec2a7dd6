/** Reads records as a consumer does: from an offset on, from whoever leads the partition just then. */
import { until, type Look } from "../until.ts";
import { listOffsets } from "../wire/list-offsets.ts";
import { askBroker, type Bench, type BrokerAt } from "./bench.ts";
import { leadersNow } from "./partitions.ts";
import { decode, fetchOnce, type Chunk, type ReadRecord } from "./read.ts";
import { topicName } from "./topic.ts";

/** The records from `from` to before `to`. Kafka hands over whole batches: what lies before `from` is dropped, as consumers do. */
export async function consume(
  bench: Bench,
  partition: number,
  from: bigint,
  to: bigint,
): Promise<readonly ReadRecord[]> {
  const what = `partition ${partition} to be readable up to offset ${to}`;
  const records: ReadRecord[] = [];
  let leader: BrokerAt | null = null;
  for (let offset = from; offset < to;) {
    const { bytes, next } = await until(what, bench.seconds, bench.signal, async (): Promise<Look<Chunk>> => {
      const leaders: ReadonlyMap<number, BrokerAt> | string = leader === null ? await leadersNow(bench) : new Map();
      if (typeof leaders === "string") return { still: leaders };
      leader ??= leaders.get(partition) ?? null;
      if (leader === null) return { still: "it has no leader" };
      const seen = await fetchOnce(bench, leader, partition, offset);
      if ("still" in seen) leader = null;
      return seen;
    });
    records.push(...(await decode(partition, bytes)));
    offset = next;
  }
  return records.filter(({ offset }) => offset >= from && offset < to);
}

/** The first or the next offset of each partition, as its leader tells consumers. */
export async function offsetsOf(bench: Bench, which: "earliest" | "latest"): Promise<ReadonlyMap<number, bigint>> {
  return until(`the ${which} offsets of ${topicName}`, bench.seconds, bench.signal, async () => {
    const leaders = await leadersNow(bench);
    if (typeof leaders === "string") return { still: leaders };
    const asked = [...leaders].map(async ([partition, { at }]) => {
      const [seen] = await askBroker(bench, at, listOffsets("consumer", topicName, [partition], which));
      return [partition, seen?.error === 0 ? seen.offset : null] as const;
    });
    const seen = await Promise.all(asked);
    const lacking = seen.find(([, offset]) => offset === null);
    if (lacking !== undefined) return { still: `the leader of partition ${lacking[0]} does not tell` };
    return { done: new Map(seen.map(([partition, offset]) => [partition, offset ?? -1n])) };
  });
}
