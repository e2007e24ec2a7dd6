/** Data folders that are not what they should be: another server's, another cluster's, or gone. */
import type { Cluster, Member } from "../cluster/cluster.ts";
import type { Fault } from "../fault.ts";
import type { DesiredState } from "../services/desired.ts";
import { service } from "../services/registry.ts";
import type { ObservedIdentity, ObservedState } from "./observed.ts";
import { clusterIdIn, type Receipt } from "./receipt.ts";

const putBack = "put the right data folder back, or `kctl destroy` the cluster if its data is not needed";

export function identityConflicts(
  cluster: Cluster,
  desired: DesiredState,
  observed: ObservedState,
  receipt: Receipt | null,
): readonly Fault[] {
  const all = Object.values(observed.hosts).flatMap(({ identities }) => Object.values(identities));
  const clusterId = receipt?.clusterId ?? clusterIdIn(all);
  const perHost = desired.hosts.flatMap((host) =>
    host.storedIds.flatMap(({ member: key, path }): readonly Fault[] => {
      const member = cluster.members.find((candidate) => candidate.key === key);
      if (member === undefined) return [];
      const stored = observed.hosts[host.node]?.identities[key];
      const what = conflict(member, stored, receipt, clusterId);
      if (what === null) return [];
      const fix = stored === undefined ? `${putBack}${recordOf(member, receipt)}` : putBack;
      return [{ code: "identity-conflict", node: host.node, where: path, what, fix }];
    }),
  );
  return [...perHost, ...metadataGone(desired, observed, clusterId)];
}

/** One ZooKeeper server that lost its data gets it from the others; where none has any, a new cluster would begin over the old data. */
function metadataGone({ hosts }: DesiredState, observed: ObservedState, clusterId: string | null): readonly Fault[] {
  const ids = hosts.flatMap(({ node, storedIds }) =>
    storedIds.filter(({ form }) => form === "myid").map(({ member, path }) => ({ node, member, path })),
  );
  const isGone = ({ node, path }: { node: string; path: string }): boolean =>
    observed.hosts[node]?.folders[path.slice(0, path.lastIndexOf("/"))]?.kind === "absent";
  if (clusterId === null || !ids.every(isGone)) return [];
  return ids.map(({ node, member, path }) => ({
    code: "identity-conflict",
    node,
    where: path,
    what: `${member} has no data any more, and neither has any other ZooKeeper server: what Kafka kept there is gone`,
    fix: putBack,
  }));
}

/** Where the data is still there, and only the file is gone that says whose it is. */
function recordOf({ key, id, role }: Member, receipt: Receipt | null): string {
  const directoryId = receipt?.directoryIds[key];
  const clusterId = receipt?.clusterId ?? null;
  if (role === "zookeeper" || clusterId === null || directoryId === undefined) return "";
  const lines = ["version=1", `cluster.id=${clusterId}`, `node.id=${id}`, `directory.id=${directoryId}`];
  return `; where only meta.properties is gone and the rest is there, write it again: ${lines.join(", ")}, one a line`;
}

function conflict(
  { key, id, role }: Member,
  stored: ObservedIdentity | undefined,
  receipt: Receipt | null,
  clusterId: string | null,
): string | null {
  if (stored === undefined) {
    // Never formatted anew: a controller that forgot what it voted for can lose what the quorum agreed on.
    return receipt?.formatted.includes(key) === true ? `${key} had its storage formatted, and now there is none` : null;
  }
  if (clusterId !== null && stored.clusterId !== null && stored.clusterId !== clusterId) {
    return `${key} holds data of another cluster: its record says ${stored.clusterId}, and this one is ${clusterId}`;
  }
  if (stored.id === id) return null;
  // kctl wrote it, and knows what stood there: it is written anew.
  if (stored.id === null && role === "zookeeper" && receipt?.members[key] === id) return null;
  const said = stored.id === null ? "cannot be read" : `says ${stored.id}`;
  return `${key} is ${service(role).title} ${id}, but its own record ${said}`;
}
