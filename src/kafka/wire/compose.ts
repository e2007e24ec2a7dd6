/** Writes the bytes of a request in the types of Kafka's protocol (its older, non-flexible encoding). */

export type Compose = {
  int8(value: number): Compose;
  int16(value: number): Compose;
  int32(value: number): Compose;
  int64(value: bigint): Compose;
  boolean(value: boolean): Compose;
  string(value: string): Compose;
  /** null is Kafka's null array, which many requests read as "all". */
  array<Item>(items: readonly Item[] | null, one: (item: Item, compose: Compose) => void): Compose;
  done(): Buffer;
};

export function compose(): Compose {
  const parts: Buffer[] = [];
  const fixed = (size: number, write: (buffer: Buffer) => void): Compose => {
    const buffer = Buffer.alloc(size);
    write(buffer);
    parts.push(buffer);
    return self;
  };
  const self: Compose = {
    int8: (value) => fixed(1, (buffer) => buffer.writeInt8(value)),
    int16: (value) => fixed(2, (buffer) => buffer.writeInt16BE(value)),
    int32: (value) => fixed(4, (buffer) => buffer.writeInt32BE(value)),
    int64: (value) => fixed(8, (buffer) => buffer.writeBigInt64BE(value)),
    boolean: (value) => self.int8(value ? 1 : 0),
    string: (value) => {
      const bytes = Buffer.from(value, "utf8");
      self.int16(bytes.length);
      parts.push(bytes);
      return self;
    },
    array: (items, one) => {
      self.int32(items === null ? -1 : items.length);
      for (const item of items ?? []) one(item, self);
      return self;
    },
    done: () => Buffer.concat(parts),
  };
  return self;
}
