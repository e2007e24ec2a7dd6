/** Records as a Kafka without fault would keep them, for the tests that plant one. */
import type { ReadRecord } from "../../../src/kafka/smoke-test/read.ts";
import {
  keyedRecords,
  keylessRecords,
  numbered,
  sequenceRecords,
  type SmokeRecord,
} from "../../../src/kafka/smoke-test/records.ts";
import type { Confirmed } from "../../../src/kafka/smoke-test/write.ts";

export const partitions = 3;
const drafts = [...sequenceRecords(partitions, 4), ...keyedRecords(partitions), ...keylessRecords(partitions, 2)];
export const records = numbered(drafts, 0, "run", 1_700_000_000_000n);

export function stored(list: readonly SmokeRecord[]): { written: Confirmed[]; read: ReadRecord[] } {
  const next = new Map<number, bigint>();
  const written = list.map((record) => {
    const offset = next.get(record.partition) ?? 0n;
    next.set(record.partition, offset + 1n);
    return { record, offset };
  });
  const read = written.map(({ record: { partition, key, value, headers, timestamp }, offset }) => {
    return { partition, offset, key, value, headers, timestamp };
  });
  return { written, read };
}
