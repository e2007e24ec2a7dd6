/** The canary's record batches: those of kctl's other records, and what of a batch that comes back can have been written by it. */
import { batchBuilder, bufferPool, headerBytes, type ProducerId } from "../records/batch-builder.ts";
import { batchesIn, readRecords } from "../records/batch-reader.ts";

const form = { limit: Infinity, target: Infinity, compression: "none", headers: headerBytes([]) } as const;
const pool = bufferPool();

/** A batch that is sent again is the very same, sequence included. */
export function encodeBatch(values: readonly Buffer[], producer: ProducerId, sequence: number, now: bigint): Buffer {
  const builder = batchBuilder(form, pool);
  for (const value of values) builder.append(null, value, 0, value.length, Number(now));
  return builder.finish(producer, sequence).bytes;
}

export type StoredRecord = {
  readonly offset: bigint;
  /** null: it has none, or its batch cannot be read, which is damaged, compressed, or none that a producer like the canary's writes. */
  readonly value: Buffer | null;
};

/** The records of whole batches, one after the other. */
export function* decodeBatches(bytes: Buffer): Generator<StoredRecord> {
  for (const seen of batchesIn(bytes)) {
    if (seen.kind !== "sound" || seen.batch.codec !== 0 || seen.batch.control) {
      // One stands for all of the batch: how many there are cannot be known for certain.
      yield { offset: BigInt(seen.kind === "sound" ? seen.batch.firstOffset : seen.firstOffset), value: null };
      continue;
    }
    const records: StoredRecord[] = [];
    readRecords(seen.batch, seen.batch.body, ({ bytes, offset, valueStart, valueEnd }) => {
      records.push({ offset: BigInt(offset), value: valueStart < 0 ? null : bytes.subarray(valueStart, valueEnd) });
      return true;
    });
    yield* records;
  }
}
