/** What no rule may open to everybody: the ports of servers that do as they are told by whoever reaches them. */
import type { Member } from "../cluster/cluster.ts";
import type { Fault } from "../fault.ts";
import { service } from "../services/registry.ts";
import { isWorld } from "../spec/cidr.ts";
import { ruleText } from "./rule-text.ts";
import { forPrometheus, isOurs, type Rule, type ThereRule } from "./security-rules.ts";

/** Of a broker's ports, those that are meant for others. */
const forOthers = new Set(["clients", "external"]);

/**
 * A fault for each port that a rule opens to all addresses, unless the spec names it.
 * @param rules wanted ones, and those that are there
 * @param allowWorld `provider.access.allowWorld`
 */
export function worldlyFaults(
  { members }: { readonly members: readonly Member[] },
  rules: readonly (Rule | ThereRule)[],
  allowWorld: readonly number[],
): readonly Fault[] {
  const guarded = guardedPorts(members);
  return rules.flatMap((rule) => {
    const { source } = rule;
    if (source.kind !== "cidr" || !isWorld(source.cidr)) return [];
    return [...guarded].flatMap(([port, who]): readonly Fault[] => {
      if (allowWorld.includes(port) || !lets(rule, port)) return [];
      return [
        {
          code: "open-to-the-world",
          where: "provider.access.allowWorld",
          what: `${ruleName(rule)} opens port ${port} (${who}) to ${source.cidr}: to everybody`,
          fix: `${wayOut(rule)}, or allow it: \`allowWorld: [${[...allowWorld, port].join(", ")}]\``,
        },
      ];
    });
  });
}

function guardedPorts(members: readonly Member[]): ReadonlyMap<number, string> {
  return new Map(
    members.flatMap(({ role, ports }) =>
      Object.entries(ports)
        .filter(([name]) => role !== "broker" || !forOthers.has(name))
        .map(([name, port]) => [port, `${service(role).title}, ${name}`] as const),
    ),
  );
}

function lets({ protocol, from, to }: Rule | ThereRule, port: number): boolean {
  if (protocol === "-1") return true;
  return (protocol === "tcp" || protocol === "6") && (from ?? 0) <= port && port <= (to ?? 65_535);
}

function ruleName(rule: Rule | ThereRule): string {
  if (!("id" in rule)) return "this spec";
  // A look at the group tells its rules without their ids.
  const which = rule.id === "" ? `a rule of the security group (${ruleText(rule)})` : `the rule ${rule.id}`;
  return isOurs(rule) ? which : `${which}, which is not of kctl's making,`;
}

/** A wanted rule opens a guarded port only where two servers of different nodes have the same. */
function wayOut(rule: Rule | ThereRule): string {
  if ("id" in rule) return "take the rule out of the security group";
  if (rule.description.includes(forPrometheus)) return "take the range out of `metrics.from`";
  return "take the range out of `provider.access`, or give clients another port";
}
