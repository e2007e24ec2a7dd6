/** Rules of single nodes and of their names. */
import { machines } from "./counts.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { shown } from "./words.ts";

type SpecNode = Spec["nodes"][number];

const mostNodes = 1000;

export function nodeRules(spec: Spec): RuleResult {
  const problems = spec.nodes.flatMap((node, index) => [
    ...identity(node, index),
    ...repeatedRoles(node, index),
    ...emptyConfig(node, index),
  ]);
  const total = spec.nodes.reduce((sum, node) => sum + machines(node), 0);
  if (total > mostNodes)
    problems.push({
      code: "spec-rule",
      path: ["nodes"],
      at: "key",
      what: `this spec has ${total} nodes; ${mostNodes} is the most`,
      fix: "lower a `count`, or make several clusters",
    });
  else problems.push(...namesTaken(spec));
  if (spec.provider.type === "ssh") problems.push(...machinesShared(spec));
  return { problems, warnings: [] };
}

/** Either `name`, or `group` and `count`. */
function identity({ name, group, count }: SpecNode, index: number): RuleProblem[] {
  const at = (key: string, what: string, fix: string): RuleProblem[] => [
    { code: "spec-rule", path: ["nodes", index, key], at: "key", what, fix },
  ];
  if (name === undefined && group === undefined) {
    const fix =
      count === undefined
        ? "add `name: kafka-1`, or `group: kafka` with `count: 3`"
        : "add `group: kafka`, for example";
    return [
      {
        code: "spec-missing-key",
        path: ["nodes", index, "name"],
        what: "this node has neither a `name` nor a `group`",
        fix,
        needs: [["nodes", index, "group"]],
      },
    ];
  }
  if (name !== undefined && group !== undefined)
    return at(
      "group",
      "a node has either a `name` or a `group`, not both",
      `keep ${shown(`name: ${name}`)} for one machine, or \`group\` and \`count\` for several`,
    );
  if (name !== undefined && count !== undefined)
    return at(
      "count",
      "`count` goes with `group`, not with `name`",
      `write ${shown(`group: ${name}`)} in place of \`name\`, or take \`count\` out`,
    );
  if (group !== undefined && count === undefined)
    return [
      {
        code: "spec-missing-key",
        path: ["nodes", index, "group"],
        at: "key",
        what: `the group ${shown(group)} needs a \`count\`: how many nodes it has`,
        fix: `add \`count: 3\`, for example; for a single machine write ${shown(`name: ${group}`)}`,
        needs: [["nodes", index, "count"]],
      },
    ];
  const longest = `${group ?? ""}-${count ?? 1}`;
  if (group !== undefined && longest.length > 63)
    return at(
      "group",
      `${shown(longest)} would have ${longest.length} characters; a host name has 63 at most`,
      "choose a shorter name",
    );
  return [];
}

function repeatedRoles({ roles }: SpecNode, index: number): RuleProblem[] {
  return roles.flatMap((role, at): RuleProblem[] =>
    roles.indexOf(role) === at
      ? []
      : [
          {
            code: "spec-rule",
            path: ["nodes", index, "roles", at],
            what: `the role ${shown(role)} is here twice; a node runs each role once`,
            fix: "take one of them out",
          },
        ],
  );
}

function emptyConfig({ roles, config }: SpecNode, index: number): RuleProblem[] {
  if (roles.includes("broker") || Object.keys(config).length === 0) return [];
  return [
    {
      code: "spec-rule",
      path: ["nodes", index, "config"],
      at: "key",
      what: "`config` of a node is for its broker, and this node has none",
      fix: roles.includes("zookeeper") ? "write it under `zookeeper.config`" : "take it out, or add the role `broker`",
      needs: [["nodes", index, "roles"]],
    },
  ];
}

function namesTaken({ nodes }: Spec): RuleProblem[] {
  const taken = new Map<string, string>();
  return nodes.flatMap(({ name, group, count }, index): RuleProblem[] => {
    const names = name === undefined ? Array.from({ length: count ?? 0 }, (_, n) => `${group ?? ""}-${n + 1}`) : [name];
    const who = name === undefined ? `the group ${shown(group ?? "")}` : "another node";
    const clashes = names.filter((each) => taken.has(each));
    for (const each of names) if (!taken.has(each)) taken.set(each, who);
    const [first] = clashes;
    if (first === undefined) return [];
    const more = clashes.length === 1 ? "" : ` (and ${clashes.length - 1} more)`;
    return [
      {
        code: "spec-rule",
        path: ["nodes", index, name === undefined ? "group" : "name"],
        what: `two nodes would be called ${shown(first)}${more}: ${taken.get(first) ?? ""} has that name already`,
        fix: "give one of them another name",
      },
    ];
  });
}

/** A node is a machine, where it is not a folder of this one: its address is its own. */
function machinesShared({ nodes }: Spec): RuleProblem[] {
  const taken = new Map<string, string>();
  return nodes.flatMap(({ name, group, count, address }, index): RuleProblem[] => {
    const at = (what: string, fix: string): RuleProblem[] => [
      { code: "spec-rule", path: ["nodes", index, "address"], what, fix },
    ];
    if (address === undefined) return [];
    if (group !== undefined && (count ?? 1) > 1)
      return at(
        `the ${count} nodes of the group ${shown(group)} would all be at ${shown(address)}`,
        "write an entry with a `name` and an `address` for each machine",
      );
    const other = taken.get(address);
    taken.set(address, name ?? `${group}-1`);
    if (other === undefined) return [];
    return at(
      `${shown(other)} is at ${shown(address)} already`,
      "give one node all the roles of its machine, or the other one its own address",
    );
  });
}
