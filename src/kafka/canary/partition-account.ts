/**
 * The account of one partition, as it comes and in memory that does not grow with the run. The partition has one writer, which
 * numbers its records from 0 and sends the next batch once the one before is confirmed, and is read in the order of its offsets.
 * So what is read must be 0, 1, 2 and so on:
 * - a number that is passed over is missing: lost once it is confirmed or, if it comes after all, reordered;
 * - a number that has been read before is doubled;
 * - what is no record of this run, or has not been sent yet, is altered;
 * - a batch that is confirmed at an offset that was given before has the place of records that are lost;
 * - a batch that is not confirmed in time, or not read in time once it is, is late.
 * A record that was sent and never confirmed may be there or not: nobody was promised anything.
 */
import type { Finding } from "./finding.ts";

export type Counts = Readonly<
  Record<"confirmed" | "read" | "lost" | "doubled" | "reordered" | "altered" | "late", number>
>;

/** Times are in milliseconds, by a clock that never goes back. */
export type PartitionAccount = {
  sent(count: number, at: number): void;
  /** What was sent last. */
  confirmed(offset: bigint, at: number): void;
  /** @param number null: it is no record of this run */
  read(offset: bigint, number: number | null, at: number): void;
  /** Nothing before this offset can be read any more. */
  deletedTo(offset: bigint): void;
  /** The partition ends here, though it was read up to `position`. */
  endsAt(offset: bigint, position: bigint): void;
  /** Tells of what is missing or late by now. */
  look(at: number): void;
  /** Asks whether all that has been sent up to now is confirmed, and read. */
  mark(): () => boolean;
  /** How many were sent, and are not read yet. */
  behind(): number;
  /** How long nothing has been confirmed, though something is under way. */
  pause(at: number): number;
  counts(): Counts;
};

export type FoundHere = Omit<Finding, "partition" | "during">;

type Batch = { readonly first: number; readonly count: number; readonly at: number; readonly offset: bigint | null };

/** Without `end`. */
type Range = { readonly first: number; readonly end: number };

/** The ranges that are remembered: a run is ended long before there are so many. */
const mostRanges = 1000;

type State = {
  /** The longest that a confirmation or a read may take, in milliseconds. */
  readonly lateMs: number;
  readonly found: (finding: FoundHere) => void;
  readonly counts: Record<Exclude<keyof Counts, "confirmed" | "lost">, number>;
  /** How many were sent: the number of the next. */
  sent: number;
  underWay: Batch | null;
  /** The number after the last that was confirmed, and the offset after it. */
  confirmed: number;
  end: bigint;
  confirmedAt: number;
  /** Confirmed, and not read to the last of them. */
  readonly unread: Batch[];
  /** The number after the highest that was read or passed over. */
  next: number;
  readonly missing: Range[];
  /** Lost for certain: their place is taken, or they have been missing for too long to be remembered one by one. */
  gone: number;
  readonly toldLate: WeakSet<Batch>;
};

export function partitionAccount(lateMs: number, found: State["found"]): PartitionAccount {
  const state: State = {
    lateMs,
    found,
    counts: { read: 0, doubled: 0, reordered: 0, altered: 0, late: 0 },
    sent: 0,
    underWay: null,
    confirmed: 0,
    end: 0n,
    confirmedAt: 0,
    unread: [],
    next: 0,
    missing: [],
    gone: 0,
    toldLate: new WeakSet(),
  };
  return {
    sent: (count, at) => {
      if (state.sent === 0) state.confirmedAt = at;
      state.underWay = { first: state.sent, count, at, offset: null };
      state.sent += count;
    },
    confirmed: (offset, at) => confirm(state, offset, at),
    read: (offset, number, at) => read(state, offset, number, at),
    deletedTo: (offset) => deletedTo(state, offset),
    endsAt: (offset, position) => {
      const known = state.end < position ? state.end : position;
      if (offset >= known) return;
      state.end = offset;
      const how = `the partition, read up to offset ${position}, ends at ${offset}`;
      lose(state, Math.min(Number(known - offset), state.next), state.next, offset, how);
    },
    look: (at) => look(state, at),
    mark: () => {
      const upTo = Math.max(state.sent, 1);
      return () => state.confirmed >= upTo && state.next >= upTo;
    },
    behind: () => state.sent - state.next,
    pause: (at) => (state.underWay === null ? 0 : at - state.confirmedAt),
    counts: () => ({ ...state.counts, confirmed: state.confirmed, lost: lost(state) }),
  };
}

