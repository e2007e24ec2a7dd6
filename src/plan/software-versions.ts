/** Which versions of software stay on a machine: what is used, and of each the last that was used before, for a rollback. */
import type { DesiredMachine } from "../services/desired.ts";
import type { ObservedMachine } from "./observed.ts";

export type SeenSoftware = Pick<ObservedMachine, "java" | "otherSoftware">;

/** What the receipt of another cluster on the machine lists. */
export type OtherCluster = {
  readonly cluster: string;
  readonly machines?: Readonly<Record<string, { readonly software: readonly string[] }>> | undefined;
};

/** As it is called in a plan: `kafka 3.9.1` of `/opt/kctl/kafka-3.9.1`. */
export function softwareTitle(folder: string): string {
  const { name, rest } = partsOf(folder);
  return `${name} ${rest}`;
}

const plugin = "connect-plugin-";

function partsOf(folder: string): { readonly name: string; readonly rest: string; readonly of: string } {
  const base = folder.slice(folder.lastIndexOf("/") + 1);
  // What was named by the spec has its digest behind it.
  const of = base.replace(/-[0-9a-f]{12}$/, "").replace(/[-_]\d.*$/, "");
  const name = base.startsWith(plugin) ? plugin.slice(0, -1) : of;
  return { name, rest: base.slice(name.length + 1), of };
}

/** What the machine's servers are to run from; a Java of an archive too, while they run on it. */
export function softwareInUse(
  { software, java }: DesiredMachine,
  seen: Pick<SeenSoftware, "java"> | undefined,
): string[] {
  const linked = seen?.java?.home;
  const ours = linked !== undefined && folderOf(linked) === folderOf(java.unpacked) ? [linked] : [];
  return [...software.map(({ folder }) => folder), ...ours].toSorted();
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));

/**
 * What a receipt lists from now on: in the order of use, the last one at the end. What is seen gone is left out, and so is what is to go
 * once another cluster sees to that.
 */
export function listedSoftware(
  former: readonly string[],
  used: readonly string[],
  seen: SeenSoftware | undefined,
  { cluster, others }: { readonly cluster: string; readonly others: readonly (OtherCluster | null)[] },
): string[] {
  const all = [...former.filter((folder) => !used.includes(folder)), ...used];
  if (seen === undefined) return all;
  const there = all.filter((folder) => used.includes(folder) || Object.hasOwn(seen.otherSoftware, folder));
  const superseded = new Set(supersededIn(there, used));
  const seesToIt = (other: OtherCluster | null, folder: string): boolean =>
    other !== null &&
    lists(other, folder) &&
    // Where it is to go for both, the first by name sees to it.
    (other.cluster < cluster || Object.values(other.machines ?? {}).some(({ software }) => isLate(software, folder)));
  return there.filter((folder) => !superseded.has(folder) || !others.some((other) => seesToIt(other, folder)));
}

/** What may have to go, as far as a former receipt tells. */
export function retiredSoftware(former: readonly string[], used: readonly string[]): readonly string[] {
  return supersededIn(former, used);
}

/** What of it goes: nothing that another cluster on the machine lists, nor anything while one's receipt (null) cannot be read. */
export function softwareToRemove(
  listed: readonly string[],
  used: readonly string[],
  { otherSoftware }: SeenSoftware,
  others: readonly (OtherCluster | null)[],
): readonly string[] {
  return supersededIn(listed, used).filter(
    (folder) => Object.hasOwn(otherSoftware, folder) && !others.some((other) => other === null || lists(other, folder)),
  );
}

/** All but the last of each that is not used. */
function supersededIn(listed: readonly string[], used: readonly string[]): readonly string[] {
  const idle = listed.filter((folder) => !used.includes(folder));
  const last = new Map(idle.map((folder) => [partsOf(folder).of, folder]));
  return idle.filter((folder) => last.get(partsOf(folder).of) !== folder);
}

/** Among the last two of its sort: the other cluster uses it, or keeps it. */
function isLate(software: readonly string[], folder: string): boolean {
  const { of } = partsOf(folder);
  const same = software.filter((each) => partsOf(each).of === of);
  return same.slice(-2).includes(folder);
}

/** On whichever of its machines: this one may have another name there. */
function lists({ machines = {} }: OtherCluster, folder: string): boolean {
  return Object.values(machines).some(({ software }) => software.includes(folder));
}
