/** Output of a decompressor whose size is known only once it is all there: bytes are added, and copied from what is there already. */

export type Growing = {
  readonly put: (source: Buffer, start: number, length: number) => void;
  /** From `distance` bytes back, which may overlap what is being written: so a run of one byte is written. */
  readonly repeat: (distance: number, length: number) => void;
  readonly done: () => Buffer;
};

/** However little it takes to say so, no batch that a broker takes holds more: what claims to is damaged, or a bomb. */
const most = 1024 * 1024 * 1024;

export function growing(expected: number): Growing {
  let out = Buffer.allocUnsafe(Math.max(64, Math.min(expected, 16 * 1024 * 1024)));
  let at = 0;
  const room = (length: number): void => {
    if (at + length > most) throw new RangeError("it decompresses to more than 1 GiB");
    if (at + length <= out.length) return;
    const larger = Buffer.allocUnsafe(Math.max(at + length, out.length * 2));
    out.copy(larger, 0, 0, at);
    out = larger;
  };
  return {
    put: (source, start, length) => {
      if (start + length > source.length) throw new RangeError("it ends too early");
      room(length);
      source.copy(out, at, start, start + length);
      at += length;
    },
    repeat: (distance, length) => {
      if (distance < 1 || distance > at) throw new RangeError("it points before its beginning");
      room(length);
      if (distance >= length) out.copyWithin(at, at - distance, at - distance + length);
      else for (let step = 0; step < length; step += 1) out[at + step] = out[at + step - distance] ?? 0;
      at += length;
    },
    done: () => out.subarray(0, at),
  };
}
