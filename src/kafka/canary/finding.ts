/** What the canary finds wrong with a record, and how that is said. */

export type FindingKind = "lost" | "doubled" | "reordered" | "altered" | "late";

export type Finding = {
  readonly kind: FindingKind;
  readonly partition: number;
  /** null: it is no record of this run. */
  readonly number: number | null;
  /** Where it is, or was confirmed to be; null where Kafka has not said. */
  readonly offset: bigint | null;
  /** How many it concerns, this one the first. */
  readonly count: number;
  /** What is wrong: it completes "record 7 of partition 1 (offset 7) ...". */
  readonly what: string;
  /** What was going on; null: nothing was. */
  readonly during: string | null;
};

/** Such as "record 7 of partition 1 (offset 7) and the 3 after it: confirmed and lost, during the restart of kafka-2/broker". */
export function findingText({ partition, number, offset, count, what, during }: Finding): string {
  const place = offset === null ? "" : number === null ? ` at offset ${offset}` : ` (offset ${offset})`;
  const who = number === null ? `what stands in partition ${partition}` : `record ${number} of partition ${partition}`;
  const more = count > 1 ? ` and the ${count - 1} after it` : "";
  const then = during === null ? "" : `, during the ${during}`;
  return `${who}${place}${more}: ${what}${then}`;
}
