/**
 * Reads partitions of a topic from given offsets on, at whoever leads them: at all brokers side by side, the next answer asked for
 * while the last one is still being worked on, and no more than that, so that nobody who reads slowly fills this machine's memory.
 */
import { setTimeout as delay } from "node:timers/promises";
import { KctlError } from "../../fault.ts";
import { isAbort } from "../is-abort.ts";
import { passing } from "../passing-errors.ts";
import { errorName, refusal } from "../wire/error-names.ts";
import { silentBroker, type Ask } from "../wire/exchange.ts";
import { fetchPartitions, type FetchedPartition } from "../wire/fetch.ts";
import { listOffsets } from "../wire/list-offsets.ts";
import { withStandingBroker } from "../wire/standing.ts";
import { topicAt, type KafkaAt, type Leader, type TopicAt } from "./topic-at.ts";

export type Reading = {
  /** Its signal ends it wherever it is. */
  readonly kafka: KafkaAt;
  readonly topic: string;
  /** Leaves out records of transactions that are open. */
  readonly committed: boolean;
  /** One call after the other, and none after one that failed. Resolves to false where that was enough. */
  readonly deliver: (part: FetchedPartition) => Promise<boolean>;
  /** What was to be read next is not there (any more): it goes on at another offset. */
  readonly skipped: (partition: number, from: bigint, to: bigint) => void;
  /** How often new partitions of the topic are looked for, which are then read from their beginning on; null: they are not. */
  readonly lookForNewMs: number | null;
};

type State = Reading & {
  readonly positions: Map<number, bigint>;
  /** Null: it goes on for ever. */
  readonly ends: Map<number, bigint> | null;
  /** Since when a partition could not be read, and why. */
  readonly troubles: Map<number, { readonly since: number; readonly why: string }>;
  enough: boolean;
  /** What `deliver` threw. */
  readonly broken: Broken;
};

type Broken = { first: { readonly why: unknown } | null };

/** How long a broker waits for records before it answers that there are none. */
const waitMs = 500;
const mostBytes = 4 * 1024 * 1024;
const mostBytesEach = 2 * 1024 * 1024;
/** A leader that is silent for this long is asked for anew. */
const requestMs = 30_000;
const firstPauseMs = 20;
const longestPauseMs = 250;
/** Partitions without a leader are looked for again, though others are being read. */
const lookAgainMs = 1000;

/** Resolves once each partition has been read to its end, or once it was enough. */
export async function readPartitions(
  reading: Reading,
  from: ReadonlyMap<number, bigint>,
  ends: ReadonlyMap<number, bigint> | null,
): Promise<void> {
  const broken: Broken = { first: null };
  const state: State = {
    ...reading,
    deliver: inTurn(reading.deliver, broken),
    broken,
    positions: new Map(from),
    ends: ends === null ? null : new Map(ends),
    troubles: new Map(),
    enough: false,
  };
  const { kafka, topic } = reading;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 1.5, longestPauseMs)) {
    if (state.enough || unread(state, [...state.positions.keys()]).length === 0) return;
    const seen = await topicAt(kafka, topic);
    if (reading.lookForNewMs !== null) takeNew(state, seen);
    const left = unread(state, [...state.positions.keys()]);
    const leaders = seen?.leaders ?? new Map<number, Leader>();
    const lost = left.filter((partition) => !leaders.has(partition));
    for (const partition of lost) note(state, partition, seen === null ? "no broker tells of it" : "it has no leader");
    mustNotBeLate(state);
    const byLeader = Map.groupBy(
      left.filter((partition) => leaders.has(partition)),
      (partition) => leaders.get(partition)?.id ?? -1,
    );
    const shares = [...byLeader.values()].flatMap((partitions) => {
      const leader = leaders.get(partitions[0] ?? -1);
      return leader === undefined ? [] : [{ leader, partitions }];
    });
    await readRound(state, shares, lost.length > 0);
    if (state.troubles.size === 0) pause = firstPauseMs;
    else await delay(pause, undefined, { signal: kafka.signal });
  }
}

function takeNew({ positions }: State, seen: TopicAt | null): void {
  for (let partition = 0; partition < (seen?.partitions ?? 0); partition += 1)
    if (!positions.has(partition)) positions.set(partition, 0n);
}

function unread({ positions, ends }: State, partitions: readonly number[]): number[] {
  if (ends === null) return [...partitions];
  return partitions.filter((partition) => (positions.get(partition) ?? 0n) < (ends.get(partition) ?? 0n));
}

type Share = { readonly leader: Leader; readonly partitions: readonly number[] };

/** Until all of it is read, or something is wrong anywhere: then who leads is asked anew. */
async function readRound(state: State, shares: readonly Share[], someLost: boolean): Promise<void> {
  const { kafka, broken, lookForNewMs } = state;
  if (shares.length === 0) return delay(firstPauseMs, undefined, { signal: kafka.signal });
  const over = new AbortController();
  const signal = AbortSignal.any([kafka.signal, over.signal]);
  const lookMs = someLost ? lookAgainMs : lookForNewMs;
  const timer = lookMs === null ? undefined : setTimeout(() => over.abort(), lookMs);
  const readers = shares.map(async ({ leader, partitions }) => {
    try {
      const fine = await withStandingBroker(leader.at, signal, requestMs, (ask) => readAt(state, ask, partitions));
      if (!fine || state.enough) over.abort();
    } catch (error) {
      if (isAbort(error, signal)) return kafka.signal.throwIfAborted();
      over.abort();
      if (!(error instanceof KctlError) || error.faults[0]?.code !== "kafka-unreachable") throw error;
      const why = silentBroker(leader.id, error);
      for (const partition of partitions) note(state, partition, why);
    }
  });
  const ended = await Promise.allSettled(readers);
  clearTimeout(timer);
  // What could not be printed is told, whatever else went wrong by then.
  if (broken.first !== null) throw broken.first.why;
  for (const reader of ended) if (reader.status === "rejected") throw reader.reason;
}

