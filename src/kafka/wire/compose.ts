/** Writes the bytes of a request in the types of Kafka's protocol; "compact" ones are those of its flexible versions (KIP-482). */

export type Compose = {
  int8(value: number): Compose;
  int16(value: number): Compose;
  uint16(value: number): Compose;
  int32(value: number): Compose;
  int64(value: bigint): Compose;
  boolean(value: boolean): Compose;
  string(value: string): Compose;
  nullableString(value: string | null): Compose;
  /** With a length of 32 bits before them; null is Kafka's null. */
  bytes(value: Buffer | null): Compose;
  /** null is Kafka's null array, which many requests read as "all". */
  array<Item>(items: readonly Item[] | null, one: (item: Item, compose: Compose) => void): Compose;
  /** An id as Kafka prints it: 16 bytes in URL-safe base64; null is its zero id. */
  uuid(value: string | null): Compose;
  compactString(value: string | null): Compose;
  compactArray<Item>(items: readonly Item[] | null, one: (item: Item, compose: Compose) => void): Compose;
  /** Each structure of a flexible version ends with its tagged fields: none, here. */
  noTags(): Compose;
  done(): Buffer;
};

const uuidBytes = 16;

export function compose(): Compose {
  const parts: Buffer[] = [];
  const append = (bytes: Buffer): Compose => {
    parts.push(bytes);
    return self;
  };
  const fixed = (size: number, write: (buffer: Buffer) => void): Compose => {
    const buffer = Buffer.alloc(size);
    write(buffer);
    return append(buffer);
  };
  const each = <Item>(items: readonly Item[] | null, one: (item: Item, compose: Compose) => void): Compose => {
    for (const item of items ?? []) one(item, self);
    return self;
  };
  const self: Compose = {
    int8: (value) => fixed(1, (buffer) => buffer.writeInt8(value)),
    int16: (value) => fixed(2, (buffer) => buffer.writeInt16BE(value)),
    uint16: (value) => fixed(2, (buffer) => buffer.writeUInt16BE(value)),
    int32: (value) => fixed(4, (buffer) => buffer.writeInt32BE(value)),
    int64: (value) => fixed(8, (buffer) => buffer.writeBigInt64BE(value)),
    boolean: (value) => self.int8(value ? 1 : 0),
    string: (value) => {
      const bytes = Buffer.from(value, "utf8");
      self.int16(bytes.length);
      return append(bytes);
    },
    nullableString: (value) => (value === null ? self.int16(-1) : self.string(value)),
    bytes: (value) => {
      self.int32(value === null ? -1 : value.length);
      return value === null ? self : append(value);
    },
    array: (items, one) => {
      self.int32(items === null ? -1 : items.length);
      return each(items, one);
    },
    uuid: (value) => {
      const bytes = value === null ? Buffer.alloc(uuidBytes) : Buffer.from(value, "base64url");
      if (bytes.length !== uuidBytes) throw new RangeError(`${value} is not an id of ${uuidBytes} bytes`);
      return append(bytes);
    },
    compactString: (value) => {
      if (value === null) return append(unsignedVarint(0));
      const bytes = Buffer.from(value, "utf8");
      append(unsignedVarint(bytes.length + 1));
      return append(bytes);
    },
    compactArray: (items, one) => {
      append(unsignedVarint(items === null ? 0 : items.length + 1));
      return each(items, one);
    },
    noTags: () => append(unsignedVarint(0)),
    done: () => Buffer.concat(parts),
  };
  return self;
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function unsignedVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
