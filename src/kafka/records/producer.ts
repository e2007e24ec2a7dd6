/**
 * Writes records to a topic: collected in batches for each partition, several requests under way to each broker. With acks=all it
 * is an idempotent producer: what was not confirmed is sent again, the very same bytes, so nothing is lost or written twice.
 */
import { setTimeout as delay } from "node:timers/promises";
import { KctlError } from "../../fault.ts";
import { passing } from "../passing-errors.ts";
import { errorName, refusal } from "../wire/error-names.ts";
import { silentBroker, unreachableWhy } from "../wire/exchange.ts";
import { produceBatches, type Acks, type ProducedPartition } from "../wire/produce.ts";
import { bufferPool, type BatchForm, type Pool, type ProducerId } from "./batch-builder.ts";
import {
  close,
  confirm,
  fail,
  isIdle,
  maySend,
  newLane,
  opened,
  waitingSince,
  type Lane,
  type ReadyBatch,
} from "./lane.ts";
import { brokerLinks, type BrokerLinks } from "./links.ts";
import type { Spread } from "./spread.ts";
import { topicAt, type KafkaAt, type TopicAt } from "./topic-at.ts";

export type ProducerOptions = {
  readonly kafka: KafkaAt;
  readonly topic: string;
  readonly at: TopicAt;
  readonly acks: Acks;
  readonly producer: ProducerId;
  readonly form: BatchForm;
  readonly spread: Spread;
  /** Told once, when something went wrong that does not pass. */
  readonly onFault: () => void;
};

export type Written = {
  readonly records: number;
  /** Those that were written to, with the offset of the last record that was confirmed. */
  readonly partitions: readonly {
    readonly partition: number;
    readonly records: number;
    readonly offset: number | null;
  }[];
};

export type RecordProducer = {
  /** A record whose value is `source` from `start` to `end`, null where `start` is -1. False: no batch is large enough for it. */
  readonly add: (key: Uint8Array | null, source: Buffer, start: number, end: number) => boolean;
  /** Resolves once there is room for more; throws what went wrong. */
  readonly room: () => Promise<void>;
  /** Resolves once all is confirmed; throws what went wrong. */
  readonly finish: () => Promise<void>;
  readonly written: () => Written;
  readonly end: () => Promise<void>;
};

/** A batch that is not full is sent after this time. */
const lingerMs = 10;
/** Kafka remembers the last five batches of a producer in each partition: no more may be under way. */
const mostUnderWay = 5;
/** Beyond what is not confirmed yet, and the batches that are being filled. */
const mostHeldBytes = 16 * 1024 * 1024;
const mostRequestBytes = 2 * 1024 * 1024;
/** Kafka says by then that it has no confirmation yet; a broker that is silent for longer is given up. */
const confirmMs = 20_000;
const requestMs = confirmMs + 5000;
const firstPauseMs = 20;
const longestPauseMs = 250;

type State = ProducerOptions & {
  readonly lanes: readonly Lane[];
  readonly pool: Pool;
  readonly links: BrokerLinks;
  readonly underWay: Map<number, number>;
  readonly waiting: Set<() => void>;
  heldBytes: number;
  fault: { readonly why: unknown } | null;
  /** Batches are not waited for to be full. */
  flushing: boolean;
  linger: NodeJS.Timeout | null;
  recovering: boolean;
  pauseMs: number;
  /** Of the last thing that went wrong and passes. */
  trouble: string;
};

export function recordProducer(options: ProducerOptions): RecordProducer {
  const { at, kafka } = options;
  const state: State = {
    ...options,
    lanes: Array.from({ length: at.partitions }, (_, index) => newLane(index, at.leaders.get(index)?.id ?? null)),
    pool: bufferPool(),
    links: brokerLinks(at, kafka.signal, requestMs),
    underWay: new Map(),
    waiting: new Set(),
    heldBytes: 0,
    fault: null,
    flushing: false,
    linger: null,
    recovering: false,
    pauseMs: firstPauseMs,
    trouble: "no broker answers",
  };
  kafka.signal.addEventListener("abort", () => end(state, kafka.signal.reason), { once: true });
  return {
    add: (key, source, start, end) => add(state, key, source, start, end),
    room: async () => {
      if (state.heldBytes > mostHeldBytes) await flushed(state, () => state.heldBytes <= mostHeldBytes);
      if (state.fault !== null) throw state.fault.why;
    },
    finish: async () => {
      await flushed(state, () => state.lanes.every(isIdle));
      if (options.acks === "none") await state.links.settle();
    },
    written: () => writtenOf(state.lanes),
    end: async () => {
      if (state.linger !== null) clearTimeout(state.linger);
      await state.links.close();
    },
  };
}

