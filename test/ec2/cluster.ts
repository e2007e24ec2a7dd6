/** Clusters on EC2, as specs of a few keys give them. */
import type { Cluster } from "../../src/cluster/cluster.ts";
import { noKnownIds } from "../../src/cluster/known-ids.ts";
import { resolveCluster } from "../../src/cluster/resolve.ts";
import { awsPlatform } from "../../src/providers/aws/platform.ts";
import { specSchema, type Spec } from "../../src/spec/schema.ts";

export function specWith(over: object = {}): Spec {
  return specSchema.parse({
    name: "demo",
    provider: { type: "aws", region: "eu-central-1" },
    kafka: { version: "3.9.1" },
    nodes: [{ group: "k", count: 3, roles: ["zookeeper", "broker"], instanceType: ["m7g.large"] }],
    ...over,
  });
}

export function clusterWith(over: object = {}): Cluster {
  return resolveCluster(specWith(over), awsPlatform("demo"), noKnownIds);
}
