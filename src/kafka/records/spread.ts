/** Which partition a record goes to: one with a key where Java's default partitioner puts it, one without in turn to each that has a leader. */
import { partitionForKey } from "../murmur2.ts";

export type Spread = (key: Uint8Array | null) => number;

/** Up to so many are filled side by side; of more, each gets some records in a row, so that batches are not too small. */
const sideBySide = 32;

/** @param first which of them begins: runs of one record each go to all partitions, if each begins with another */
export function spreadOver(partitions: number, available: readonly number[], first: number): Spread {
  const inARow = Math.ceil(available.length / sideBySide);
  let given = first * inARow;
  return (key) => {
    if (key !== null) return partitionForKey(key, partitions);
    const turn = Math.floor(given / inARow) % available.length;
    given += 1;
    return available[turn] ?? 0;
  };
}
