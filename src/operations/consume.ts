/** Reads records of a topic, to the end as it is now or following it, by partition and offset or as a member of a consumer group. */
import { KctlError, type Fault } from "../fault.ts";
import { isAbort } from "../kafka/is-abort.ts";
import { delivery, type Delivery, type Printer } from "../kafka/records/delivery.ts";
import { offsetsOf } from "../kafka/records/offsets.ts";
import { readPartitions, type Reading } from "../kafka/records/reading.ts";
import { mustBePartition, mustBeTopic, type KafkaAt, type TopicAt } from "../kafka/records/topic-at.ts";
import type { Context } from "./context.ts";
import { openKafka } from "./open-kafka.ts";

export type ConsumeOptions = {
  readonly topic: string;
  readonly fromBeginning: boolean;
  readonly group: string | null;
  readonly partition: number | null;
  readonly offset: number | null;
  /** Null: all. */
  readonly most: number | null;
  readonly follow: boolean;
  /** Leaves out records of transactions that are open or were aborted. */
  readonly committed: boolean;
  readonly printer: Printer;
  /** Resolves once they are written; to false where nobody reads them any more. */
  readonly write: (bytes: Buffer) => Promise<boolean>;
};

/** How soon who follows sees that a topic has more partitions. */
export const newPartitionsMs = 60_000;

export type Consumed = {
  /** How many records were written. */
  readonly records: number;
  /** With the offset of the next record. */
  readonly partitions: readonly { readonly partition: number; readonly offset: number }[];
  readonly interrupted: boolean;
};

export async function consume(context: Context, options: ConsumeOptions): Promise<Consumed> {
  mustGoTogether(options);
  const { bootstrap } = await openKafka(context);
  const kafka = { bootstrap, signal: context.signal, seconds: context.timeoutSeconds };
  const at = await mustBeTopic(kafka, options.topic);
  const out = delivery({ ...options, write: untilAborted(options.write, context.signal) });
  try {
    const { group } = options;
    if (group === null) await readAlone(context, kafka, at, options, out);
    else {
      const { readInGroup } = await import("./consume-in-group.ts");
      await readInGroup(context, kafka, at, { ...options, group }, out);
    }
  } catch (error) {
    // Whoever follows ends it so; what was to be read to its end was not.
    if (!options.follow || !isAbort(error, context.signal)) throw error;
  }
  const partitions = [...out.written()]
    .map(([partition, offset]) => ({ partition, offset: Number(offset) }))
    .toSorted((a, b) => a.partition - b.partition);
  return { records: out.records(), partitions, interrupted: context.signal.aborted };
}

function mustGoTogether({ group, partition, offset, fromBeginning }: ConsumeOptions): void {
  const refuse = (what: string, fix: string): never => {
    throw new KctlError({ code: "usage", what, fix });
  };
  if (group !== null && (partition !== null || offset !== null))
    refuse(
      "a group shares out the partitions and keeps the offsets: --group goes with neither --partition nor --offset",
      "leave one of them out",
    );
  if (offset !== null && fromBeginning)
    refuse("--offset and --from-beginning say both where to begin", "leave one of them out");
}

/** A reader that takes nothing more (`less`) does not keep it from ending. */
export function untilAborted(write: ConsumeOptions["write"], signal: AbortSignal): ConsumeOptions["write"] {
  return async (bytes) => {
    const enough = Promise.withResolvers<false>();
    const onAbort = (): void => void setTimeout(() => enough.resolve(false), 500).unref();
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([write(bytes), enough.promise]);
    } finally {
      // Each write has one of its own: what all of them waited for would keep them all.
      signal.removeEventListener("abort", onAbort);
    }
  };
}

async function readAlone(
  context: Context,
  kafka: KafkaAt,
  at: TopicAt,
  options: ConsumeOptions,
  out: Delivery,
): Promise<void> {
  const { topic, partition, offset, follow, committed } = options;
  if (partition !== null) mustBePartition(topic, at, partition);
  if (offset !== null && partition === null && at.partitions > 1)
    throw new KctlError({
      code: "usage",
      what: `${topic} has ${at.partitions} partitions: --offset needs --partition`,
      fix: `say which: --partition 0 to ${at.partitions - 1}`,
    });
  const partitions = partition === null ? allOf(at) : [partition];
  const { first, end } = await edges(kafka, topic, partitions, committed);
  const from =
    offset === null ? start(options, { first, end }) : exactly(topic, partitions[0] ?? 0, offset, { first, end });
  out.start(from);
  const lookForNewMs = follow && partition === null ? newPartitionsMs : null;
  const reading = { ...readingOf(context, kafka, options, out), lookForNewMs };
  await readPartitions(reading, from, follow ? null : end);
}

export function allOf({ partitions }: TopicAt): readonly number[] {
  return Array.from({ length: partitions }, (_, index) => index);
}

export type Edges = { readonly first: ReadonlyMap<number, bigint>; readonly end: ReadonlyMap<number, bigint> };

export async function edges(
  kafka: KafkaAt,
  topic: string,
  partitions: readonly number[],
  committed: boolean,
): Promise<Edges> {
  const [first, end] = await Promise.all([
    offsetsOf(kafka, topic, partitions, "earliest", committed),
    offsetsOf(kafka, topic, partitions, "latest", committed),
  ]);
  return { first, end };
}

/** Who follows is shown what comes from now on; who reads to the end, all there is. */
export function start({ fromBeginning, follow }: ConsumeOptions, { first, end }: Edges): ReadonlyMap<number, bigint> {
  return fromBeginning || !follow ? first : end;
}

function exactly(topic: string, partition: number, offset: number, { first, end }: Edges): ReadonlyMap<number, bigint> {
  const [from, to] = [first.get(partition) ?? 0n, end.get(partition) ?? 0n];
  if (offset < from || offset > to)
    throw new KctlError({
      code: "offset-out-of-range",
      what: `partition ${partition} of ${topic} has no offset ${offset}: it begins at ${from} and ends at ${to}`,
      fix: "take an offset between them, or --from-beginning",
    });
  return new Map([[partition, BigInt(offset)]]);
}

export function readingOf(
  { emit }: Context,
  kafka: KafkaAt,
  { topic, committed }: ConsumeOptions,
  { deliver }: Delivery,
): Reading {
  const skipped = (partition: number, from: bigint, to: bigint): void => {
    const what = `partition ${partition} of ${topic} has no offset ${from} any more: reading goes on at ${to}`;
    const fault: Fault = { code: "offset-out-of-range", what };
    emit({ type: "warning", fault });
  };
  return { kafka, topic, committed, deliver, skipped, lookForNewMs: null };
}
