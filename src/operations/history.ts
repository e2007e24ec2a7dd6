/** Who changed what of a cluster when: the last of it, as its machines keep it. */
import { KctlError, faultsOf } from "../fault.ts";
import type { PastEntry } from "../hosts/history.ts";
import type { Context } from "./context.ts";
import { openCluster } from "./open-cluster.ts";

export type HistoryResult = { readonly cluster: string; readonly entries: readonly PastEntry[] };

/** One machine that can be asked is enough; the others are told of. */
export async function history(context: Context, { last }: { readonly last: number }): Promise<HistoryResult> {
  const { spec, provider } = await openCluster(context);
  const { entries, missed } = await provider.history.read();
  const faults = missed.flatMap(({ error }) => faultsOf(error));
  if (missed.length > 0 && missed.length === spec.nodes.length) throw new KctlError(faults);
  for (const fault of faults) context.emit({ type: "warning", fault });
  return { cluster: spec.name, entries: entries.slice(-last) };
}
