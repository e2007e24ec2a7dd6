/** The whole numbers of Kafka's records: zigzag, then seven bits a byte, the lowest first. Of 32 bits, which all that kctl writes have. */

export function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

/** @returns where it ends */
export function putVarint(into: Uint8Array, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let end = at;
  for (; zigzag > 0x7f; zigzag >>>= 7) {
    into[end] = (zigzag & 0x7f) | 0x80;
    end += 1;
  }
  into[end] = zigzag;
  return end + 1;
}
