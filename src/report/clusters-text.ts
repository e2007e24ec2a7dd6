/** Clusters of a region as a table. */
import type { ListedCluster } from "../ec2/listed-clusters.ts";
import { timeText } from "./amounts.ts";
import { tableLines } from "./table.ts";

export function clustersText(region: string, clusters: readonly ListedCluster[]): string {
  if (clusters.length === 0) return `There is no cluster of kctl's in ${region}.`;
  const head = ["CLUSTER", "MACHINES", "AGE", "OWNER", "TIME LEFT", "LEFT OVER"];
  return tableLines([head, ...clusters.map(rowOf)]).join("\n");
}

function rowOf({ cluster, machines, ageSeconds, owner, leftSeconds, leftOver }: ListedCluster): readonly string[] {
  const states = Object.entries(machines).map(([state, count]) => `${count} ${state}`);
  const left =
    leftSeconds === null ? "stays" : leftSeconds > 0 ? timeText(leftSeconds) : `ended ${timeText(-leftSeconds)} ago`;
  return [
    cluster,
    states.join(", ") || "none",
    ageSeconds === null ? "?" : timeText(ageSeconds),
    owner ?? "?",
    left,
    leftOver.join(", ") || "-",
  ];
}
