/** Reads the bytes of an answer in the types of Kafka's protocol; whatever does not fit is said, never guessed. */
import { KctlError } from "../../fault.ts";

export type Cursor = {
  int8(): number;
  int16(): number;
  uint16(): number;
  int32(): number;
  int64(): bigint;
  boolean(): boolean;
  string(): string;
  nullableString(): string | null;
  /** Bytes with a length of 32 bits before them; empty for null. */
  bytes(): Buffer;
  /** A null array is an empty one. */
  array<Item>(one: () => Item): Item[];
  /** An id as Kafka prints it; null for its zero id, which means none. */
  uuid(): string | null;
  compactString(): string;
  compactNullableString(): string | null;
  /** A null array is an empty one. */
  compactArray<Item>(one: () => Item): Item[];
  /** The tagged fields at the end of each structure of a flexible version; those that `known` does not have are passed over. */
  tags(known?: Readonly<Record<number, (field: Cursor) => void>>): void;
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
  const elements = <Item>(count: number, one: () => Item): Item[] => {
    // Each element has a byte at least: a count beyond that would only waste memory before it fails.
    if (count > frame.length - at) throw malformed(`an array of ${count} elements in ${frame.length - at} bytes`);
    return Array.from({ length: Math.max(count, 0) }, one);
  };
  const unsignedVarint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = frame.readUInt8(take(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed("a number of more than five bytes");
  };
  const self: Cursor = {
    int8: () => frame.readInt8(take(1)),
    int16: () => frame.readInt16BE(take(2)),
    uint16: () => frame.readUInt16BE(take(2)),
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
    array: (one) => elements(self.int32(), one),
    uuid: () => {
      const start = take(16);
      const bytes = frame.subarray(start, start + 16);
      return bytes.every((byte) => byte === 0) ? null : bytes.toString("base64url");
    },
    compactString: () => text(unsignedVarint() - 1),
    compactNullableString: () => {
      const size = unsignedVarint() - 1;
      return size === -1 ? null : text(size);
    },
    compactArray: (one) => elements(unsignedVarint() - 1, one),
    tags: (known = {}) => {
      for (let left = unsignedVarint(); left > 0; left -= 1) {
        const tag = unsignedVarint();
        const size = unsignedVarint();
        const start = take(size);
        known[tag]?.(cursor(frame.subarray(start, start + size)));
      }
    },
  };
  return self;
}
