/** Decompresses snappy (google/snappy: format_description.txt), bare or in the frame of snappy-java, which Java's producers write. */
import { growing } from "./growing.ts";

const frameMark = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** The mark, and two versions of four bytes. */
const frameHead = 16;

export function unsnappy(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, frameMark.length).equals(frameMark)) return block(bytes);
  const blocks: Buffer[] = [];
  for (let at = frameHead; at < bytes.length;) {
    const size = bytes.readInt32BE(at);
    if (size < 0 || at + 4 + size > bytes.length) throw new RangeError("it ends too early");
    blocks.push(block(bytes.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  return Buffer.concat(blocks);
}

function block(bytes: Buffer): Buffer {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes.readUInt8(at);
    at += 1;
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  const out = growing(size);
  while (at < bytes.length) {
    const tag = bytes.readUInt8(at);
    at += 1;
    if ((tag & 3) === 0) {
      // Bytes as they are: up to 60 in the tag, beyond that in one to four bytes after it.
      const wide = Math.max(0, (tag >>> 2) - 59);
      const length = (wide === 0 ? tag >>> 2 : bytes.readUIntLE(at, wide)) + 1;
      out.put(bytes, at + wide, length);
      at += wide + length;
    } else if ((tag & 3) === 1) {
      out.repeat(((tag >>> 5) << 8) | bytes.readUInt8(at), ((tag >>> 2) & 7) + 4);
      at += 1;
    } else {
      const wide = (tag & 3) === 2 ? 2 : 4;
      out.repeat(bytes.readUIntLE(at, wide), (tag >>> 2) + 1);
      at += wide;
    }
  }
  const done = out.done();
  if (done.length !== size) throw new RangeError(`${done.length} bytes came of it, not ${size}`);
  return done;
}
