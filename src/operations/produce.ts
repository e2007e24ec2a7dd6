/** Writes a record for each line of what comes in. */
import { faultsOf, KctlError, type Fault } from "../fault.ts";
import { isAbort } from "../kafka/is-abort.ts";
import { headerBytes, noProducer, type Compression, type Header } from "../kafka/records/batch-builder.ts";
import { largestBatch } from "../kafka/records/largest-batch.ts";
import { lineCutter } from "../kafka/records/lines.ts";
import { newProducerId } from "../kafka/records/producer-id.ts";
import { recordProducer, type RecordProducer, type Written } from "../kafka/records/producer.ts";
import { spreadOver, type Spread } from "../kafka/records/spread.ts";
import { mustBePartition, mustBeTopic, type KafkaAt, type TopicAt } from "../kafka/records/topic-at.ts";
import { cleanUpSeconds } from "../kafka/until.ts";
import type { Acks } from "../kafka/wire/produce.ts";
import { confirmedText, notTwice } from "../report/produced-text.ts";
import type { Context } from "./context.ts";
import { openKafka } from "./open-kafka.ts";

export type ProduceOptions = {
  readonly topic: string;
  readonly acks: Acks;
  /** Null: by the key, or in turn. */
  readonly partition: number | null;
  /** What stands before it in a line is the key; null: records have none. */
  readonly keySeparator: string | null;
  readonly headers: readonly Header[];
  /** A key or value that is this very text is Kafka's null. */
  readonly nullText: string | null;
  readonly compression: Compression;
  /** Ends with an error when the signal says so. */
  readonly input: (signal: AbortSignal) => AsyncIterable<Buffer>;
  /** Told when records begin to be written: what was confirmed of them at any time, however it ends. */
  readonly writing: (confirmed: () => Written) => void;
};

/** About as many records as make the work for a batch itself too little to matter. */
const batchBytes = 512 * 1024;

export async function produce(context: Context, options: ProduceOptions): Promise<Written> {
  if (context.specFile === "-")
    throw new KctlError({
      code: "usage",
      what: "standard input has the records: the spec cannot come from there too",
      fix: "name the spec's file: -f FILE",
    });
  const { bootstrap } = await openKafka(context);
  // What was read when it is interrupted is still written.
  const late = new AbortController();
  const onAbort = (): void => void setTimeout(() => late.abort(context.signal.reason), cleanUpSeconds * 1000).unref();
  context.signal.addEventListener("abort", onAbort, { once: true });
  const kafka = { bootstrap, signal: late.signal, seconds: context.timeoutSeconds };
  const failed = new AbortController();
  const { producer, limit } = await openProducer(kafka, context.signal, options, () => failed.abort());
  options.writing(producer.written);
  try {
    // Where writing fails while nothing comes in, nothing more is waited for.
    const input = options.input(AbortSignal.any([context.signal, failed.signal]));
    await writeLines(producer, limit, options, input, context.signal);
    return producer.written();
  } finally {
    context.signal.removeEventListener("abort", onAbort);
    await producer.end();
  }
}

type Open = { readonly producer: RecordProducer; readonly limit: number };

/** @param signal ends what comes before the first record is read */
async function openProducer(
  kafka: KafkaAt,
  signal: AbortSignal,
  options: ProduceOptions,
  onFault: () => void,
): Promise<Open> {
  const { topic, acks, compression, headers, partition } = options;
  const asking = { ...kafka, signal };
  const at = await mustBeTopic(asking, topic);
  if (partition !== null) mustBePartition(topic, at, partition);
  const [limit, id] = await Promise.all([
    largestBatch(asking, topic),
    acks === "all" ? newProducerId(asking) : noProducer,
  ]);
  const form = { limit, target: batchBytes, compression, headers: headerBytes(headers) };
  const spread = partition === null ? spreadFor(at) : () => partition;
  return { producer: recordProducer({ kafka, topic, at, acks, producer: id, form, spread, onFault }), limit };
}

function spreadFor({ partitions, leaders }: TopicAt): Spread {
  const led = [...leaders.keys()].toSorted((a, b) => a - b);
  const available = led.length > 0 ? led : Array.from({ length: partitions }, (_, index) => index);
  return spreadOver(partitions, available, Math.floor(Math.random() * available.length));
}

