/** Reads record batches, magic 2, one record after the other without an object for each: see batch-builder.ts for their form. */
import { crc32c } from "./crc32c.ts";
import { coveredFrom, headBytes } from "./batch-builder.ts";

export type Batch = {
  readonly firstOffset: number;
  /** What is read next after it; more than the number of its records where some were compacted away. */
  readonly next: number;
  /** By the number that Kafka has for it; 0: none. */
  readonly codec: number;
  /** Kafka's own marks, such as the end of a transaction; not for consumers. */
  readonly control: boolean;
  readonly transactional: boolean;
  /** When Kafka, and not who wrote it, took the time: it stands for all its records. */
  readonly appendTime: number | null;
  readonly producerId: bigint;
  readonly firstTime: number;
  readonly records: number;
  /** The records as they lie there. */
  readonly body: Buffer;
};

/** What is read of a batch: of one that is damaged, or of a form that is none of these, only where it is. */
export type BatchSeen =
  | { readonly kind: "sound"; readonly batch: Batch }
  | { readonly kind: "damaged" | "old"; readonly firstOffset: number };

/** Whole batches, one after the other. */
export function* batchesIn(bytes: Buffer): Generator<BatchSeen> {
  for (let at = 0; at + headBytes <= bytes.length;) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    if (end < at + headBytes) throw new RangeError(`a batch says that it has ${end - at} bytes, fewer than its head`);
    yield seen(bytes.subarray(at, end));
    at = end;
  }
}

function seen(bytes: Buffer): BatchSeen {
  const firstOffset = Number(bytes.readBigInt64BE(0));
  // Those before it (magic 0 and 1, of Kafka before 0.11) have their CRC elsewhere.
  if (bytes.readInt8(16) < 2) return { kind: "old", firstOffset };
  if (bytes.readInt8(16) !== 2 || bytes.readUInt32BE(17) !== crc32c(bytes, coveredFrom))
    return { kind: "damaged", firstOffset };
  const attributes = bytes.readInt16BE(coveredFrom);
  const batch = {
    firstOffset,
    next: firstOffset + bytes.readInt32BE(23) + 1,
    codec: attributes & 0b111,
    appendTime: (attributes & 0b1000) === 0 ? null : Number(bytes.readBigInt64BE(35)),
    transactional: (attributes & 0b1_0000) !== 0,
    control: (attributes & 0b10_0000) !== 0,
    producerId: bytes.readBigInt64BE(43),
    firstTime: Number(bytes.readBigInt64BE(27)),
    records: bytes.readInt32BE(57),
    body: bytes.subarray(headBytes),
  };
  return { kind: "sound", batch };
}

/** Where a record's parts lie; the object is the same for all records, and holds only until the next. */
export type RecordView = {
  bytes: Buffer;
  offset: number;
  /** Milliseconds; -1: it has none. */
  timestamp: number;
  /** -1: null. */
  keyStart: number;
  keyEnd: number;
  /** -1: null. */
  valueStart: number;
  valueEnd: number;
  headersStart: number;
};

/** @param take returns false where it has seen enough */
export function readRecords(
  { firstOffset, firstTime, appendTime, records }: Batch,
  body: Buffer,
  take: (record: RecordView) => boolean,
): void {
  const read = reader(body);
  const view: RecordView = {
    bytes: body,
    offset: 0,
    timestamp: -1,
    keyStart: -1,
    keyEnd: -1,
    valueStart: -1,
    valueEnd: -1,
    headersStart: 0,
  };
  for (let left = records; left > 0; left -= 1) {
    const size = read.varint();
    const end = read.at() + size;
    read.skip(1); // attributes
    view.timestamp = firstTime + read.varint();
    if (appendTime !== null) view.timestamp = appendTime;
    view.offset = firstOffset + read.varint();
    const keyLength = read.varint();
    view.keyStart = keyLength < 0 ? -1 : read.at();
    read.skip(Math.max(0, keyLength));
    view.keyEnd = read.at();
    const length = read.varint();
    view.valueStart = length < 0 ? -1 : read.at();
    read.skip(Math.max(0, length));
    view.valueEnd = read.at();
    view.headersStart = read.at();
    if (end > body.length || view.headersStart >= end) throw new RangeError("a record ends beyond its batch");
    if (!take(view)) return;
    read.to(end);
  }
}

export type ReadHeader = readonly [name: string, value: Buffer | null];

export function headersOf({ bytes, headersStart }: RecordView): readonly ReadHeader[] {
  const read = reader(bytes, headersStart);
  const take = (length: number): Buffer => {
    const start = read.at();
    read.skip(length);
    return bytes.subarray(start, read.at());
  };
  return Array.from({ length: read.varint() }, (): ReadHeader => {
    const name = take(read.varint()).toString("utf8");
    const length = read.varint();
    return [name, length < 0 ? null : take(length)];
  });
}

type Reader = {
  readonly at: () => number;
  readonly varint: () => number;
  readonly skip: (bytes: number) => void;
  readonly to: (at: number) => void;
};

function reader(bytes: Buffer, start = 0): Reader {
  let at = start;
  return {
    at: () => at,
    skip: (count) => void (at += count),
    to: (there) => void (at = there),
    varint: () => {
      const first = bytes[at];
      if (first !== undefined && first < 0x80) {
        at += 1;
        return (first >>> 1) ^ -(first & 1);
      }
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes.readUInt8(at);
        at += 1;
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
    },
  };
}
