/** Where servers wait for others to serve, and which servers do. */
import type { Cluster } from "../cluster/cluster.ts";
import type { DesiredProcess } from "../services/desired.ts";
import { service } from "../services/registry.ts";
import type { Change, Edge } from "./change.ts";
import type { PlanInput } from "./make-plan.ts";
import { hasRun } from "./obstacles.ts";

export function gatesFor(cluster: Cluster, running: readonly DesiredProcess[]): readonly Change[] {
  const starting = new Set(running.map(({ key }) => key));
  const needed = new Set(
    cluster.members.filter(({ key }) => starting.has(key)).flatMap(({ role }) => service(role).needs(cluster)),
  );
  return [...needed].flatMap((role): readonly Change[] => {
    const members = cluster.members.filter((member) => member.role === role).map(({ key }) => key);
    const begun = members.filter((key) => starting.has(key));
    if (begun.length === 0) return [];
    const { title, quorum } = service(role);
    const enough = quorum(members.length);
    return [
      {
        kind: "gate",
        verb: "await",
        key: `gate ${role}`,
        members,
        enough,
        layer: "host",
        node: null,
        title: `wait until ${enough} of ${members.length} ${title}${members.length === 1 ? "" : "s"} serve${enough === 1 && members.length === 1 ? "s" : ""}`,
        why: [],
        effect: "none",
        diff: [],
        after: begun.map((key) => ({ key: `start ${key}`, until: "begun" as const })),
      },
    ];
  });
}

/**
 * What waits for its controllers by itself does so only where these have served before. The first leader of several new controllers may lose
 * its place before anything is committed; a broker that has fetched its records by then drops them, and Kafka (3.9.1 to 4.3.1) does not
 * read who the voters are a second time: such a broker finds no controller, and ends after a minute.
 */
export function gatesBefore(
  process: DesiredProcess,
  { cluster, desired, observed }: Pick<PlanInput, "cluster" | "desired" | "observed">,
  gates: readonly Change[],
  formatted: ReadonlySet<string>,
): readonly Edge[] {
  const { needs, waitsItself } = service(process.role);
  const when = waitsItself(cluster);
  const isFirst = !hasRun(desired, observed.hosts);
  return needs(cluster).flatMap((role) => {
    const members = cluster.members.filter((member) => member.role === role);
    const older = members.filter(({ key }) => !formatted.has(key)).length;
    const settled = members.length === 1 || older >= service(role).quorum(members.length);
    const until = (when === "later" && settled) || (when === "first" && isFirst) ? "begun" : "done";
    return gates.filter(({ key }) => key === `gate ${role}`).map(({ key }) => ({ key, until }));
  });
}
