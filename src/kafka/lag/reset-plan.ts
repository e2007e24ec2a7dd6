/** Where a group's offsets would be set, and why there: pure, so that what is shown is what is done. */
import { KctlError } from "../../fault.ts";
import type { Offsets, TopicPartition } from "./leaders.ts";

export type ResetTarget =
  | { readonly to: "earliest" | "latest" }
  /** The first record at or after so many milliseconds. */
  | { readonly to: "time"; readonly at: number }
  | { readonly to: "offset"; readonly offset: number };

export type ResetRow = TopicPartition & {
  /** The first offset that is there, and the one after the last. */
  readonly start: number;
  readonly end: number;
  /** null: the group has committed none. */
  readonly old: number | null;
  readonly new: number;
  /** Why it is not the very one that was asked for. */
  readonly note: string | null;
};

export type ResetPartition = Omit<ResetRow, "new" | "note"> & {
  /** Of the first record at or after the time, where one was asked for; null: there is none. */
  readonly atTime: number | null;
};

/** What the leaders told. */
export type Told = {
  readonly starts: Offsets;
  readonly ends: Offsets;
  /** -1: no record is as young. Null: no time was asked for. */
  readonly atTime: Offsets | null;
};

/** Null: what must be known of it, no leader told; only who was told that no record is as young may go on at the end. */
export function resetPartition(
  { topic, partition }: TopicPartition,
  { starts, ends, atTime }: Told,
  old: number | null,
): ResetPartition | null {
  const start = starts.get(topic)?.get(partition);
  const end = ends.get(topic)?.get(partition);
  const young = atTime === null ? -1 : atTime.get(topic)?.get(partition);
  if (start === undefined || end === undefined || young === undefined) return null;
  return { topic, partition, start, end, old, atTime: young < 0 ? null : young };
}

export function resetRows(partitions: readonly ResetPartition[], target: ResetTarget): readonly ResetRow[] {
  return partitions.map(({ atTime, ...partition }) => {
    const { start, end } = partition;
    switch (target.to) {
      case "earliest":
        return { ...partition, new: start, note: null };
      case "latest":
        return { ...partition, new: end, note: null };
      case "time":
        return atTime === null
          ? { ...partition, new: end, note: "no record is as young: the end" }
          : { ...partition, new: atTime, note: null };
      case "offset":
        return { ...partition, ...within(target.offset, start, end) };
    }
  });
}

/** A consumer that is told to go on outside of what is there would go by its `auto.offset.reset` instead. */
function within(offset: number, start: number, end: number): Pick<ResetRow, "new" | "note"> {
  if (offset < start) return { new: start, note: `${offset} is gone: it begins at ${start}` };
  if (offset > end) return { new: end, note: `${offset} is not there yet: it ends at ${end}` };
  return { new: offset, note: null };
}

const time = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const zone = /(Z|[+-]\d{2}:?\d{2})$/;

/**
 * A time without a zone is in UTC.
 * @throws KctlError `usage`
 */
export function targetOf(text: string): ResetTarget {
  if (text === "earliest" || text === "latest") return { to: text };
  if (/^\d{1,15}$/.test(text)) return { to: "offset", offset: Number(text) };
  const at = time.test(text) ? Date.parse(text.includes("T") && !zone.test(text) ? `${text}Z` : text) : Number.NaN;
  if (!Number.isNaN(at)) return { to: "time", at };
  throw new KctlError({
    code: "usage",
    what: `--to ${text} is neither earliest, latest, an offset nor a time`,
    fix: "write a time as in ISO 8601: 2026-11-30T09:00:00Z",
  });
}

/** Completes "to ...". */
export function targetText(target: ResetTarget): string {
  switch (target.to) {
    case "earliest":
      return "the first record that is there";
    case "latest":
      return "the end";
    case "time":
      return `the first record at or after ${new Date(target.at).toISOString()}`;
    case "offset":
      return `offset ${target.offset}`;
  }
}
