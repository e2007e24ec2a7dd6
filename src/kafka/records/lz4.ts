/** Decompresses LZ4 frames (lz4/lz4: lz4_Frame_format.md and lz4_Block_format.md). Kafka's CRC guards them: their checksums are passed over. */
import { growing, type Growing } from "./growing.ts";

const magic = 0x184d_2204;
/** What the frame's flags say that it has. */
const flags = { dictionary: 0b1, contentChecksum: 0b100, contentSize: 0b1000, blockChecksum: 0b1_0000 } as const;
const isRaw = 0x8000_0000;

export function unlz4(bytes: Buffer): Buffer {
  const out = growing(bytes.length * 4);
  for (let at = 0; at < bytes.length;) at = frame(bytes, at, out);
  return out.done();
}

/** @returns where it ends */
function frame(bytes: Buffer, start: number, out: Growing): number {
  if (bytes.readUInt32LE(start) !== magic) throw new RangeError("it is no LZ4 frame");
  const flag = bytes.readUInt8(start + 4);
  const has = (which: number): boolean => (flag & which) !== 0;
  // Magic, flags and block size; then what the flags say; then the head's own checksum.
  let at = start + 6 + (has(flags.contentSize) ? 8 : 0) + (has(flags.dictionary) ? 4 : 0) + 1;
  for (;;) {
    const size = bytes.readUInt32LE(at);
    at += 4;
    if (size === 0) return at + (has(flags.contentChecksum) ? 4 : 0);
    const length = size % isRaw;
    if (at + length > bytes.length) throw new RangeError("it ends too early");
    if (size >= isRaw) out.put(bytes, at, length);
    else block(bytes.subarray(at, at + length), out);
    at += length + (has(flags.blockChecksum) ? 4 : 0);
  }
}

/** Blocks may point back into those before them: all go into one. */
function block(bytes: Buffer, out: Growing): void {
  let at = 0;
  const more = (length: number): number => {
    let whole = length;
    if (length !== 15) return whole;
    for (;;) {
      const byte = bytes.readUInt8(at);
      at += 1;
      whole += byte;
      if (byte !== 255) return whole;
    }
  };
  while (at < bytes.length) {
    const token = bytes.readUInt8(at);
    at += 1;
    const literals = more(token >>> 4);
    out.put(bytes, at, literals);
    at += literals;
    if (at >= bytes.length) return;
    const distance = bytes.readUInt16LE(at);
    at += 2;
    out.repeat(distance, more(token & 15) + 4);
  }
}
