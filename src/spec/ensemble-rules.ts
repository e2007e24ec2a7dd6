/** Rules of the whole: which servers a cluster needs, how many of them, and how they lie in racks. */
import { counted, countOf } from "./counts.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { kafkaMinor } from "./versions.ts";

export function ensembleRules(spec: Spec): RuleResult {
  const brokers = countOf(spec, "broker");
  const zookeepers = countOf(spec, "zookeeper");
  const controllers = countOf(spec, "controller");
  const byNodes = (what: string, fix: string): RuleProblem => ({
    code: "spec-rule",
    path: ["nodes"],
    at: "key",
    what,
    fix,
  });
  const problems: RuleProblem[] = [];
  const warnings: RuleProblem[] = [];
  const withZookeeper = controllers === 0 && kafkaMinor(spec.kafka.version)?.modes.includes("zookeeper") !== false;

  if (brokers === 0)
    problems.push(
      byNodes("no node has the role `broker`, so there would be no Kafka", "add `broker` to the `roles` of a node"),
    );
  if (zookeepers > 0 && controllers > 0)
    problems.push(
      byNodes("a cluster has either ZooKeeper servers or KRaft controllers, not both", "keep one of the two roles"),
    );
  else if (withZookeeper && zookeepers === 0)
    problems.push(
      byNodes(
        "no node has the role `zookeeper`, which Kafka 3 needs",
        "add `zookeeper` to the `roles` of one node, or of three",
      ),
    );

  if (brokers === 1 || brokers === 2)
    warnings.push(
      byNodes(
        `with ${counted(brokers, "broker")} ${brokers === 1 ? "there is no copy of any data" : "data has two copies at most"}`,
        "have 3 brokers or more where data matters",
      ),
    );
  if (withZookeeper) warnings.push(...ensembleWarnings(zookeepers, brokers).map(([what, fix]) => byNodes(what, fix)));
  return { problems, warnings: [...warnings, ...racks(spec)] };
}

function ensembleWarnings(servers: number, brokers: number): readonly (readonly [string, string])[] {
  if (servers > 0 && servers % 2 === 0)
    return [
      [
        `with ${servers} ZooKeeper servers the ensemble survives the loss of ${servers / 2 - 1 || "none"}, no more than with ${servers - 1}`,
        `have ${servers - 1} or ${servers + 1} of them`,
      ],
    ];
  if (servers === 1 && brokers > 1)
    return [["with 1 ZooKeeper server, losing that one stops all brokers", "have 3 of them"]];
  return [];
}

/** Kafka refuses to place the copies of a new topic where it knows the rack of some brokers only. */
function racks(spec: Spec): RuleProblem[] {
  const brokers = spec.nodes.flatMap((node, index) => (node.roles.includes("broker") ? [{ node, index }] : []));
  const without = brokers.find(({ node }) => node.rack === undefined);
  if (without === undefined || brokers.every(({ node }) => node.rack === undefined)) return [];
  return [
    {
      code: "spec-rule",
      path: ["nodes", without.index],
      what: "this node's broker has no `rack`, others have one; Kafka then cannot spread copies over racks",
      fix: "give every node with a broker a `rack`, or none",
      needs: [["nodes"]],
    },
  ];
}
