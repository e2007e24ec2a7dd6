/**
 * Builds record batches, magic 2, as they go over the wire and lie on disk: the form is that of Kafka's DefaultRecordBatch and
 * DefaultRecord. A record is written straight to where it is sent from.
 */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { crc32c } from "./crc32c.ts";
import { putVarint, varintSize } from "./varint.ts";

/** Who writes, for Kafka to know a batch that comes twice; without one it cannot. */
export type ProducerId = { readonly id: bigint; readonly epoch: number };
export const noProducer: ProducerId = { id: -1n, epoch: -1 };

export const compressions = ["none", "gzip", "zstd"] as const;
export type Compression = (typeof compressions)[number];

/** In the order of the numbers that Kafka has for codecs; the two that are missing kctl only reads. */
const codecs: Readonly<Record<Compression, number>> = { none: 0, gzip: 1, zstd: 4 };

export const headBytes = 61;
/** What the CRC covers begins here: the attributes. */
export const coveredFrom = 21;

export type Header = readonly [name: string, value: Buffer];

export type BatchBuilder = {
  /** A record whose value is `source` from `start` to `end`, null where `start` is -1. False: it does not fit in any more. */
  readonly append: (key: Uint8Array | null, source: Buffer, start: number, end: number, now: number) => boolean;
  /** How many records there are. */
  readonly count: () => number;
  /** As a batch would have them that is not compressed. */
  readonly bytes: () => number;
  /** The batch, ready to be sent; it lies in memory of the pool, which has it back by `release`. */
  readonly finish: (producer: ProducerId, sequence: number) => FinishedBatch;
};

export type FinishedBatch = { readonly bytes: Buffer; readonly release: () => void };

/** Memory that is used again: a batch is as large as many records, and a run has thousands of batches. */
export type Pool = { readonly take: (size: number) => Buffer; readonly give: (buffer: Buffer) => void };

const mostIdle = 64;

export function bufferPool(): Pool {
  const idle = new Map<number, Buffer[]>();
  return {
    take: (size) => idle.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size),
    give: (buffer) => {
      const same = idle.get(buffer.length) ?? [];
      if (same.length < mostIdle) same.push(buffer);
      idle.set(buffer.length, same);
    },
  };
}

const firstSize = 16 * 1024;

export type BatchForm = {
  /** The largest batch that the topic takes, in bytes: one of a single record may be so large. */
  readonly limit: number;
  /** Beyond this a batch takes no further record. */
  readonly target: number;
  readonly compression: Compression;
  /** As `headerBytes` makes them: the same for every record. */
  readonly headers: Buffer;
};

/** The headers of a record, with their number. */
export function headerBytes(headers: readonly Header[]): Buffer {
  const parts = headers.flatMap(([name, value]) => {
    const text = Buffer.from(name);
    return [varint(text.length), text, varint(value.length), value];
  });
  return Buffer.concat([varint(headers.length), ...parts]);
}

function varint(value: number): Buffer {
  const bytes = Buffer.alloc(varintSize(value));
  putVarint(bytes, 0, value);
  return bytes;
}

export function batchBuilder({ limit, target, compression, headers }: BatchForm, pool: Pool): BatchBuilder {
  let buffer = pool.take(firstSize);
  let at = headBytes;
  let count = 0;
  let firstTime = 0;
  let lastTime = 0;
  const grow = (needed: number): void => {
    let size = buffer.length;
    while (size < needed) size *= 2;
    const larger = pool.take(size);
    buffer.copy(larger, 0, 0, at);
    pool.give(buffer);
    buffer = larger;
  };
  return {
    count: () => count,
    bytes: () => at,
    append: (key, source, start, end, now) => {
      if (count === 0) firstTime = now;
      const time = Math.max(0, now - firstTime);
      const keyLength = key === null ? -1 : key.length;
      const length = start < 0 ? -1 : end - start;
      const sizes = varintSize(time) + varintSize(count) + varintSize(keyLength) + varintSize(length);
      const body = 1 + sizes + Math.max(0, keyLength) + Math.max(0, length) + headers.length;
      const needed = at + varintSize(body) + body;
      if (needed > limit || (count > 0 && needed > target)) return false;
      if (needed > buffer.length) grow(needed);
      at = putVarint(buffer, at, body);
      buffer[at] = 0; // attributes
      at = putVarint(buffer, at + 1, time);
      at = putVarint(buffer, at, count);
      at = putVarint(buffer, at, keyLength);
      if (key !== null) {
        buffer.set(key, at);
        at += key.length;
      }
      at = putVarint(buffer, at, length);
      if (length > 0) at += source.copy(buffer, at, start, end);
      buffer.set(headers, at);
      at += headers.length;
      count += 1;
      lastTime = firstTime + time;
      return true;
    },
    finish: (producer, sequence) => {
      const release = (): void => pool.give(buffer);
      const bytes = compressed(buffer.subarray(0, at), compression);
      writeHead(bytes, { producer, sequence, count, firstTime, lastTime, codec: codecs[compression] });
      return { bytes, release };
    },
  };
}

/** With room for the head before the records. */
function compressed(bytes: Buffer, compression: Compression): Buffer {
  if (compression === "none") return bytes;
  const compress = compression === "gzip" ? gzipSync : zstdCompressSync;
  return Buffer.concat([Buffer.alloc(headBytes), compress(bytes.subarray(headBytes))]);
}

type Head = {
  readonly producer: ProducerId;
  readonly sequence: number;
  readonly count: number;
  readonly firstTime: number;
  readonly lastTime: number;
  readonly codec: number;
};

function writeHead(batch: Buffer, { producer, sequence, count, firstTime, lastTime, codec }: Head): void {
  batch.writeBigInt64BE(0n, 0); // base offset, which the leader gives
  batch.writeInt32BE(batch.length - 12, 8); // after the base offset and itself
  batch.writeInt32BE(-1, 12); // leader epoch
  batch.writeInt8(2, 16); // magic
  batch.writeInt16BE(codec, coveredFrom); // attributes
  batch.writeInt32BE(count - 1, 23); // last offset delta
  batch.writeBigInt64BE(BigInt(firstTime), 27);
  batch.writeBigInt64BE(BigInt(lastTime), 35);
  batch.writeBigInt64BE(producer.id, 43);
  batch.writeInt16BE(producer.epoch, 51);
  batch.writeInt32BE(sequence, 53);
  batch.writeInt32BE(count, 57);
  batch.writeUInt32BE(crc32c(batch, coveredFrom), 17);
}
