/**
 * The way of one partition's records: collected in an open batch, then ready, under way, and confirmed. They keep their order
 * whatever happens: where one fails, those behind it wait until the answers to all that are under way have come, and then they go
 * again from the first that is not confirmed on, each with the sequence number that it had.
 */
import { batchBuilder, type BatchBuilder, type BatchForm, type Pool, type ProducerId } from "./batch-builder.ts";

export type ReadyBatch = {
  readonly bytes: Buffer;
  readonly count: number;
  /** Gives its memory back. */
  readonly release: () => void;
  /** Milliseconds of `performance.now()`. */
  readonly since: number;
};

export type Lane = {
  readonly partition: number;
  /** Null: not known, or the last one that was known is none any more. */
  leader: number | null;
  open: BatchBuilder | null;
  openSince: number;
  ready: ReadyBatch[];
  underWay: ReadyBatch[];
  failed: ReadyBatch[];
  sequence: number;
  confirmed: number;
  /** Of the last record that was confirmed; null where Kafka told none. */
  offset: bigint | null;
};

/** Sequence numbers go round. */
const sequences = 2 ** 31;

export function newLane(partition: number, leader: number | null): Lane {
  return {
    partition,
    leader,
    open: null,
    openSince: 0,
    ready: [],
    underWay: [],
    failed: [],
    sequence: 0,
    confirmed: 0,
    offset: null,
  };
}

export function opened(lane: Lane, form: BatchForm, pool: Pool): BatchBuilder {
  if (lane.open !== null) return lane.open;
  lane.openSince = performance.now();
  return (lane.open = batchBuilder(form, pool));
}

/** What is collected becomes ready; from then on it never changes. */
export function close(lane: Lane, producer: ProducerId): void {
  const { open } = lane;
  if (open === null) return;
  const count = open.count();
  const { bytes, release } = open.finish(producer, producer.id < 0n ? -1 : lane.sequence);
  lane.sequence = (lane.sequence + count) % sequences;
  lane.ready.push({ bytes, count, release, since: performance.now() });
  lane.open = null;
}

export function isIdle({ open, ready, underWay, failed }: Lane): boolean {
  return open === null && ready.length + underWay.length + failed.length === 0;
}

/** Since when the oldest record that is not under way has been there; null: there is none. */
export function waitingSince({ ready: [first], open, openSince }: Lane): number | null {
  return first?.since ?? (open === null ? null : openSince);
}

/**
 * One that failed keeps what is behind it back.
 * @param numbered Kafka takes whatever sequence number comes first from a producer: until it has confirmed the first batch, one alone is under way
 */
export function maySend({ leader, failed, underWay, confirmed }: Lane, numbered: boolean): boolean {
  if (leader === null || failed.length > 0) return false;
  return !numbered || confirmed > 0 || underWay.length === 0;
}

export function confirm(lane: Lane, batch: ReadyBatch, offset: bigint): void {
  lane.underWay = lane.underWay.filter((other) => other !== batch);
  lane.confirmed += batch.count;
  if (offset >= 0n) lane.offset = offset + BigInt(batch.count - 1);
  batch.release();
  goAgain(lane);
}

/** It goes again, to whoever leads by then. */
export function fail(lane: Lane, batch: ReadyBatch): void {
  lane.underWay = lane.underWay.filter((other) => other !== batch);
  lane.failed.push(batch);
  goAgain(lane);
}

function goAgain(lane: Lane): void {
  if (lane.failed.length === 0 || lane.underWay.length > 0) return;
  lane.ready = [...lane.failed, ...lane.ready];
  lane.failed = [];
  lane.leader = null;
}
