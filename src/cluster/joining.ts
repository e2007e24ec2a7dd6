/** Servers that join an ensemble which runs already: one at a time. */
import { membersOf, type Cluster } from "./cluster.ts";

/**
 * Keeps all but `admitted` of the ZooKeeper servers that have not joined out of the cluster for now. Any majority of an ensemble
 * and any majority of the same with one more have a server in common, so that no two leaders can be elected while its servers
 * restart one by one; with two more at once they need not (ZooKeeper Administrator's Guide; the reason for KIP-853 as well).
 */
export function admit(cluster: Cluster, joined: ReadonlySet<string>, admitted: number): Cluster {
  const joiningLater = membersOf(cluster, "zookeeper")
    .filter(({ key }) => !joined.has(key))
    .slice(admitted);
  const later = new Set(joiningLater.map(({ key }) => key));
  return { ...cluster, members: cluster.members.filter(({ key }) => !later.has(key)), joiningLater };
}
