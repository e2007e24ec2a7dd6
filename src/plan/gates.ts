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
    const wanted = quorum(members.length);
    // Brokers each count for themselves: one that fails for good is no reason to do without what the others can serve.
    const enough = Math.min(wanted, Math.floor(members.length / 2) + 1);
    return [
      {
        kind: "gate",
        verb: "await",
        key: `gate ${role}`,
        members,
        enough,
        layer: "host",
        node: null,
        title: gateTitle(`${wanted} of ${members.length} ${title}`, { count: members.length, wanted, enough }),
        why: [],
        effect: "none",
        diff: [],
        after: begun.map((key) => ({ key: `start ${key}`, until: "begun" as const })),
      },
    ];
  });
}

type Counts = { readonly count: number; readonly wanted: number; readonly enough: number };

function gateTitle(who: string, { count, wanted, enough }: Counts): string {
  if (count === 1) return `wait until ${who} serves`;
  return `wait until ${who}s serve${enough < wanted ? `, or ${enough} where others fail` : ""}`;
}

export type GateSeen = {
  /** Of its members. */
  readonly serving: ReadonlySet<string>;
  /** Keys of changes. */
  readonly failed: ReadonlySet<string>;
};

/** @param wanted how many are waited for while they may still come: where servers are an ensemble, no more than are enough */
export function gateState(
  { members, enough }: Pick<Extract<Change, { kind: "gate" }>, "members" | "enough">,
  wanted: number,
  { serving, failed }: GateSeen,
): "open" | "shut" | "wait" {
  const hasFailed = (key: string): boolean => failed.has(`start ${key}`);
  if (serving.size >= wanted) return "open";
  if (members.filter((key) => !hasFailed(key)).length < enough && serving.size < enough) return "shut";
  return serving.size >= enough && members.every((key) => serving.has(key) || hasFailed(key)) ? "open" : "wait";
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
