/** The security group's rules as a cluster wants them, and how those that are there differ from them. */
import type { Cluster } from "../cluster/cluster.ts";
import { service } from "../services/registry.ts";
import { readCidr } from "../spec/cidr.ts";

/** `group` is the cluster's own group: its members. */
type Source = { readonly kind: "cidr"; readonly cidr: string } | { readonly kind: "group" };

export type Rule = {
  readonly protocol: "tcp";
  readonly from: number;
  readonly to: number;
  readonly source: Source;
  readonly description: string;
};

/** A rule as EC2 has it; `from` and `to` are null where it is of all ports. */
export type ThereRule = {
  /** sgr-… */
  readonly id: string;
  /** `tcp`, `udp`, `icmp`, `-1` for all, or a number. */
  readonly protocol: string;
  readonly from: number | null;
  readonly to: number | null;
  readonly source: Source | { readonly kind: "other-group" | "prefix-list"; readonly id: string };
  readonly description: string;
};

/** Ranges of addresses, `auto` made one already. */
export type Access = {
  readonly ssh: readonly string[];
  readonly clients: readonly string[];
  /** Where Prometheus is. */
  readonly metrics: readonly string[];
  readonly external: { readonly port: number; readonly from: readonly string[] } | null;
};

/** How the description of every rule that kctl makes begins: by it they are known as kctl's. */
const ours = "kctl: ";

/** In order of ports; of two rules that let the same through, the first. */
export function wantedRules(cluster: Cluster, access: Access): readonly Rule[] {
  const clients = new Set(cluster.members.flatMap(({ ports }) => ports["clients"] ?? []));
  const rules = [
    ...between(cluster),
    ...fromRanges(access.ssh, 22, "SSH"),
    ...[...clients].flatMap((port) => fromRanges(access.clients, port, "clients of the brokers")),
    ...metricsPorts(cluster).flatMap(([port, title]) => fromRanges(access.metrics, port, `${forPrometheus}${title}`)),
    ...(access.external === null
      ? []
      : fromRanges(access.external.from, access.external.port, "clients outside, of the external listener")),
  ];
  const first = new Map<string, Rule>();
  for (const rule of rules) if (!first.has(keyOf(rule))) first.set(keyOf(rule), rule);
  return [...first.values()].toSorted((a, b) => a.from - b.from || (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** How it goes on where it lets Prometheus in. */
export const forPrometheus = "Prometheus, metrics of each ";

function metricsPorts({ members }: Cluster): readonly (readonly [port: number, title: string])[] {
  const ports = members.flatMap(({ role, ports: { metrics } }) =>
    metrics === undefined ? [] : [[metrics, service(role).title] as const],
  );
  return [...new Map(ports)];
}

/** Members reach each other on the ports that one of them listens on, and on no others. */
function between({ members }: Cluster): readonly Rule[] {
  return members.flatMap(({ role, ports }) =>
    Object.entries(ports).map(([name, port]): Rule => ({
      protocol: "tcp",
      from: port,
      to: port,
      source: { kind: "group" },
      description: `${ours}between members, ${service(role).title} (${name})`,
    })),
  );
}

function fromRanges(ranges: readonly string[], port: number, what: string): readonly Rule[] {
  return ranges.map((range) => ({
    protocol: "tcp",
    from: port,
    to: port,
    source: { kind: "cidr", cidr: readCidr(range)?.text ?? range },
    description: `${ours}${what}`,
  }));
}

export type RuleDifference = {
  readonly add: readonly Rule[];
  readonly remove: readonly ThereRule[];
  readonly redescribe: readonly { readonly rule: ThereRule; readonly description: string }[];
  /** Not of kctl's making: left as they are, and shown. */
  readonly foreign: readonly ThereRule[];
};

/** Somebody's own rule that lets through what is wanted will do: EC2 takes no second one like it. */
export function ruleDifference(wanted: readonly Rule[], there: readonly ThereRule[]): RuleDifference {
  const wantedByKey = new Map(wanted.map((rule) => [keyOf(rule), rule]));
  const present = new Set(there.map(keyOf));
  const mine = there.filter(isOurs);
  return {
    add: wanted.filter((rule) => !present.has(keyOf(rule))),
    remove: mine.filter((rule) => !wantedByKey.has(keyOf(rule))),
    redescribe: mine.flatMap((rule) => {
      const description = wantedByKey.get(keyOf(rule))?.description ?? rule.description;
      return description === rule.description ? [] : [{ rule, description }];
    }),
    foreign: there.filter((rule) => !isOurs(rule)),
  };
}

export function isOurs({ description }: ThereRule): boolean {
  return description.startsWith(ours);
}

/** What EC2 compares rules by: everything but the description. */
function keyOf({ protocol, from, to, source }: Rule | ThereRule): string {
  const by = source.kind === "cidr" ? (readCidr(source.cidr)?.text ?? source.cidr) : "id" in source ? source.id : "";
  return [protocol, from, to, source.kind, by].join(" ");
}
