/**
 * Kafka's default partitioner for records with a key: murmur2 of the key's bytes, its sign bit cleared, modulo the number of
 * partitions. Written after org.apache.kafka.common.utils.Utils.murmur2 and toPositive. The client library's own default
 * counts the sign bit as 2^31 instead, and so disagrees with Java for half of all keys where the partitions are no power of 2.
 */

const seed = 0x9747b28c;
const m = 0x5bd1e995;

/** The hash as Java's signed int. */
export function murmur2(data: Uint8Array): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const whole = data.length - (data.length % 4);
  let h = seed ^ data.length;
  for (let at = 0; at < whole; at += 4) {
    let k = Math.imul(view.getInt32(at, true), m);
    k = Math.imul(k ^ (k >>> 24), m);
    h = Math.imul(h, m) ^ k;
  }
  if (whole < data.length) {
    for (let at = data.length - 1; at >= whole; at -= 1) h ^= view.getUint8(at) << (8 * (at - whole));
    h = Math.imul(h, m);
  }
  h = Math.imul(h ^ (h >>> 13), m);
  return h ^ (h >>> 15);
}

export function partitionForKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
