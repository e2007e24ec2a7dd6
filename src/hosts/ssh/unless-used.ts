/** What clusters share on a machine is removed only while no other one has its receipt there, as the very script that removes it sees. */
import type { Operation } from "./operation.ts";
import { quoted } from "./quote.ts";

/** @param folder what another cluster must name in its receipt to keep it; null: any other cluster keeps it */
export function unlessUsed<T>(operation: Operation<T>, cluster: string, folder: string | null): Operation<T> {
  const named = folder === null ? "" : ` && grep -qF ${quoted(JSON.stringify(folder))} "$each"`;
  return {
    ...operation,
    lines: [
      "for each in /etc/kctl/*/receipt.json; do",
      `  [ "$each" = ${quoted(`/etc/kctl/${cluster}/receipt.json`)} ] || { [ -f "$each" ]${named} && exit 0; }`,
      "done",
      operation.lines,
    ].join("\n"),
  };
}
