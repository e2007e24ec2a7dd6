/**
 * Writes numbered records to one partition at a steady rate, as a stock idempotent producer with acks=all does: a batch that was
 * not confirmed is sent again, to whoever leads by then, the very same bytes with the very same sequence number, until it is. What
 * was due meanwhile goes in the batches after it.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Bench } from "../smoke-test/bench.ts";
import { produce } from "../wire/produce.ts";
import type { Account } from "./account.ts";
import type { ProducerId as Producer } from "../records/batch-builder.ts";
import { encodeBatch } from "./batch.ts";
import type { Clock } from "./clock.ts";
import { atLeader, mustBeFine, requestMs } from "./follow.ts";
import { valueOf } from "./record.ts";

export type Writer = {
  readonly bench: Bench;
  readonly run: string;
  readonly producer: Producer;
  readonly account: Account;
  readonly clock: Clock;
  readonly partitions: number;
  /** No batch is begun any more; what is under way is seen through. */
  readonly stopping: AbortSignal;
};

/** All partitions together: a roll of three brokers, of ten seconds on a quiet machine, sees 200,000. */
const recordsPerSecond = 20_000;
/** For every six partitions: more of them are asked less often each. */
const lingerMs = 25;
/** Over a slow line the reader would fall behind, and what is late is to be Kafka's fault. */
const mostBehind = 30_000;
/** About 150 KiB. */
const mostInBatch = 2000;
/** Kafka says by then that it has no confirmation yet; its answer must be there before the connection is given up. */
const confirmMs = requestMs - 1000;

/** Sequence numbers go round. */
const sequences = 2 ** 31;

export async function writePartition(writer: Writer, partition: number, signal: AbortSignal): Promise<void> {
  const { bench, run, producer, account, clock, partitions, stopping } = writer;
  const rate = recordsPerSecond / partitions / 1000;
  const linger = lingerMs * Math.ceil(partitions / 6);
  const begun = clock.now();
  let sent = 0;
  let underWay: { readonly bytes: Buffer; readonly count: number } | null = null;
  const next = async (): Promise<{ bytes: Buffer; count: number } | null> => {
    do await delay(linger, undefined, { signal: stopping }).catch(() => undefined);
    while (account.behind(partition) > mostBehind && !stopping.aborted);
    const due = Math.floor((clock.now() - begun) * rate) - sent;
    const count = stopping.aborted ? 0 : Math.min(Math.max(due, 1), mostInBatch);
    if (count === 0) return null;
    const values = Array.from({ length: count }, (_, index) => valueOf(run, partition, sent + index));
    const bytes = encodeBatch(values, producer, sent % sequences, BigInt(Date.now()));
    sent += count;
    account.sent(partition, count, clock.now());
    return { bytes, count };
  };
  await atLeader(bench, partition, signal, async (ask) => {
    for (;;) {
      underWay ??= await next();
      if (underWay === null) return;
      const { error, offset } = await ask(produce(bench.topic.name, partition, underWay.bytes, confirmMs));
      // What is there already, from an attempt whose answer was lost, is confirmed with the offset that it has.
      mustBeFine(error, `write record ${sent - underWay.count} to partition ${partition}`);
      account.confirmed(partition, offset, clock.now());
      underWay = null;
    }
  });
}
