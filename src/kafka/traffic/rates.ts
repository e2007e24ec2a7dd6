/**
 * Rates over a sliding window of looks at every partition: records by its end offset, bytes by the size of its leader's log.
 *
 * Between two looks an end may go back (a topic made anew under the same name) and a log may shrink (retention, compaction), or another copy may
 * be the leader's: what came in meanwhile is not known, and neither the growth nor the time of such a step counts.
 */

/** Of one partition, as its leader told it. */
export type PartitionTraffic = {
  readonly topic: string;
  readonly partition: number;
  /** When it was told, in milliseconds. */
  readonly at: number;
  readonly leader: number;
  readonly end: number;
  /** Of the leader's log; null: it did not tell. */
  readonly bytes: number | null;
};

export type TrafficLook = {
  readonly at: number;
  /** By `partitionKey`; a partition that nobody told of is not in it. */
  readonly partitions: ReadonlyMap<string, PartitionTraffic>;
  /** Leaders of the partitions that they did not tell of, by `partitionKey`; null: no broker told what partitions there are. */
  readonly missing: ReadonlyMap<string, number> | null;
};

/** A second. */
export type Rate = { readonly records: number; /** null: no leader told. */ readonly bytes: number | null };

export type Rates = Rate & {
  /** From the first look of the window to the last. */
  readonly seconds: number;
  /** The busiest first; without those that nothing goes through. */
  readonly topics: readonly (Rate & { readonly topic: string })[];
  /** Of what each of them leads by now; in the order of their ids. */
  readonly brokers: readonly (Rate & { readonly id: number })[];
  /** Leaders that did not tell of all that they lead: that is in none of these rates. */
  readonly missing: readonly number[];
};

/** Five steps: ten seconds, where it is looked every two. */
const windowSize = 6;

export function withTraffic(window: readonly TrafficLook[], look: TrafficLook): readonly TrafficLook[] {
  return [...window, look].slice(-windowSize);
}

/** null: not known, since there was one look only, or nobody answered. */
export function ratesOver(window: readonly TrafficLook[]): Rates | null {
  const last = window.at(-1);
  const first = window.find(isTold);
  if (first === undefined || last === undefined || !isTold(last) || last.at <= first.at) return null;
  const seen = [...last.partitions].map(([key, { topic, leader }]) => ({
    key,
    topic,
    leader,
    rate: rateOf(key, window),
  }));
  if (seen.length > 0 && seen.every(({ rate }) => rate === null)) return null;
  // What is new has no rate yet, and is no gap.
  const isLate = ({ key, rate }: (typeof seen)[number]): boolean =>
    rate === null && window.some(({ missing }) => missing?.has(key));
  const late = seen.filter(isLate).map(({ leader }) => leader);
  const missing = new Set([...(last.missing?.values() ?? []), ...late]);
  const all = seen
    .filter((one) => !isLate(one))
    .map(({ rate, ...one }) => ({ ...one, rate: rate ?? { records: 0, bytes: null } }));
  const topics = [...Map.groupBy(all, ({ topic }) => topic)].map(([topic, its]) => ({ topic, ...sum(its) }));
  const brokers = [...Map.groupBy(all, ({ leader }) => leader)].map(([id, its]) => ({ id, ...sum(its) }));
  return {
    seconds: (last.at - first.at) / 1000,
    ...sum(all),
    topics: topics
      .filter(({ records, bytes }) => records > 0 || (bytes ?? 0) > 0)
      .toSorted((a, b) => b.records - a.records || (b.bytes ?? 0) - (a.bytes ?? 0) || (a.topic < b.topic ? -1 : 1)),
    brokers: brokers.toSorted((a, b) => a.id - b.id),
    missing: [...missing].toSorted((a, b) => a - b),
  };
}

/** Nobody who was heard is another thing than nothing that is there. */
function isTold({ partitions, missing }: TrafficLook): boolean {
  return missing !== null && (partitions.size > 0 || missing.size === 0);
}

/** null where no step of it can be counted. */
function rateOf(key: string, window: readonly TrafficLook[]): Rate | null {
  const seen = window.flatMap(({ partitions }) => partitions.get(key) ?? []);
  const steps = seen.slice(1).map((to, index) => ({ from: seen[index] ?? to, to }));
  const ends = steps.map(({ from, to }) => ({ ms: to.at - from.at, grown: to.end - from.end }));
  const sizes = steps.flatMap(({ from, to }) =>
    from.leader !== to.leader || from.bytes === null || to.bytes === null
      ? []
      : [{ ms: to.at - from.at, grown: to.bytes - from.bytes }],
  );
  const records = growth(ends);
  return records === null ? null : { records, bytes: growth(sizes) };
}

/** A second; null where no step can be counted. */
function growth(steps: readonly { readonly ms: number; readonly grown: number }[]): number | null {
  const counted = steps.filter(({ grown }) => grown >= 0);
  const ms = counted.reduce((all, step) => all + step.ms, 0);
  return ms <= 0 ? null : (1000 * counted.reduce((all, { grown }) => all + grown, 0)) / ms;
}

function sum(parts: readonly { readonly rate: Rate }[]): Rate {
  const known = parts.flatMap(({ rate }) => rate.bytes ?? []);
  return {
    records: parts.reduce((all, { rate }) => all + rate.records, 0),
    bytes: parts.length > 0 && known.length === 0 ? null : known.reduce((all, one) => all + one, 0),
  };
}
