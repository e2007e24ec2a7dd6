/** The canary's records: each says which run, partition and number it is, and can be made again to be compared byte by byte. */

const mark = "kctl-canary";

/** Sizes differ, so that records do not stand at round places; the filler differs from record to record. */
export function valueOf(run: string, partition: number, number: number): Buffer {
  const filler = String.fromCodePoint(97 + (number % 26)).repeat(number % 64);
  return Buffer.from(`${mark} ${run} ${partition} ${number} ${filler}`, "latin1");
}

/** The number of the record with this value; null where it is not, byte for byte, one that this run wrote to this partition. */
export function numberOf(run: string, partition: number, value: Buffer): number | null {
  const [, , , text] = value.toString("latin1").split(" ", 4);
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) return null;
  return valueOf(run, partition, number).equals(value) ? number : null;
}

/** Whether some run of the canary wrote it. */
export function isCanarys(value: Buffer): boolean {
  return value.subarray(0, mark.length).toString("latin1") === mark;
}
