/** From fetched batches to what was printed: which records those are, up to where, and how far the reader of the output has them. */
import { KctlError } from "../../fault.ts";
import type { FetchedPartition } from "../wire/fetch.ts";
import { batchesIn, readRecords, type Batch, type RecordView } from "./batch-reader.ts";
import { decompress } from "./codecs.ts";
import { isShown } from "./committed.ts";

/** Collects what is to be written. */
export type Printer = {
  readonly put: (partition: number, record: RecordView) => void;
  /** How many bytes were collected. */
  readonly bytes: () => number;
  /** They lie there only until the next record is put. */
  readonly take: () => Buffer;
};

export type DeliveryOptions = {
  readonly topic: string;
  readonly printer: Printer;
  /** Resolves once they are written; to false where nobody reads them any more. */
  readonly write: (bytes: Buffer) => Promise<boolean>;
  /** Null: all. */
  readonly most: number | null;
  readonly committed: boolean;
};

export type Delivery = {
  /** Resolves to false where that was enough. */
  readonly deliver: (part: FetchedPartition) => Promise<boolean>;
  /** From where on records are printed. */
  readonly start: (positions: ReadonlyMap<number, bigint>) => void;
  /** The offset of the next record of each partition whose records were written. */
  readonly written: () => ReadonlyMap<number, bigint>;
  readonly records: () => number;
  /** Nobody reads any more, or there were as many as were asked for. */
  readonly isOver: () => boolean;
};

/** So much is collected before it is written. */
const writeBytes = 64 * 1024;

export function delivery(options: DeliveryOptions): Delivery {
  const { printer, write, most, committed } = options;
  const printed = new Map<number, bigint>();
  const written = new Map<number, bigint>();
  let records = 0;
  let recordsWritten = 0;
  let closed = false;
  const isFull = (): boolean => most !== null && records >= most;
  const flush = async (): Promise<boolean> => {
    if (printer.bytes() > 0 && !closed) closed = !(await write(printer.take()));
    if (closed) return false;
    for (const [partition, offset] of printed) written.set(partition, offset);
    recordsWritten = records;
    return true;
  };
  /** @returns the offset after the last that was printed, or passed over */
  const print = (partition: number, batch: Batch, body: Buffer, from: number): number => {
    let next = batch.next;
    readRecords(batch, body, (record) => {
      if (record.offset < from) return true;
      printer.put(partition, record);
      records += 1;
      if (isFull()) next = record.offset + 1;
      return !isFull();
    });
    return next;
  };
  /** What lies before it is written first. */
  const refused = async (partition: number, offset: number, why: string): Promise<KctlError> => {
    await flush();
    return unreadable(options.topic, partition, offset, why);
  };
  return {
    start: (positions) => {
      printed.clear();
      written.clear();
      for (const [partition, offset] of positions) printed.set(partition, offset);
    },
    written: () => written,
    records: () => recordsWritten,
    isOver: () => closed || isFull(),
    deliver: async ({ partition, batches, aborted, next }) => {
      const from = Number(printed.get(partition) ?? 0n);
      const shown = committed ? isShown(aborted) : (batch: Batch): boolean => !batch.control;
      for (const seen of batchesIn(batches)) {
        if (closed || isFull()) break;
        if (seen.kind !== "sound") throw await refused(partition, seen.firstOffset, wrong[seen.kind]);
        const { batch } = seen;
        let to = batch.next;
        if (shown(batch)) {
          const opened = decompress(batch.codec, batch.body);
          if ("why" in opened) throw await refused(partition, batch.firstOffset, opened.why);
          to = print(partition, batch, opened.body, from);
        }
        printed.set(partition, BigInt(to));
        if (printer.bytes() >= writeBytes) await flush();
      }
      if (!closed && !isFull() && next !== null) printed.set(partition, next);
      return (await flush()) && !isFull();
    },
  };
}

const wrong = {
  damaged: "their batch is damaged: its CRC is another one",
  old: "they are in a format that is older than Kafka 0.11, which kctl does not read",
} as const;

function unreadable(topic: string, partition: number, offset: number, why: string): KctlError {
  return new KctlError({
    code: "record-unreadable",
    what: `the records of ${topic} from offset ${offset} of partition ${partition} on cannot be read: ${why}`,
    fix: "go on behind them with --partition and --offset",
  });
}
