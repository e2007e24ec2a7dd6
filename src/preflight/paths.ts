/** Which ports each node must reach on which others: from what its servers' services declare. */
import type { Cluster } from "../cluster/cluster.ts";
import { service } from "../services/registry.ts";
import type { Target } from "./host-facts.ts";

export type Path = Target & {
  readonly from: string;
  readonly to: string;
  /** What listens there, in words. */
  readonly what: string;
};

/** @param addresses of nodes as the others will resolve them, by name; the spec's own where one is not here */
export function pathsOf(cluster: Cluster, addresses: Readonly<Record<string, string>>): readonly Path[] {
  const paths = cluster.members.flatMap((member) =>
    service(member.role)
      .reaches(cluster)
      .flatMap(({ role, ports }) =>
        cluster.members
          .filter((other) => other.role === role && other.node !== member.node)
          .flatMap((other) =>
            ports.flatMap((name): readonly Path[] => {
              const port = other.ports[name];
              if (port === undefined) return [];
              const address = addresses[other.node] ?? other.address;
              return [{ from: member.node, to: other.node, address, port, what: `${other.key}'s ${name} port` }];
            }),
          ),
      ),
  );
  return [...new Map(paths.map((path) => [`${path.from} ${path.to} ${path.port}`, path])).values()];
}