function confirm(state: State, offset: bigint, at: number): void {
  const { underWay, end, confirmed } = state;
  if (underWay === null) throw new RangeError("nothing is under way");
  judgeTime(state, underWay, at);
  const { first, count } = underWay;
  if (offset < end) {
    lose(state, Math.min(Number(end - offset), confirmed), confirmed, offset, `record ${first} was given its offset`);
  }
  state.underWay = null;
  state.confirmed = first + count;
  state.end = offset + BigInt(count);
  state.confirmedAt = at;
  if (state.next < state.confirmed) state.unread.push({ first, count, at, offset });
}

function read(state: State, offset: bigint, number: number | null, at: number): void {
  if (number === null || number >= state.sent) {
    state.counts.altered += 1;
    state.found({ kind: "altered", number: null, offset, count: 1, what: "altered: it is not what was sent" });
    return;
  }
  if (number < state.next) return readBefore(state, number, offset);
  passOver(state, number);
  state.next = number + 1;
  state.counts.read += 1;
  for (const batch of takeRead(state)) judgeTime(state, batch, at);
}

function readBefore({ counts, missing, next, found }: State, number: number, offset: bigint): void {
  if (takeOut(missing, number)) {
    counts.reordered += 1;
    counts.read += 1;
    const what = `reordered: it stands after record ${next - 1}, which was sent later`;
    found({ kind: "reordered", number, offset, count: 1, what });
    return;
  }
  counts.doubled += 1;
  found({ kind: "doubled", number, offset, count: 1, what: "doubled: it stands at another offset as well" });
}

/** The records before this one are not there where they should be. */
function passOver(state: State, number: number): void {
  const { next, missing } = state;
  if (number <= next) return;
  missing.push({ first: next, end: number });
  state.next = number;
  if (missing.length <= mostRanges) return;
  const [oldest] = missing.splice(0, 1);
  state.gone += oldest === undefined ? 0 : oldest.end - oldest.first;
}

function deletedTo(state: State, offset: bigint): void {
  for (const { first, count, offset: at } of state.unread) {
    if (at === null || offset <= at) break;
    passOver(state, first + Math.min(count, Number(offset - at)));
  }
  takeRead(state);
}

/** Batches that nothing is waited for of any more leave the list. */
function takeRead({ unread, next }: State): readonly Batch[] {
  const left = unread.findIndex(({ first, count }) => first + count > next);
  return unread.splice(0, left === -1 ? unread.length : left);
}

function look(state: State, at: number): void {
  const { missing, confirmed, end, underWay, unread } = state;
  const range = missing.find(({ first }) => first < confirmed);
  if (range !== undefined) {
    const count = Math.min(range.end, confirmed) - range.first;
    const offset = end - BigInt(confirmed - range.first);
    const what = "confirmed and lost: there is nothing of it to be read";
    state.found({ kind: "lost", number: range.first, offset, count, what });
  }
  for (const batch of [underWay, unread[0] ?? null]) if (batch !== null) judgeTime(state, batch, at);
}

function judgeTime({ lateMs, toldLate, counts, found }: State, batch: Batch, at: number): void {
  if (at - batch.at <= lateMs || toldLate.has(batch)) return;
  toldLate.add(batch);
  const { first: number, offset, count } = batch;
  counts.late += count;
  const did = offset === null ? "sent, and not confirmed" : "confirmed, and not read";
  found({ kind: "late", number, offset, count, what: `late: ${did} for ${Math.round((at - batch.at) / 1000)} s` });
}

function lose(state: State, count: number, upTo: number, offset: bigint, how: string): void {
  state.gone += count;
  state.found({ kind: "lost", number: upTo - count, offset, count, what: `confirmed and lost: ${how}` });
}

/** What was passed over and is not confirmed is not lost: nobody was promised it. */
function lost({ missing, confirmed, gone }: State): number {
  return missing.reduce((sum, range) => sum + Math.max(0, Math.min(range.end, confirmed) - range.first), gone);
}

/** Whether the number was in one of the ranges, which are then without it. */
function takeOut(ranges: Range[], number: number): boolean {
  const at = ranges.findIndex(({ first, end }) => first <= number && number < end);
  const range = ranges[at];
  if (range === undefined) return false;
  const rest = [
    { first: range.first, end: number },
    { first: number + 1, end: range.end },
  ];
  ranges.splice(at, 1, ...rest.filter(({ first, end }) => first < end));
  return true;
}