function add(state: State, key: Uint8Array | null, source: Buffer, start: number, end: number): boolean {
  const lane = state.lanes[state.spread(key)];
  if (lane === undefined) throw new RangeError("a record for a partition that is not there");
  const now = Date.now();
  const before = lane.open?.bytes() ?? 0;
  if (opened(lane, state.form, state.pool).append(key, source, start, end, now)) {
    state.heldBytes += (lane.open?.bytes() ?? 0) - before;
  } else {
    // The first of a batch, and does not fit: it never does.
    if (before === 0) {
      lane.open = null;
      return false;
    }
    closeBatch(state, lane);
    pump(state);
    if (!opened(lane, state.form, state.pool).append(key, source, start, end, now)) {
      lane.open = null;
      return false;
    }
    state.heldBytes += lane.open?.bytes() ?? 0;
  }
  state.linger ??= setTimeout(() => {
    state.linger = null;
    pump(state);
  }, lingerMs);
  return true;
}

/** Compressed, it is held with fewer bytes than it was counted with. */
function closeBatch(state: State, lane: Lane): void {
  const before = lane.open?.bytes() ?? 0;
  close(lane, state.producer);
  state.heldBytes += (lane.ready.at(-1)?.bytes.length ?? 0) - before;
}

async function flushed(state: State, isEnough: () => boolean): Promise<void> {
  state.flushing = true;
  pump(state);
  while (state.fault === null && !isEnough()) await new Promise<void>((resolve) => state.waiting.add(resolve));
  state.flushing = false;
  if (state.fault !== null) throw state.fault.why;
}

function wake({ waiting }: State): void {
  for (const go of waiting) go();
  waiting.clear();
}

function end(state: State, why: unknown): void {
  if (state.fault === null) state.onFault();
  state.fault ??= { why };
  wake(state);
}

/** Sends what may be sent now. */
function pump(state: State): void {
  if (state.fault !== null) return;
  const byLeader = new Map<number, Lane[]>();
  const due = performance.now() - lingerMs;
  for (const lane of state.lanes) {
    const leader = lane.leader ?? -1;
    if (!mayGo(state, lane) || (lane.ready.length === 0 && lane.open === null)) continue;
    const slots = mostUnderWay - (state.underWay.get(leader) ?? 0);
    if (slots <= 0) continue;
    if (lane.ready.length === 0 && (state.flushing || lane.openSince <= due)) closeBatch(state, lane);
    if (lane.ready.length === 0) continue;
    const same = byLeader.get(leader) ?? [];
    same.push(lane);
    byLeader.set(leader, same);
  }
  for (const [leader, lanes] of byLeader) sendTo(state, leader, lanes);
  if (state.lanes.some(isLost)) void recover(state);
  if (state.linger === null && state.lanes.some(({ open }) => open !== null))
    state.linger = setTimeout(() => {
      state.linger = null;
      pump(state);
    }, lingerMs);
}

function mayGo({ acks }: State, lane: Lane): boolean {
  return maySend(lane, acks === "all");
}

/** Requests of one batch a partition at most, until the broker has as many as it may have. */
function sendTo(state: State, leader: number, lanes: readonly Lane[]): void {
  let left = lanes;
  while (left.length > 0 && (state.underWay.get(leader) ?? 0) < mostUnderWay) {
    const batches: Sending[] = [];
    let bytes = 0;
    for (const lane of left) {
      const [next] = lane.ready;
      if (next === undefined || (bytes > 0 && bytes + next.bytes.length > mostRequestBytes)) continue;
      bytes += next.bytes.length;
      lane.ready.shift();
      lane.underWay.push(next);
      batches.push({ lane, batch: next });
    }
    void send(state, leader, batches);
    left = left.filter((lane) => lane.ready.length > 0 && mayGo(state, lane));
  }
}

type Sending = { readonly lane: Lane; readonly batch: ReadyBatch };