/** @returns false where another leader must be looked for */
async function readAt(state: State, ask: Ask, partitions: readonly number[]): Promise<boolean> {
  const { topic, committed, positions } = state;
  const next = async (some: readonly number[]) =>
    ask(
      fetchPartitions({
        topic,
        positions: some.map((partition) => ({ partition, offset: positions.get(partition) ?? 0n })),
        committed,
        waitMs,
        mostBytes,
        mostBytesEach,
      }),
    );
  let order = unread(state, partitions);
  let ahead = next(order);
  for (;;) {
    const { error, partitions: parts } = await ahead;
    if (error !== 0) throw new KctlError(refusal(`read ${topic}`, { error }));
    const { led, outside, refused } = sorted(state, parts);
    for (const part of parts) if (part.next !== null) positions.set(part.partition, part.next);
    order = unread(state, [...order.slice(1), ...order.slice(0, 1)]);
    const clear = led && outside.length === 0 && refused === null;
    if (clear && order.length > 0) {
      ahead = next(order);
      // Whether it failed is seen when it is waited for.
      ahead.catch(() => undefined);
    }
    // What has come is delivered before anything else is asked or thrown.
    for (const part of parts) {
      if (part.error !== 0 || part.next === null) continue;
      state.enough ||= !(await state.deliver(part));
      if (state.enough) return true;
    }
    if (refused !== null) throw refused;
    if (!clear) {
      for (const partition of outside) if (!(await intoRange(state, partition, ask))) return false;
      order = unread(state, order);
      if (led && order.length > 0) ahead = next(order);
    }
    if (!led || order.length === 0) return led;
  }
}

type Sorted = {
  /** Its leader still leads all of them. */
  readonly led: boolean;
  /** Those that have nothing at the offset that is to be read next. */
  readonly outside: readonly number[];
  /** What does not pass. */
  readonly refused: KctlError | null;
};

function sorted(state: State, parts: readonly FetchedPartition[]): Sorted {
  const outside: number[] = [];
  let led = true;
  let refused: KctlError | null = null;
  for (const { partition, error } of parts) {
    const name = errorName(error);
    if (error === 0) state.troubles.delete(partition);
    else if (name === "OFFSET_OUT_OF_RANGE") outside.push(partition);
    else if (passing.has(name)) {
      led = false;
      note(state, partition, `its leader answers ${name}`);
    } else refused ??= new KctlError(refusal(`read partition ${partition} of ${state.topic}`, { error }));
  }
  return { led, outside, refused };
}

/**
 * Retention has deleted what was to be read next, or a leader was elected that never had it: then that is not waited for either.
 * @returns false where its leader does not tell
 */
async function intoRange(state: State, partition: number, ask: Ask): Promise<boolean> {
  const { topic, positions, ends } = state;
  const edges: bigint[] = [];
  for (const which of ["earliest", "latest"] as const) {
    const [answer = { error: -1, offset: -1n }] = await ask(listOffsets("consumer", topic, [partition], which));
    if (answer.error === 0) edges.push(answer.offset);
    else note(state, partition, `its leader answers ${errorName(answer.error)}`);
  }
  const [first, end] = edges;
  if (first === undefined || end === undefined) return false;
  if (ends !== null && end < (ends.get(partition) ?? 0n)) ends.set(partition, end);
  const from = positions.get(partition) ?? 0n;
  const to = from < first ? first : from > end ? end : from;
  if (to === from) {
    note(state, partition, `its leader has nothing at offset ${from} yet`);
    return false;
  }
  positions.set(partition, to);
  state.skipped(partition, from, to);
  return true;
}

function note({ troubles }: State, partition: number, why: string): void {
  troubles.set(partition, { since: troubles.get(partition)?.since ?? performance.now(), why });
}

function mustNotBeLate({ troubles, kafka, topic }: State): void {
  const soon = performance.now() - kafka.seconds * 1000;
  for (const [partition, { since, why }] of troubles) {
    if (since > soon) continue;
    throw new KctlError({
      code: "timeout",
      what: `waited ${kafka.seconds} s for partition ${partition} of ${topic} to be readable: ${why}`,
      fix: "see `kctl status` and the brokers' logs; a slow machine may need a longer --timeout",
    });
  }
}

function inTurn(deliver: Reading["deliver"], broken: Broken): Reading["deliver"] {
  let last: Promise<unknown> = Promise.resolve();
  return async (part) => {
    const mine = last.then(async () => {
      if (broken.first !== null) throw broken.first.why;
      try {
        return await deliver(part);
      } catch (error) {
        broken.first = { why: error };
        throw error;
      }
    });
    last = mine.catch(() => undefined);
    return mine;
  };
}
