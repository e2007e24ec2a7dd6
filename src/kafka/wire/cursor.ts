/** Reads the bytes of an answer in the types of Kafka's protocol; whatever does not fit is said, never guessed. */
import { KctlError } from "../../fault.ts";

export type Cursor = {
  int8(): number;
  int16(): number;
  int32(): number;
  int64(): bigint;
  boolean(): boolean;
  string(): string;
  nullableString(): string | null;
  /** Bytes with a length of 32 bits before them; empty for null. */
  bytes(): Buffer;
  /** A null array is an empty one. */
  array<Item>(one: () => Item): Item[];
};

export function malformed(why: string): KctlError {
  return new KctlError({ code: "kafka-unreachable", what: `what it sent is no answer of Kafka's: ${why}` });
}

export function cursor(frame: Buffer): Cursor {
  let at = 0;
  const take = (size: number): number => {
    if (size < 0 || size > frame.length - at) {
      throw malformed(`${size} bytes wanted at ${at}, of ${frame.length} in all`);
    }
    at += size;
    return at - size;
  };
  const text = (size: number): string => {
    const start = take(size);
    return frame.toString("utf8", start, start + size);
  };
  const self: Cursor = {
    int8: () => frame.readInt8(take(1)),
    int16: () => frame.readInt16BE(take(2)),
    int32: () => frame.readInt32BE(take(4)),
    int64: () => frame.readBigInt64BE(take(8)),
    boolean: () => self.int8() !== 0,
    string: () => text(self.int16()),
    nullableString: () => {
      const size = self.int16();
      return size === -1 ? null : text(size);
    },
    bytes: () => {
      const size = self.int32();
      if (size === -1) return Buffer.alloc(0);
      const start = take(size);
      return frame.subarray(start, start + size);
    },
    array: (one) => {
      const count = self.int32();
      // Each element has a byte at least: a count beyond that would only waste memory before it fails.
      if (count > frame.length - at) throw malformed(`an array of ${count} elements in ${frame.length - at} bytes`);
      return Array.from({ length: Math.max(count, 0) }, one);
    },
  };
  return self;
}
