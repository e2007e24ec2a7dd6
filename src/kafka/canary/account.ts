/** Compares what Kafka confirmed with what a consumer read, over all partitions: the first fault, the counts, the longest pause. */
import type { Finding } from "./finding.ts";
import { partitionAccount, type Counts, type PartitionAccount } from "./partition-account.ts";

/** The longest time in which a partition confirmed nothing, though something was under way. */
export type Pause = { readonly ms: number; readonly partition: number | null; readonly during: string | null };

export type Tally = Counts & { readonly pause: Pause };

/** Of each partition: see there. */
export type Account = {
  sent(partition: number, count: number, at: number): void;
  confirmed(partition: number, offset: bigint, at: number): void;
  read(partition: number, offset: bigint, number: number | null, at: number): void;
  deletedTo(partition: number, offset: bigint): void;
  endsAt(partition: number, offset: bigint, position: bigint): void;
  behind(partition: number): number;
  /** From now on this is going on; null: nothing is. */
  during(what: string | null): void;
  /** The first thing that went wrong; null: nothing has. */
  finding(at: number): Finding | null;
  /** Asks whether all that has been sent up to now is confirmed, and read. */
  mark(): () => boolean;
  tally(at: number): Tally;
};

export function account(partitions: number, lateMs: number): Account {
  let first: Finding | null = null;
  let pause: Pause = { ms: 0, partition: null, during: null };
  let now: string | null = null;
  const all = Array.from({ length: partitions }, (_, partition) =>
    partitionAccount(lateMs, (found) => (first ??= { ...found, partition, during: now })),
  );
  const of = (partition: number): PartitionAccount => {
    const found = all[partition];
    if (found === undefined) throw new RangeError(`there is no partition ${partition}`);
    return found;
  };
  const judgePause = (partition: number, at: number): void => {
    const ms = of(partition).pause(at);
    if (ms > pause.ms) pause = { ms, partition, during: now };
  };
  return {
    sent: (partition, count, at) => of(partition).sent(count, at),
    confirmed: (partition, offset, at) => {
      judgePause(partition, at);
      of(partition).confirmed(offset, at);
    },
    read: (partition, offset, number, at) => of(partition).read(offset, number, at),
    deletedTo: (partition, offset) => of(partition).deletedTo(offset),
    endsAt: (partition, offset, position) => of(partition).endsAt(offset, position),
    behind: (partition) => of(partition).behind(),
    during: (what) => {
      now = what;
    },
    finding: (at) => {
      for (const partition of all) if (first === null) partition.look(at);
      return first;
    },
    mark: () => {
      const marks = all.map((partition) => partition.mark());
      return () => marks.every((reached) => reached());
    },
    tally: (at) => {
      for (const partition of all.keys()) judgePause(partition, at);
      return { ...sum(all.map((partition) => partition.counts())), pause };
    },
  };
}

function sum(counts: readonly Counts[]): Counts {
  const of = (name: keyof Counts): number => counts.reduce((total, one) => total + one[name], 0);
  return {
    confirmed: of("confirmed"),
    read: of("read"),
    lost: of("lost"),
    doubled: of("doubled"),
    reordered: of("reordered"),
    altered: of("altered"),
    late: of("late"),
  };
}
