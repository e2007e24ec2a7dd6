/** What `kctl produce` says of records that it wrote before it was interrupted, or failed. */
import type { Acks } from "../kafka/wire/produce.ts";

/** @param records how many Kafka confirmed; with acks=0, which has nobody confirm any, how many were sent */
export function confirmedText(records: number, acks: Acks): string {
  const some = records === 0 ? "no record is" : records === 1 ? "1 record is" : `${records} records are`;
  return `${some} ${acks === "none" ? "sent" : "confirmed"}`;
}

export const notTwice =
  "it does not go on from there: more may be written than is known; see with `kctl consume` what is, and write the rest";
