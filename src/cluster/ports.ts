/** Checks of the cluster's ports: none below 1024 or over 65535, none twice at one address. */
import type { Problem, SpecPath } from "../spec/problem.ts";
import { isKnown } from "./known-after-up.ts";
import type { Cluster, Member } from "./cluster.ts";

type Port = { readonly member: Member; readonly name: string; readonly port: number };

const titleOf = ({ member, name }: Port): string => `${member.key}'s ${name} port`;

/** @param where the key of the spec to point at: `provider.port` moves every port of a local cluster */
export function portProblems(cluster: Cluster, where: SpecPath): readonly Problem[] {
  const all = cluster.members.flatMap((member) =>
    Object.entries(member.ports).map(([name, port]): Port => ({ member, name, port })),
  );
  return [...tooLow(all, cluster), ...tooHighOrTaken(all, where)];
}

/** The kernel's own setting of who may take which port. */
const unprivileged = "net.ipv4.ip_unprivileged_port_start";

/** Servers are not root, and have no capabilities. Of the ports of a local cluster the lowest says how far all have to move. */
function tooLow(all: readonly Port[], { provider, sysctl }: Cluster): readonly Problem[] {
  const least = Math.min(1024, Number(sysctl[unprivileged] ?? 1024));
  const low = all.filter(({ port }) => port < least).toSorted((a, b) => a.port - b.port);
  const firsts = low.filter(({ name }, index) => low.findIndex((one) => one.name === name) === index);
  return (provider === "local" ? firsts.slice(0, 1) : firsts).map((one): Problem => {
    const isOwn = one.name === "clients" || one.name === "external";
    const more = `by ${least - one.port} or more`;
    const everybody = `, or let everybody take it: \`sysctl: { ${unprivileged}: ${one.port} }\``;
    return {
      code: "spec-rule",
      path: isOwn ? ["kafka", one.name, "port"] : ["provider", "port"],
      what: `${titleOf(one)} would be ${one.port}; only root may take ports below ${least}`,
      fix: isOwn ? `raise it ${more}${provider === "local" ? "" : everybody}` : `raise \`provider.port\` ${more}`,
    };
  });
}

function tooHighOrTaken(all: readonly Port[], where: SpecPath): readonly Problem[] {
  const taken = new Map<string, string>();
  const problems: Problem[] = [];
  for (const one of all) {
    const { member, port } = one;
    const what = titleOf(one);
    if (port > 65_535) {
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
  return problems;
}
