/** What a producer and a consumer went through: each record that was confirmed must be read, once, and in order. */

export type TrafficLine =
  | {
      readonly type: "confirmed";
      readonly record: number;
      readonly partition: number;
      readonly offset: number;
      /** Milliseconds since the program's start. */
      readonly at: number;
      /** Milliseconds since it was sent. */
      readonly took: number;
    }
  | { readonly type: "read"; readonly record: number; readonly partition: number; readonly offset: number }
  | { readonly type: "error"; readonly of: "producer" | "consumer"; readonly at: number; readonly text: string }
  | { readonly type: "sent"; readonly records: number };

export type TrafficReport = {
  readonly produced: number;
  readonly confirmed: number;
  /** What an application would have met: whose it was, and its text. */
  readonly errors: readonly string[];
  readonly read: number;
  /** Partitions that records were read from. */
  readonly partitions: number;
  /** Confirmed, and never read. */
  readonly lost: readonly number[];
  /** Stored at more than one offset. */
  readonly doubled: readonly number[];
  /** Handed out more than once from the same offset. */
  readonly reread: readonly number[];
  /** Read after a later one of their partition. */
  readonly reordered: readonly number[];
  readonly longestPauseMs: number;
  readonly slowestMs: number;
};

type Read = Extract<TrafficLine, { type: "read" }>;

export function accountOf(lines: readonly TrafficLine[]): TrafficReport {
  const of = <T extends TrafficLine["type"]>(type: T) =>
    lines.filter((line): line is Extract<TrafficLine, { type: T }> => line.type === type);
  const [sent] = of("sent");
  if (sent === undefined) throw new Error("the traffic did not come to its end");
  const confirmed = of("confirmed");
  const reads = of("read");
  const { doubled, reread } = repeated(reads);
  const seen = new Set(reads.map(({ record }) => record));
  const times = confirmed.map(({ at }) => at);
  return {
    produced: sent.records,
    confirmed: new Set(confirmed.map(({ record }) => record)).size,
    errors: of("error").map(({ of: who, at, text }) => `${who} at ${at} ms: ${text}`),
    read: seen.size,
    partitions: new Set(reads.map(({ partition }) => partition)).size,
    lost: confirmed.map(({ record }) => record).filter((record) => !seen.has(record)),
    doubled,
    reread,
    reordered: reordered(reads),
    longestPauseMs: times.reduce((most, at, index) => Math.max(most, at - (times[index - 1] ?? at)), 0),
    slowestMs: confirmed.reduce((most, { took }) => Math.max(most, took), 0),
  };
}

function repeated(reads: readonly Read[]): Pick<TrafficReport, "doubled" | "reread"> {
  const places = new Map<number, Set<string>>();
  const doubled: number[] = [];
  const reread: number[] = [];
  for (const { record, partition, offset } of reads) {
    const place = `${partition}/${offset}`;
    const known = places.get(record) ?? new Set();
    places.set(record, known);
    if (known.has(place)) reread.push(record);
    else if (known.size > 0) doubled.push(record);
    known.add(place);
  }
  return { doubled, reread };
}

/** By what was read for the first time: to read again is another fault. */
function reordered(reads: readonly Read[]): readonly number[] {
  const seen = new Set<number>();
  const latest = new Map<number, number>();
  const late: number[] = [];
  for (const { record, partition } of reads) {
    if (seen.has(record)) continue;
    seen.add(record);
    const before = latest.get(partition) ?? -1;
    if (record < before) late.push(record);
    latest.set(partition, Math.max(before, record));
  }
  return late;
}
