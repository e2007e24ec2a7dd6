/**
 * CRC-32C (Castagnoli), which Kafka guards its record batches with; Node's own is another polynomial. Eight bytes a step, by
 * eight tables ("slicing by 8"): a byte at a time would be most of the work of writing and reading records.
 */

const polynomial = 0x82f6_3b78;

/** 256 entries for each of the eight places of a byte in a step, one after the other. */
const tables = makeTables();

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    made[byte] = value;
  }
  for (let at = 256; at < made.length; at += 1) {
    const before = made[at - 256] ?? 0;
    made[at] = (before >>> 8) ^ (made[before & 0xff] ?? 0);
  }
  return made;
}

export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  // Indexes below are within the arrays: `as number` in place of a test in the innermost loop.
  const table = (index: number): number => tables[index] as number;
  const byte = (index: number): number => bytes[index] as number;
  let crc = -1;
  let at = start;
  for (const whole = end - ((end - start) % 8); at < whole; at += 8) {
    crc ^= byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24);
    crc =
      table(1792 + (crc & 0xff)) ^
      table(1536 + ((crc >>> 8) & 0xff)) ^
      table(1280 + ((crc >>> 16) & 0xff)) ^
      table(1024 + (crc >>> 24)) ^
      table(768 + byte(at + 4)) ^
      table(512 + byte(at + 5)) ^
      table(256 + byte(at + 6)) ^
      table(byte(at + 7));
  }
  for (; at < end; at += 1) crc = (crc >>> 8) ^ table((crc ^ byte(at)) & 0xff);
  return ~crc >>> 0;
}
