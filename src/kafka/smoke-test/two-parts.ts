/** A consumer group reads the first half, commits, leaves, comes back, and reads the rest: what it saw, for verify-groups.ts. */
import { consume, offsetsOf } from "./consume.ts";
import { commit, committedOffsets, enter, leave, type Group, type Member } from "./group.ts";
import type { ReadRecord } from "./read.ts";

export type Offsets = ReadonlyMap<number, bigint>;

/** Null: the group has committed none. */
export type Committed = ReadonlyMap<number, bigint | null>;

/** What a partition held and a group had committed of it at one moment. */
export type LagSeen = { readonly ends: Offsets; readonly committed: Committed };

export type Part = {
  /** What the group had committed when it began. */
  readonly found: Committed;
  readonly records: readonly ReadRecord[];
  /** What it committed at the end. */
  readonly committed: Offsets;
  readonly lagAfter: LagSeen;
};

/** The second part's member is another one: it knows only what Kafka kept. */
export async function readInTwoParts(group: Group, ends: Offsets): Promise<readonly [Part, Part]> {
  const halves = new Map([...ends].map(([partition, end]) => [partition, end / 2n]));
  return [await readUpTo(group, halves), await readUpTo(group, ends)];
}

/** From what the group has committed, else from the earliest; as a newcomer, or as the member of this id. */
export async function readUpTo(group: Group, to: Offsets, memberId = ""): Promise<Part> {
  const member = await enter(group, memberId);
  const found = await committedOffsets(group);
  const earliest = await offsetsOf(group.bench, "earliest");
  const from = new Map([...found].map(([partition, offset]) => [partition, offset ?? earliest.get(partition) ?? 0n]));
  const records = await consumeAll(group, member, from, to);
  await commit(group, member, to);
  const lagAfter = {
    ends: await offsetsOf(group.bench, "latest"),
    committed: await committedOffsets(group),
  };
  await leave(group, member);
  return { found, records, committed: to, lagAfter };
}

/** All partitions that the member was given, side by side. */
async function consumeAll({ bench }: Group, { assigned }: Member, from: Offsets, to: Offsets) {
  const read = assigned.map((partition) =>
    consume(bench, partition, from.get(partition) ?? 0n, to.get(partition) ?? 0n),
  );
  return (await Promise.all(read)).flat();
}
