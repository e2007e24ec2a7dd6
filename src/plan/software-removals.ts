/** Which former versions of software go from machines, once all that may run from them runs from others. */
import type { DesiredHost, DesiredState } from "../services/desired.ts";
import type { Change, Edge } from "./change.ts";
import type { ObservedMachine } from "./observed.ts";
import { readableReceipt, type Receipt } from "./receipt.ts";
import { retiredSoftware, softwareInUse, softwareTitle, softwareToRemove } from "./software-versions.ts";

/**
 * @param restarts whether servers of the machine are restarted before: what they run from now is free then
 * @param after all that comes before on the machine, and the roll
 */
export function softwareRemovals(
  { node, machine }: DesiredHost,
  seen: ObservedMachine | undefined,
  next: Receipt,
  { restarts, after }: { readonly restarts: boolean; readonly after: readonly Edge[] },
): readonly Change[] {
  const listed = next.machines?.[node]?.software;
  if (machine === undefined || seen === undefined || listed === undefined) return [];
  const others = Object.values(seen.otherReceipts).map(readableReceipt);
  return softwareToRemove(listed, softwareInUse(machine, seen), seen, others)
    .filter((folder) => restarts || seen.otherSoftware[folder]?.inUse !== true)
    .map((folder) => ({
      kind: "machine",
      verb: "remove",
      step: { kind: "old-software", folder },
      key: `software ${folder} on ${node}`,
      layer: "host",
      node,
      title: `remove ${softwareTitle(folder)} on ${node}`,
      why: [],
      effect: "none",
      diff: [],
      after,
    }));
}

/** Says of former versions which may have to go: whether anything runs from them is looked at then. */
export function withRetired(receipt: Receipt | null, state: DesiredState): DesiredState {
  const hosts = state.hosts.map((host) => {
    const former = receipt?.machines?.[host.node]?.software;
    if (host.machine === undefined || former === undefined) return host;
    const retired = retiredSoftware(former, softwareInUse(host.machine, undefined));
    return retired.length === 0 ? host : { ...host, machine: { ...host.machine, retired } };
  });
  return { ...state, hosts };
}
