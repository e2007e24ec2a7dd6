/** Reads one partition from its beginning, at its leader, and hands each record to the account. */
import type { Bench } from "../smoke-test/bench.ts";
import { errorName } from "../wire/error-names.ts";
import type { Ask } from "../wire/exchange.ts";
import { fetchPartition } from "../wire/fetch.ts";
import { listOffsets } from "../wire/list-offsets.ts";
import type { Account } from "./account.ts";
import { decodeBatches } from "./batch.ts";
import type { Clock } from "./clock.ts";
import { atLeader, mustBeFine } from "./follow.ts";
import { numberOf } from "./record.ts";

export type Reader = {
  readonly bench: Bench;
  readonly run: string;
  readonly account: Account;
  readonly clock: Clock;
};

/** How long a broker waits for records before it answers that there are none. */
const waitMs = 500;

/** Ends only by the signal. */
export async function readPartition(reader: Reader, partition: number, signal: AbortSignal): Promise<void> {
  const { bench, run, account, clock } = reader;
  let position = 0n;
  const take = (batches: Buffer): void => {
    const at = clock.now();
    for (const { offset, value } of decodeBatches(batches)) {
      if (offset < position) continue;
      account.read(partition, offset, value === null ? null : numberOf(run, partition, value), at);
    }
  };
  await atLeader(bench, partition, signal, async (ask) => {
    for (;;) {
      const { error, batches, next } = await ask(fetchPartition(bench.topic.name, partition, position, waitMs));
      if (errorName(error) === "OFFSET_OUT_OF_RANGE") {
        position = await intoRange(reader, partition, position, ask);
        continue;
      }
      mustBeFine(error, `read partition ${partition} at offset ${position}`);
      take(batches);
      position = next ?? position;
    }
  });
}

/** Where to go on once there is nothing at the position any more: what is gone is told to the account. */
async function intoRange({ bench, account }: Reader, partition: number, position: bigint, ask: Ask): Promise<bigint> {
  const edge = async (which: "earliest" | "latest"): Promise<bigint> => {
    const [answer] = await ask(listOffsets("consumer", bench.topic.name, [partition], which));
    mustBeFine(answer?.error ?? 0, `ask where partition ${partition} begins and ends`);
    return answer?.offset ?? 0n;
  };
  const [first, end] = [await edge("earliest"), await edge("latest")];
  if (first > position) {
    account.deletedTo(partition, first);
    return first;
  }
  // Its leader itself has less than was read from it: it was elected without having it all.
  if (end < position) account.endsAt(partition, end, position);
  return end < position ? end : position;
}
