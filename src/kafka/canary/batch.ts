/**
 * Record batches, magic 2, as they go over the wire and lie on disk: the form is that of Kafka's DefaultRecordBatch and
 * DefaultRecord. Written here and not by the client library, so that a batch that is sent again is the very same, sequence included.
 */
import { compose } from "../wire/compose.ts";
import { crc32c } from "./crc32c.ts";

export type Producer = { readonly id: bigint; readonly epoch: number };

const headBytes = 61;
/** What the CRC covers begins here: the attributes. */
const coveredFrom = 21;
/** Compression (bits 0 to 2) and control batch (bit 5): neither is ever the canary's. */
const strange = 0b10_0111;

export function encodeBatch(values: readonly Buffer[], producer: Producer, sequence: number, now: bigint): Buffer {
  const records = Buffer.concat(values.map(encodeRecord));
  const covered = Buffer.concat([
    compose()
      .int16(0) // attributes
      .int32(values.length - 1) // last offset delta
      .int64(now) // first timestamp
      .int64(now) // last timestamp
      .int64(producer.id)
      .int16(producer.epoch)
      .int32(sequence)
      .int32(values.length)
      .done(),
    records,
  ]);
  const head = Buffer.alloc(coveredFrom);
  head.writeInt32BE(covered.length + coveredFrom - 12, 8); // after the base offset, which the leader gives, and itself
  head.writeInt32BE(-1, 12); // leader epoch
  head.writeInt8(2, 16); // magic
  head.writeUInt32BE(crc32c(covered), 17);
  return Buffer.concat([head, covered]);
}

function encodeRecord(value: Buffer, delta: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0, 0]), // attributes, timestamp delta
    varint(delta),
    varint(-1), // no key
    varint(value.length),
    value,
    Buffer.from([0]), // no headers
  ]);
  return Buffer.concat([varint(body.length), body]);
}

export type StoredRecord = {
  readonly offset: bigint;
  /** null: it has none, or its batch cannot be read, which is damaged, compressed, or none that a producer like the canary's writes. */
  readonly value: Buffer | null;
};

/** The records of whole batches, one after the other. */
export function* decodeBatches(bytes: Buffer): Generator<StoredRecord> {
  for (let at = 0; at + headBytes <= bytes.length;) {
    const length = bytes.readInt32BE(at + 8);
    if (length < headBytes - 12) throw new RangeError(`a batch says that it has ${length} bytes, fewer than its head`);
    const end = at + 12 + length;
    yield* decodeBatch(bytes.subarray(at, end));
    at = end;
  }
}

function* decodeBatch(batch: Buffer): Generator<StoredRecord> {
  const first = batch.readBigInt64BE(0);
  const sound = batch.readUInt32BE(17) === crc32c(batch.subarray(coveredFrom));
  if (!sound || batch.readInt8(16) !== 2 || (batch.readInt16BE(coveredFrom) & strange) !== 0) {
    // One stands for all of the batch: how many there are cannot be known for certain.
    yield { offset: first, value: null };
    return;
  }
  const read = reader(batch, headBytes);
  for (let left = batch.readInt32BE(57); left > 0; left -= 1) {
    const size = read.varint();
    const end = read.at() + size;
    read.skip(1); // attributes
    read.varint(); // timestamp delta
    const offset = first + BigInt(read.varint());
    read.skip(Math.max(0, read.varint())); // key
    const length = read.varint();
    yield { offset, value: length < 0 ? null : batch.subarray(read.at(), read.at() + length) };
    read.to(end);
  }
}

type Reader = {
  readonly at: () => number;
  readonly varint: () => number;
  readonly skip: (bytes: number) => void;
  readonly to: (at: number) => void;
};

function reader(bytes: Buffer, start: number): Reader {
  let at = start;
  return {
    at: () => at,
    skip: (count) => void (at += count),
    to: (there) => void (at = there),
    varint: () => {
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

/** Zigzag, then seven bits a byte, the lowest first. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