async function writeLines(
  producer: RecordProducer,
  limit: number,
  options: ProduceOptions,
  input: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  let wrong: BadLine | null = null;
  let lines = 0;
  const cut = recordCutter(options, producer);
  const cutter = lineCutter((bytes, start, end) => {
    lines += 1;
    if (wrong !== null) return;
    const why = cut(bytes, start, end);
    if (why !== null) wrong = { line: lines, bytes: end - start, why };
  });
  const bad = (): BadLine | null => wrong;
  const feed = async (): Promise<void> => {
    try {
      for await (const chunk of input) {
        cutter.take(chunk);
        if (cutter.pending() > limit) wrong ??= { line: lines + 1, bytes: cutter.pending(), why: "too-large-yet" };
        if (bad() !== null) return;
        await producer.room();
      }
      cutter.end();
    } catch (error) {
      // What ended the input, the end of it all tells.
      if (!(error instanceof Error && error.name === "AbortError")) throw error;
    }
  };
  try {
    await feed();
    await producer.finish();
  } catch (error) {
    throw unfinished(error, producer.written().records, options.acks, signal);
  }
  const { records } = producer.written();
  if (signal.aborted) throw interrupted(records);
  const found = bad();
  if (found !== null) throw new KctlError(badLineFault(found, records, limit, options));
}

type BadLine = {
  readonly line: number;
  readonly bytes: number;
  readonly why: "too-large" | "too-large-yet" | "no-separator";
};

/** Makes a record of a line; says why it cannot. */
function recordCutter(
  { keySeparator, nullText }: ProduceOptions,
  producer: RecordProducer,
): (bytes: Buffer, start: number, end: number) => BadLine["why"] | null {
  const separator = keySeparator === null ? null : Buffer.from(keySeparator);
  const nothing = nullText === null ? null : Buffer.from(nullText);
  const isNull = (bytes: Buffer, start: number, end: number): boolean =>
    nothing !== null && nothing.equals(bytes.subarray(start, end));
  return (bytes, start, end) => {
    let key: Buffer | null = null;
    let from = start;
    if (separator !== null) {
      const at = bytes.indexOf(separator, start);
      if (at < 0 || at + separator.length > end) return "no-separator";
      key = isNull(bytes, start, at) ? null : bytes.subarray(start, at);
      from = at + separator.length;
    }
    const added = producer.add(key, bytes, isNull(bytes, from, end) ? -1 : from, end);
    return added ? null : "too-large";
  };
}

function badLineFault({ line, bytes, why }: BadLine, records: number, limit: number, options: ProduceOptions) {
  const before = records === 1 ? "the record before it is written" : `the ${records} records before it are written`;
  const written = records === 0 ? "nothing is written" : before;
  if (why === "no-separator")
    return {
      code: "record-refused",
      what: `line ${line} has no ${JSON.stringify(options.keySeparator)} after a key; ${written}`,
      fix: "give every line a key, or leave --key-separator out",
    } as const;
  return {
    code: "record-refused",
    what: `line ${line} is too large: it has ${bytes} bytes${why === "too-large" ? "" : " or more"}, and ${options.topic} takes batches of ${limit} at most; ${written}`,
    fix: "write smaller records, or raise `max.message.bytes` of the topic",
  } as const;
}

function interrupted(records: number): KctlError {
  return new KctlError({
    code: "interrupted",
    what: `interrupted: ${records} ${records === 1 ? "record is" : "records are"} written`,
    fix: "the lines after them are not: write those again",
  });
}

/** Not all that was read is confirmed: how much is, whoever goes on by hand must know. */
export function unfinished(error: unknown, records: number, acks: Acks, signal: AbortSignal): unknown {
  const known = confirmedText(records, acks);
  const stopped: Fault = { code: "interrupted", what: `interrupted: ${known}`, fix: notTwice };
  if (isAbort(error, signal)) return new KctlError(stopped);
  const [first, ...more] = faultsOf(error);
  if (first === undefined || first.code === "internal") return error;
  const told = [{ ...first, what: `${first.what}; ${known}` }, ...more];
  return new KctlError(signal.aborted ? [stopped, ...told] : told, { cause: error });
}
