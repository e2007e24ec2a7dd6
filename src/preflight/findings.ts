/** All that can be known before `up`, from one look at every machine: each thing that is wrong, errors first. */
import type { Cluster } from "../cluster/cluster.ts";
import type { Fault } from "../fault.ts";
import type { ObservedHost } from "../plan/observed.ts";
import { volumeSteps } from "../plan/volume-steps.ts";
import type { DesiredHost } from "../services/desired.ts";
import { clockFindings } from "./clock-findings.ts";
import type { Finding } from "./finding.ts";
import type { HostFacts } from "./host-facts.ts";
import { machineFindings, type Machine } from "./machine-findings.ts";
import { nameFindings } from "./name-findings.ts";
import { neighbourFindings } from "./neighbour-findings.ts";
import { javaFindings } from "./java-findings.ts";
import type { Path } from "./paths.ts";
import { reachFindings } from "./reach-findings.ts";

export type Seen = {
  readonly cluster: Cluster;
  /** By node; of those that told of themselves. */
  readonly facts: ReadonlyMap<string, HostFacts>;
  /** Of the one machine that all nodes are on; null: each has its own. */
  readonly shared: HostFacts | null;
  readonly paths: readonly Path[];
  readonly desired: readonly DesiredHost[];
  /** By node. */
  readonly observed: Readonly<Record<string, ObservedHost>>;
  /** What kept it from being looked at, and what stands in the way of the plan. */
  readonly faults: readonly Fault[];
};

export function findings(seen: Seen): readonly Finding[] {
  const { cluster, facts, shared, paths, desired, observed, faults } = seen;
  const membersOn = (node: string): Machine["members"] => cluster.members.filter((member) => member.node === node);
  const machines: readonly Machine[] = [
    ...(shared === null ? [] : [{ node: null, members: cluster.members, own: false, facts: shared }]),
    ...[...facts].map(([node, its]) => ({
      node,
      members: membersOn(node),
      own: true,
      facts: asPlanned(node, its, seen),
    })),
  ];
  const looked = desired.flatMap(({ node, machine }): readonly Finding[] => {
    const own = observed[node]?.machine;
    if (machine === undefined || own === undefined) return [];
    return [
      ...javaFindings(node, machine.java, own),
      ...nameFindings(node, machine.hosts, own),
      ...neighbourFindings(node, membersOn(node), own.otherReceipts),
    ];
  });
  const all = [
    ...faults.map(findingOf),
    ...machines.flatMap(machineFindings),
    ...clockFindings(facts),
    ...reachFindings(paths, facts),
    ...looked,
  ];
  return inOrder(all, cluster);
}

/** A data volume that is yet to be mounted or grown: what is free where it will be says nothing. */
function asPlanned(node: string, facts: HostFacts, { desired, observed }: Seen): HostFacts {
  const machine = desired.find((host) => host.node === node)?.machine;
  const own = observed[node]?.machine;
  if (machine === undefined || own === undefined || volumeSteps(machine, own).length === 0) return facts;
  return { ...facts, disks: facts.disks.filter(({ name }) => name !== "data") };
}

/** What else would stop `up` has its error code for an id. */
function findingOf({ code, what, where, fix, node }: Fault): Finding {
  return {
    id: code,
    node: node ?? null,
    level: "error",
    what: where === undefined || what.includes(where) ? what : `${where}: ${what}`,
    measured: measuredOf[code] ?? "an error",
    wanted: wantedOf[code] ?? "none",
    fix: fix ?? "mend what it says",
  };
}

const measuredOf: Partial<Record<Fault["code"], string>> = {
  "port-taken": "taken",
  "identity-conflict": "another's data, or none",
};

const wantedOf: Partial<Record<Fault["code"], string>> = {
  "port-taken": "free",
  "identity-conflict": "its own data, or none where it is new",
  "ssh-unreachable": "a connection",
  "ssh-forwarding-refused": "connections to the machine's own ports",
  "sudo-refused": "sudo without a password",
};

/** By node as the spec has them, those of the whole first; errors before warnings. Each once. */
function inOrder(all: readonly Finding[], { nodes }: Cluster): readonly Finding[] {
  const place = ({ node }: Finding): number => nodes.findIndex(({ name }) => name === node);
  const weight = ({ level }: Finding): number => (level === "error" ? 0 : 1);
  const once = new Map(all.map((one) => [`${one.node ?? ""}\n${one.id}\n${one.what}`, one]));
  return [...once.values()].toSorted((a, b) => place(a) - place(b) || weight(a) - weight(b));
}
