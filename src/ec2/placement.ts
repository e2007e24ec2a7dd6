/** Which zone each node goes to: so that the loss of one takes as few servers of each ensemble as can be. */
import type { Role } from "../cluster/cluster.ts";

export type Placed = { readonly name: string; readonly zone: string | null; readonly roles: readonly Role[] };

/** A majority of these must be left: they are spread first. */
const keepers: readonly Role[] = ["zookeeper", "controller"];

/**
 * A node that is there stays where it is, and one with a zone of its own goes there; each other one goes where the fewest are of
 * what it runs, the first of such zones.
 * @param nodes in the order of the spec
 * @param zones in the order in which they are to be filled
 * @param existing the zones of the nodes that are there, by name
 */
export function placeNodes(
  nodes: readonly Placed[],
  zones: readonly string[],
  existing: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const zoneOf = new Map<string, string>();
  for (const { name, zone } of nodes) {
    const fixed = existing.get(name) ?? zone;
    if (fixed !== null) zoneOf.set(name, fixed);
  }
  for (const node of nodes) {
    if (zoneOf.has(node.name)) continue;
    const [best] = zones
      .map((zone, order) => ({
        zone,
        rank: [
          ...crowd(
            node,
            nodes.filter(({ name }) => zoneOf.get(name) === zone),
          ),
          order,
        ],
      }))
      .toSorted((a, b) => compare(a.rank, b.rank));
    if (best !== undefined) zoneOf.set(node.name, best.zone);
  }
  return new Map(nodes.flatMap(({ name }) => (zoneOf.has(name) ? [[name, zoneOf.get(name) ?? ""] as const] : [])));
}

/** How many nodes of a zone run the same as this one: keepers of the quorum, any of its roles, and anything. */
function crowd({ roles }: Placed, there: readonly Placed[]): readonly number[] {
  const sharing = (among: readonly Role[]): number =>
    there.filter((other) => other.roles.some((role) => roles.includes(role) && among.includes(role))).length;
  const others = roles.filter((role) => !keepers.includes(role));
  return [sharing(keepers), sharing(others), there.length];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at === -1 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
