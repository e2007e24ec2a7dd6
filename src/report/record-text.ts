/** Records as they are printed: the bytes that they are, a line each, or an object of JSON each. */
import { isUtf8 } from "node:buffer";
import { headersOf, type ReadHeader, type RecordView } from "../kafka/records/batch-reader.ts";
import type { Printer } from "../kafka/records/delivery.ts";

type Out = {
  readonly copy: (source: Buffer, start: number, end: number) => void;
  readonly bytes: () => number;
  readonly take: () => Buffer;
};

const firstSize = 256 * 1024;

function out(): Out {
  let buffer = Buffer.allocUnsafeSlow(firstSize);
  let at = 0;
  return {
    bytes: () => at,
    copy: (source, start, end) => {
      const needed = at + end - start;
      if (needed > buffer.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(needed, buffer.length * 2));
        buffer.copy(larger, 0, 0, at);
        buffer = larger;
      }
      at += source.copy(buffer, at, start, end);
    },
    take: () => {
      const taken = buffer.subarray(0, at);
      at = 0;
      return taken;
    },
  };
}

const newline = Buffer.from("\n");

export type TextForm = {
  /** Printed between key and value; null: keys are not printed. */
  readonly separator: string | null;
  /** Printed for a key or value that is null. */
  readonly nothing: string;
};

/** Byte by byte what was written: what a value has of line ends is left as it is. */
export function textPrinter({ separator, nothing }: TextForm): Printer {
  const { copy, bytes, take } = out();
  const between = separator === null ? null : Buffer.from(separator);
  const none = Buffer.from(nothing);
  const part = (source: Buffer, start: number, end: number): void => {
    if (start < 0) copy(none, 0, none.length);
    else copy(source, start, end);
  };
  return {
    bytes,
    take,
    put: (_partition, record) => {
      if (between !== null) {
        part(record.bytes, record.keyStart, record.keyEnd);
        copy(between, 0, between.length);
      }
      part(record.bytes, record.valueStart, record.valueEnd);
      copy(newline, 0, 1);
    },
  };
}

export function jsonPrinter(topic: string): Printer {
  const { copy, bytes, take } = out();
  return {
    bytes,
    take,
    put: (partition, record) => {
      const line = Buffer.from(`${JSON.stringify(recordFields(topic, partition, record))}\n`);
      copy(line, 0, line.length);
    },
  };
}

/** The last time that a Date can be: some clients write nanoseconds where Kafka has milliseconds. */
const longestTime = 8.64e15;

/** Bytes that are no text come as base64 beside it, in a field of their own; so do headers of which several have one name. */
function recordFields(topic: string, partition: number, record: RecordView): Record<string, unknown> {
  const { bytes, offset, timestamp, keyStart, keyEnd, valueStart, valueEnd } = record;
  const key = keyStart < 0 ? null : bytes.subarray(keyStart, keyEnd);
  const value = valueStart < 0 ? null : bytes.subarray(valueStart, valueEnd);
  const headers = headersOf(record);
  const strange = headers.filter(([, bytes]) => bytes !== null && !isUtf8(bytes));
  return {
    type: "record",
    topic,
    partition,
    offset,
    timestamp: timestamp < 0 || timestamp > longestTime ? null : new Date(timestamp).toISOString(),
    key: textOf(key),
    value: textOf(value),
    headers: Object.fromEntries(headers.map(([name, bytes]) => [name, textOf(bytes)])),
    ...(key === null || isUtf8(key) ? {} : { keyBase64: key.toString("base64") }),
    ...(value === null || isUtf8(value) ? {} : { valueBase64: value.toString("base64") }),
    ...(strange.length === 0 ? {} : { headersBase64: Object.fromEntries(strange.map(base64Of)) }),
    ...(hasTwins(headers) ? { headerList: headers.map(headerFields) } : {}),
  };
}

function hasTwins(headers: readonly ReadHeader[]): boolean {
  return headers.length > 1 && new Set(headers.map(([name]) => name)).size < headers.length;
}

function headerFields([name, value]: ReadHeader): Record<string, unknown> {
  return {
    name,
    value: textOf(value),
    ...(value === null || isUtf8(value) ? {} : { valueBase64: value.toString("base64") }),
  };
}

function textOf(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString("utf8");
}

function base64Of([name, bytes]: ReadHeader): readonly [string, string] {
  return [name, (bytes ?? Buffer.alloc(0)).toString("base64")];
}
