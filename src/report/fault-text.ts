/** A fault as plain text, the way a user reads it: where and what, then an excerpt or the end of a log, then the way out. */
import type { Fault } from "../fault.ts";

/** Several lines without a line break at the end; no colours. */
export function faultText({ what, where, fix, node, detail }: Fault): string {
  const place = [where, node === where ? undefined : node].filter((part) => part !== undefined && part !== "");
  const lines = [[...place, what].join(": ")];
  if (detail !== undefined && detail.trim() !== "") lines.push(indented(detail.trimEnd()));
  if (fix !== undefined) lines.push(`  fix: ${fix}`);
  return lines.join("\n");
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "    ");
}
