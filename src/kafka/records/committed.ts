/** Which batches a consumer of committed records is shown: Kafka hands over those of aborted transactions too, and says which they are. */
import type { AbortedTransaction } from "../wire/fetch.ts";
import type { Batch } from "./batch-reader.ts";

/** The type of the control record that ends an aborted transaction; after the version, in its key. */
const abortMark = 0;

/** Asked batch by batch, in their order, for what one answer holds of one partition. */
export function isShown(aborted: readonly AbortedTransaction[]): (batch: Batch) => boolean {
  const toCome = aborted.toSorted((a, b) => Number(a.firstOffset - b.firstOffset));
  const open = new Set<bigint>();
  return (batch) => {
    while (toCome[0] !== undefined && Number(toCome[0].firstOffset) < batch.next) {
      open.add(toCome[0].producerId);
      toCome.shift();
    }
    if (batch.control) {
      if (endsAborted(batch)) open.delete(batch.producerId);
      return false;
    }
    return !(batch.transactional && open.has(batch.producerId));
  };
}

/** One record, never compressed: length, attributes, two deltas and the key's length of a byte each, then version and type. */
function endsAborted({ body }: Batch): boolean {
  return body.length >= 9 && body.readInt16BE(7) === abortMark;
}
