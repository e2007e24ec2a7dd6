/** Compares what consumer groups saw with what was written: pure, each a check of its own that gives its sentence or throws. */
import { errorName } from "../wire/error-names.ts";
import { checkFailed } from "./failure.ts";
import type { ReadRecord } from "./read.ts";
import type { RebalanceSeen, Turn } from "./rebalance.ts";
import type { Committed, Offsets, Part } from "./two-parts.ts";
import { numberOf, place, readBack } from "./verify.ts";
import type { Confirmed } from "./write.ts";

/** Kafka's answers to a commit by who is not (or no longer) of the group's generation. */
const fenced: ReadonlySet<number> = new Set([22, 25]);

/** The committed offset is where the group went on: nothing twice, nothing missing. */
export function resumed(run: string, written: readonly Confirmed[], [first, second]: readonly [Part, Part]): string {
  nothingCommitted(first.found);
  for (const [partition, committed] of first.committed) {
    const found = second.found.get(partition) ?? null;
    if (found !== committed) {
      throw checkFailed(
        `in partition ${partition} the group committed offset ${committed}, and when it came back ${found === null ? "there was none" : `it was ${found}`}`,
      );
    }
    const next = firstOf(second.records, partition);
    if (next !== null && next.offset !== committed)
      throw checkFailed(
        `in partition ${partition} the group committed offset ${committed} and went on at offset ${next.offset}`,
      );
  }
  readBack(run, written, [...first.records, ...second.records]);
  return `a group read ${first.records.length} records, committed, left and came back: it went on at the next one and read the other ${second.records.length}, none twice, none missing`;
}

type Known = { readonly ends: Offsets; readonly committed: Offsets };

/** Lag as it is computed from Kafka's answers is what was written less what was committed, in every partition. */
export function lagCounted(ends: Offsets, parts: readonly Part[]): string {
  const lags = parts.map(({ committed, lagAfter }) => {
    const known: Known = { ends, committed };
    return [...ends.keys()].reduce((sum, partition) => sum + lagOf(partition, known, lagAfter), 0n);
  });
  const produced = total(ends);
  const told = parts.map(({ committed }, at) => `${lags[at] ?? 0n} with ${total(committed)} committed`);
  return `the lag of ${produced} records was ${told.join(" and ")}: in each partition what was written less what was committed`;
}

function lagOf(
  partition: number,
  known: Known,
  seen: { readonly ends: Offsets; readonly committed: Committed },
): bigint {
  const [end, written] = [seen.ends.get(partition) ?? null, known.ends.get(partition) ?? 0n];
  const [committed, told] = [seen.committed.get(partition) ?? null, known.committed.get(partition) ?? 0n];
  const wanted = written - told;
  if (end === null || committed === null)
    throw checkFailed(
      `partition ${partition} has no ${end === null ? "end" : "committed offset"} to count its lag from`,
    );
  if (end - committed === wanted && end === written) return end - committed;
  throw checkFailed(
    `partition ${partition} has a lag of ${end - committed} (end ${end}, committed ${committed}) where ${written} records written less ${told} committed are ${wanted}`,
  );
}

/** A group of its own, which has committed nothing, begins with the earliest record, whatever others have committed. */
export function allReadAgain(run: string, written: readonly Confirmed[], { found, records }: Part): string {
  nothingCommitted(found);
  readBack(run, written, records);
  return `a second group started from the earliest record and read all ${records.length} again`;
}

/** Each record was read by one member, once, and in its order; each went on where the one before had committed. */
export function orderOverRebalance(
  run: string,
  written: readonly Confirmed[],
  { turns, staleErrors }: RebalanceSeen,
  ends: Offsets,
): string {
  const generations = [...Map.groupBy(turns, ({ generation }) => generation).values()];
  for (const generation of generations) oneOwnerEach(generation, [...ends.keys()]);
  const members = generations.map((generation) => new Set(generation.map(({ memberId }) => memberId)).size);
  if (members.join() !== "1,2,1")
    throw checkFailed(`1, then 2, then 1 member should have had partitions, and it was ${members.join(", then ")}`);
  for (const [partition, end] of ends)
    wentOn(
      turns.filter((turn) => turn.partition === partition),
      end,
    );
  const records = turns.flatMap((turn) => turn.records);
  keysInOrder(records);
  readBack(run, written, records);
  const taken = staleErrors.find((error) => !fenced.has(error));
  if (taken !== undefined || staleErrors.length === 0)
    throw checkFailed(
      `a commit of a generation that was over got the answer ${errorName(taken ?? 0)}: it should be refused`,
    );
  return `a second member joined and the first left while ${records.length} records were read: each once, in the order of its key, from where the last had committed; a stale commit was refused`;
}

function oneOwnerEach(turns: readonly Turn[], partitions: readonly number[]): void {
  for (const partition of partitions) {
    const owners = turns.filter((turn) => turn.partition === partition);
    if (owners.length === 1) continue;
    const generation = turns[0]?.generation ?? 0;
    throw checkFailed(`in generation ${generation} partition ${partition} had ${owners.length} members that read it`);
  }
}

/** The turns of one partition, in the order of time. */
function wentOn(turns: readonly Turn[], end: bigint): void {
  let committed: bigint | null = null;
  for (const { partition, generation, found, records, ...turn } of turns) {
    const where = `in generation ${generation} partition ${partition}`;
    if (found !== committed)
      throw checkFailed(
        `${where} went on at offset ${found ?? "none"}, and ${committed ?? "none"} was committed before`,
      );
    let next: bigint = committed ?? 0n;
    for (const { offset } of records) {
      if (offset !== next) throw checkFailed(`${where} gave offset ${offset} where ${next} was next`);
      next += 1n;
    }
    if (next !== turn.committed)
      throw checkFailed(`${where} was committed up to offset ${turn.committed}, and read up to ${next}`);
    ({ committed } = turn);
  }
  if (committed !== end)
    throw checkFailed(`partition ${turns[0]?.partition ?? "?"} was read up to offset ${committed ?? 0n} of ${end}`);
}

/** Of each key, in the order in which the members got them. */
function keysInOrder(records: readonly ReadRecord[]): void {
  const last = new Map<string, ReadRecord>();
  for (const record of records) {
    if (record.key === null) continue;
    const before = last.get(record.key.toString("hex"));
    if (before !== undefined && numberOf(before) >= numberOf(record)) {
      throw checkFailed(
        `of the key ${JSON.stringify(record.key.toString())}, record ${numberOf(record)} (${place(record)}) came after record ${numberOf(before)}, which was written later`,
      );
    }
    last.set(record.key.toString("hex"), record);
  }
}

function nothingCommitted(found: Committed): void {
  for (const [partition, offset] of found) {
    if (offset !== null)
      throw checkFailed(`a group that is new has offset ${offset} committed in partition ${partition}`);
  }
}

function firstOf(records: readonly ReadRecord[], partition: number): ReadRecord | null {
  const own = records.filter((record) => record.partition === partition);
  return own.toSorted((a, b) => (a.offset < b.offset ? -1 : 1))[0] ?? null;
}

function total(offsets: Offsets): bigint {
  return [...offsets.values()].reduce((sum, offset) => sum + offset, 0n);
}
