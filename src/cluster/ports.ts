/** Checks of the cluster's ports: none over 65535, none twice at one address. */
import type { Problem, SpecPath } from "../spec/problem.ts";
import { isKnown } from "./known-after-up.ts";
import type { Cluster } from "./cluster.ts";

/** @param where the key of the spec to point at: `provider.port` moves every port of a local cluster */
export function portProblems(cluster: Cluster, where: SpecPath): readonly Problem[] {
  const taken = new Map<string, string>();
  const problems: Problem[] = [];
  for (const member of cluster.members) {
    for (const [name, port] of Object.entries(member.ports)) {
      const what = `${member.key}'s ${name} port`;
      if (port > 65_535 || port < 1) {
        problems.push({
          code: "spec-rule",
          path: where,
          what: `${what} would be ${port}; ports go from 1 to 65535`,
          fix: "choose another `provider.port`, or fewer nodes",
        });
        continue;
      }
      // Machines that are still to be made are machines of their own.
      const at = `${isKnown(member.address) ? member.address : member.node}:${port}`;
      const other = taken.get(at);
      if (other !== undefined)
        problems.push({
          code: "spec-rule",
          path: where,
          what: `${what} and ${other} would both be ${port}`,
          fix: "choose ports that are further apart, or fewer nodes",
        });
      taken.set(at, what);
    }
  }
  return problems;
}
