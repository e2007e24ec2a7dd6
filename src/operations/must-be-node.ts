/** Refuses the name of a node that the cluster does not have, and names the nearest. */
import type { Cluster } from "../cluster/cluster.ts";
import { KctlError } from "../fault.ts";
import { nearest } from "../spec/nearest.ts";

export function mustBeNode(node: string, cluster: string, { nodes }: Pick<Cluster, "nodes">): void {
  const names = nodes.map(({ name }) => name);
  if (names.includes(node)) return;
  const meant = nearest(node, names);
  throw new KctlError({
    code: "usage",
    what: `${cluster} has no node ${node}${meant === null ? "" : `; did you mean ${meant}?`}`,
    fix: `its nodes are ${names.join(", ")}`,
  });
}
