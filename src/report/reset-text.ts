/** What `offsets reset` would do, or has done: a line a partition. */
import type { ResetRow } from "../kafka/lag/reset-plan.ts";
import { tableLines } from "./table.ts";

/** @param where completes "to ..." */
export function resetText(group: string, where: string, rows: readonly ResetRow[]): string {
  const head = ["TOPIC", "PARTITION", "BEGINS", "ENDS", "OLD", "NEW", ""];
  const cells = rows.map((row) => [
    row.topic,
    String(row.partition),
    String(row.start),
    String(row.end),
    String(row.old ?? "-"),
    row.old === row.new ? "=" : String(row.new),
    row.note ?? "",
  ]);
  return [`The offsets of ${group}, to ${where}:`, ...tableLines([head, ...cells])].join("\n");
}
