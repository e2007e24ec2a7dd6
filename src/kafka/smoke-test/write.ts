/** Writes records partition by partition and keeps what Kafka confirmed. */
import type { Producer } from "@platformatic/kafka";
import { KctlError } from "../../fault.ts";
import { withProducer } from "../connect.ts";
import { libraryFault } from "../library-error.ts";
import { within } from "../until.ts";
import { requestMs, type Bench } from "./bench.ts";
import { checkFailed } from "./failure.ts";
import type { SmokeRecord } from "./records.ts";
import { topicName } from "./topic.ts";

export type Confirmed = { readonly record: SmokeRecord; readonly offset: bigint };

const recordsPerBatch = 25;

/**
 * `acks: 1` is sent once: a record whose answer is lost may be there or not, and nobody can tell. `acks: "all"` goes through an
 * idempotent producer that retries until the deadline, so the death of a leader is survived without loss or double.
 */
export async function writeRecords(
  bench: Bench,
  records: readonly SmokeRecord[],
  acks: 1 | "all",
  alreadyThere: readonly Confirmed[],
): Promise<readonly Confirmed[]> {
  const retries = acks === 1 ? 0 : bench.seconds * 5;
  const { bootstrap, map } = bench;
  const what = `${records.length} records to be confirmed with acks=${acks}`;
  return within(what, bench.seconds, bench.signal, (signal) =>
    withProducer(
      { bootstrap, map, timeoutMs: requestMs(bench), retries, idempotent: acks === "all" },
      signal,
      async (producer) => {
        const byPartition = Map.groupBy(records, ({ partition }) => partition);
        const written = await Promise.all(
          [...byPartition].map(([partition, list]) => {
            const before = alreadyThere.filter(({ record }) => record.partition === partition).length;
            return writePartition(producer, partition, list, acks, BigInt(before));
          }),
        );
        return written.flat();
      },
    ),
  );
}

/**
 * One send a partition and batch, in turn. Not one for all: the library sends what several partitions of one broker failed to
 * take to the new leader of the first of them only.
 */
async function writePartition(
  producer: Producer,
  partition: number,
  records: readonly SmokeRecord[],
  acks: 1 | "all",
  firstOffset: bigint,
): Promise<readonly Confirmed[]> {
  const confirmed: Confirmed[] = [];
  for (let at = 0; at < records.length; at += recordsPerBatch) {
    const batch = records.slice(at, at + recordsPerBatch);
    const expected = firstOffset + BigInt(at);
    const offset = await send(producer, partition, batch, acks);
    const why = misplaced(partition, offset, expected);
    if (why !== null) throw checkFailed(why);
    confirmed.push(...batch.map((record, index) => ({ record, offset: offset + BigInt(index) })));
  }
  return confirmed;
}

/** Why Kafka cannot rightly have given this offset; null where it is the next one. */
export function misplaced(partition: number, offset: bigint, expected: bigint): string | null {
  if (offset === expected) return null;
  const where = `partition ${partition} gave offset ${offset} where ${expected} was next`;
  return offset < expected
    ? `${where}: ${expected - offset} records that were confirmed before are gone; a leader that dies takes along what it alone had confirmed (acks=1)`
    : `${where}: somebody else writes to ${topicName}, or a record was written twice`;
}

/** The offset of the first of the batch. */
async function send(
  producer: Producer,
  partition: number,
  batch: readonly SmokeRecord[],
  acks: 1 | "all",
): Promise<bigint> {
  const messages = batch.map(({ key, value, headers, timestamp }) => ({
    topic: topicName,
    partition,
    value,
    timestamp,
    headers: new Map(headers.map(([name, bytes]) => [Buffer.from(name), bytes])),
    ...(key === null ? {} : { key }),
  }));
  const doing = `write ${batch.length} records to partition ${partition} with acks=${acks}`;
  const result = await producer.send({ messages, acks: acks === 1 ? 1 : -1 }).catch((error: unknown) => {
    throw new KctlError(libraryFault(doing, error), { cause: error });
  });
  const offset = result.offsets?.find((one) => one.partition === partition)?.offset;
  if (offset === undefined)
    throw checkFailed(`partition ${partition} confirmed ${batch.length} records without an offset`);
  return offset;
}
