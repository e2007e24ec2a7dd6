/**
 * The status of a consumer by the published rules of LinkedIn's Burrow, over a sliding window of what was seen of each partition.
 *
 * Burrow reads every commit off Kafka's own topic. kctl looks at the committed offset now and then: it takes one that differs from the last for
 * a commit, and one that is the same where a member of the group has the partition, which is alive and stands still. So the window moves while
 * a consumer lives, and stops once it is gone.
 *
 * In this order, for a partition that lags at the moment (one that does not is OK):
 * 1. STOP: nothing was committed for longer than the window spans, and the consumer was not at the end lately.
 * 2. REWIND: an offset is lower than the one before, and the consumer has not come back to that one since.
 * 3. OK: somewhere in the window there was no lag.
 * 4. STALL: the offset is the same throughout.
 * 5. WARN: it moves, and the lag never became less.
 * A group is as its worst partition; one whose partition is any worse than WARN is ERR.
 */
export type PartitionStatus = "OK" | "WARN" | "STOP" | "STALL" | "REWIND";
export type GroupStatus = "OK" | "WARN" | "ERR";

/** How many commits, and how many looks, a window holds: Burrow's own default. */
export const windowSize = 10;

type Commit = { readonly at: number; readonly offset: number; readonly lag: number };

/** One look at a partition, at a time in milliseconds. */
export type Look = {
  readonly at: number;
  readonly end: number;
  readonly committed: number;
  /** Whether a member of the group has it. */
  readonly owned: boolean;
};

/** What is kept of a partition, the newest last. */
export type Window = { readonly commits: readonly Commit[]; readonly looks: readonly Look[] };

export const nothingSeen: Window = { commits: [], looks: [] };

/** Burrow counts an offset beyond the end, which was asked for a little earlier, as no lag. */
export function lagOf(end: number, committed: number): number {
  return Math.max(0, end - committed);
}

export function withLook({ commits, looks }: Window, look: Look): Window {
  const last = commits.at(-1);
  const committed = last === undefined || last.offset !== look.committed || look.owned;
  const commit = { at: look.at, offset: look.committed, lag: lagOf(look.end, look.committed) };
  return {
    commits: committed ? [...commits, commit].slice(-windowSize) : commits,
    looks: [...looks, look].slice(-windowSize),
  };
}

/** Before that the rules would judge by too little. */
export function isFull({ looks }: Window): boolean {
  return looks.length >= windowSize;
}

export function evaluate({ commits, looks }: Window): PartitionStatus {
  const [first] = commits;
  const last = commits.at(-1);
  const now = looks.at(-1);
  if (first === undefined || last === undefined || now === undefined) return "OK";
  if (lagOf(now.end, now.committed) === 0) return "OK";
  const wasAtEnd = looks.some(({ end }) => end <= last.offset);
  if (now.at - last.at > last.at - first.at && !wasAtEnd) return "STOP";
  if (isRewound(commits)) return "REWIND";
  if (commits.some(({ lag }) => lag === 0)) return "OK";
  if (commits.every(({ offset }) => offset === first.offset)) return "STALL";
  return neverLess(commits) ? "WARN" : "OK";
}

function isRewound(commits: readonly Commit[]): boolean {
  const back = commits.findIndex(({ offset }, index) => offset < (commits[index - 1]?.offset ?? 0));
  const before = commits[back - 1];
  return before !== undefined && commits.slice(back).every(({ offset }) => offset < before.offset);
}

function neverLess(commits: readonly Commit[]): boolean {
  return commits.every(({ lag }, index) => lag >= (commits[index - 1]?.lag ?? 0));
}

/**
 * What one look can say: OK where there is no lag, and where a member of the group has the partition and may be catching up; STOP where
 * records wait and no member is there to read them.
 */
export function statusAtOnce({ end, committed, owned }: Omit<Look, "at">): PartitionStatus {
  return lagOf(end, committed) === 0 || owned ? "OK" : "STOP";
}

export function groupStatus(partitions: readonly PartitionStatus[]): GroupStatus {
  if (partitions.some((status) => status !== "OK" && status !== "WARN")) return "ERR";
  return partitions.includes("WARN") ? "WARN" : "OK";
}

/** By how many records a second the lag grew over the window; null: there was one look only. */
export function trend({ looks }: Window): number | null {
  const [first] = looks;
  const last = looks.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at) return null;
  const grown = lagOf(last.end, last.committed) - lagOf(first.end, first.committed);
  return Math.round((grown / ((last.at - first.at) / 1000)) * 10) / 10;
}