async function send(state: State, leader: number, batches: readonly Sending[]): Promise<void> {
  const { topic, acks, underWay, links } = state;
  underWay.set(leader, (underWay.get(leader) ?? 0) + 1);
  const body = batches.map(({ lane: { partition }, batch: { bytes } }) => ({ partition, batch: bytes }));
  try {
    const answers = await links.ask(leader, produceBatches(topic, body, acks, confirmMs));
    const byPartition = new Map(answers.map((answer) => [answer.partition, answer]));
    for (const sending of batches) settle(state, sending, byPartition.get(sending.lane.partition));
  } catch (error) {
    lost(state, leader, batches, error);
  }
  underWay.set(leader, (underWay.get(leader) ?? 0) - 1);
  pump(state);
  wake(state);
}

/** The connection is gone: whether the batches were written, the next answer tells. */
function lost(state: State, leader: number, batches: readonly Sending[], error: unknown): void {
  const why = unreachableWhy(error);
  if (state.kafka.signal.aborted || !(error instanceof KctlError)) return end(state, error);
  if (state.acks === "none") {
    const what = `the connection to broker ${leader} was lost: ${why}; with acks=0 Kafka does not tell which records it has`;
    return end(state, new KctlError({ code: "kafka-unreachable", what, fix: "write with --acks all" }));
  }
  state.trouble = silentBroker(leader, error);
  for (const { lane, batch } of batches) fail(lane, batch);
}

function settle(state: State, { lane, batch }: Sending, answer: ProducedPartition | undefined): void {
  const { topic } = state;
  const name = answer === undefined ? "NETWORK_EXCEPTION" : errorName(answer.error);
  // It came twice, and the first time too long ago for Kafka to know its offset.
  if (answer !== undefined && (answer.error === 0 || name === "DUPLICATE_SEQUENCE_NUMBER")) {
    state.heldBytes -= batch.bytes.length;
    state.pauseMs = firstPauseMs;
    return confirm(lane, batch, answer.offset);
  }
  const behindFailed = name === "OUT_OF_ORDER_SEQUENCE_NUMBER" && lane.failed.length > 0;
  if (passing.has(name) || behindFailed) {
    if (!behindFailed) state.trouble = `the leader of partition ${lane.partition} answers ${name}`;
    return fail(lane, batch);
  }
  end(
    state,
    new KctlError(refusal(`write to partition ${lane.partition} of ${topic}`, { error: answer?.error ?? -1 })),
  );
}

function isLost(lane: Lane): boolean {
  return lane.leader === null && !isIdle(lane);
}

/** Asks who leads now, until every partition with something to be written has a leader. */
async function recover(state: State): Promise<void> {
  if (state.recovering) return;
  state.recovering = true;
  const { kafka, topic } = state;
  try {
    while (state.fault === null && state.lanes.some(isLost)) {
      await delay(state.pauseMs, undefined, { signal: kafka.signal });
      state.pauseMs = Math.min(state.pauseMs * 1.5, longestPauseMs);
      const seen = await topicAt(kafka, topic);
      for (const lane of state.lanes.filter(isLost)) lane.leader = seen?.leaders.get(lane.partition)?.id ?? null;
      if (seen !== null) state.links.moved(seen);
      mustNotBeLate(state);
    }
  } catch (error) {
    end(state, error);
  }
  state.recovering = false;
  pump(state);
}

function mustNotBeLate(state: State): void {
  const { kafka, topic, trouble } = state;
  const soon = performance.now() - kafka.seconds * 1000;
  const late = state.lanes.find((lane) => (waitingSince(lane) ?? soon) < soon);
  if (late === undefined) return;
  const why = late.leader === null ? "it has no leader" : trouble;
  throw new KctlError({
    code: "timeout",
    what: `waited ${kafka.seconds} s for partition ${late.partition} of ${topic} to take records: ${why}`,
    fix: "see `kctl status` and the brokers' logs; a slow machine may need a longer --timeout",
  });
}

function writtenOf(lanes: readonly Lane[]): Written {
  const partitions = lanes.flatMap(({ partition, confirmed, offset }) =>
    confirmed === 0 ? [] : [{ partition, records: confirmed, offset: offset === null ? null : Number(offset) }],
  );
  return { records: partitions.reduce((sum, { records }) => sum + records, 0), partitions };
}
