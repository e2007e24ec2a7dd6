/** Rules of the whole: which servers a cluster needs, how many of them, and how they lie in racks. */
import { counted, countOf } from "./counts.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { kafkaMinor, minorOf, type Mode } from "./versions.ts";

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
  const mode = modeOf(spec);

  if (brokers === 0)
    problems.push(
      byNodes("no node has the role `broker`, so there would be no Kafka", "add `broker` to the `roles` of a node"),
    );
  problems.push(
    ...metadataKeepers(spec, mode).map(([what, fix]) => byNodes(what, fix)),
    ...sectionOfTheOther(spec, mode),
  );

  if (brokers === 1 || brokers === 2)
    warnings.push(
      byNodes(
        `with ${counted(brokers, "broker")} ${brokers === 1 ? "there is no copy of any data" : "data has two copies at most"}`,
        "have 3 brokers or more where data matters",
      ),
    );
  const [keepers, noun] = mode === "kraft" ? [controllers, "controller"] : [zookeepers, "ZooKeeper server"];
  warnings.push(...ensembleWarnings(keepers, noun, brokers).map(([what, fix]) => byNodes(what, fix)));
  return { problems, warnings: [...warnings, ...racks(spec)] };
}

/** KRaft where there are controllers, or where this Kafka has nothing else. */
function modeOf(spec: Spec): Mode {
  const modes = kafkaMinor(spec.kafka.version)?.modes ?? ["zookeeper", "kraft"];
  return countOf(spec, "controller") > 0 || !modes.includes("zookeeper") ? "kraft" : "zookeeper";
}

type Sentence = readonly [what: string, fix: string];

/** Who is to keep the cluster's metadata, and whether this Kafka can have it so. */
function metadataKeepers(spec: Spec, mode: Mode): readonly Sentence[] {
  const { version } = spec.kafka;
  const modes = kafkaMinor(version)?.modes ?? [];
  const zookeepers = countOf(spec, "zookeeper");
  const controllers = countOf(spec, "controller");
  const onOneOrThree = "to the `roles` of one node, or of three";
  if (zookeepers > 0 && controllers > 0)
    return [["a cluster has either ZooKeeper servers or KRaft controllers, not both", "keep one of the two roles"]];
  if (zookeepers > 0 && mode === "kraft")
    return [
      [`Kafka ${version} has no ZooKeeper any more`, "write `controller` in place of `zookeeper` in the `roles`"],
    ];
  if (controllers > 0 && modes.length > 0 && !modes.includes("kraft"))
    return [
      [
        `kctl runs KRaft controllers from Kafka 3.9 on, the first whose quorum can be changed later, not with ${version}`,
        "write `zookeeper` in place of `controller` in the `roles`, or a newer `kafka.version`",
      ],
    ];
  if (controllers > 0 || zookeepers > 0) return [];
  if (mode === "kraft")
    return [
      [`no node has the role \`controller\`, which Kafka ${version} needs`, `add \`controller\` ${onOneOrThree}`],
    ];
  const either = modes.includes("kraft")
    ? "`zookeeper` (or `controller`, for a cluster without ZooKeeper)"
    : "`zookeeper`";
  return [
    [`no node has the role \`zookeeper\`, which Kafka ${minorOf(version)} needs`, `add ${either} ${onOneOrThree}`],
  ];
}

/** What nothing would read is a slip, and is said. */
function sectionOfTheOther({ zookeeper, controller }: Spec, mode: Mode): RuleProblem[] {
  const { config, jvm, ...single } = zookeeper;
  const hasZookeeper =
    Object.keys(config).length > 0 || jvm.length > 0 || Object.values(single).some((value) => value !== undefined);
  const say = (key: string, what: string, fix: string): RuleProblem[] => [
    { code: "spec-rule", path: [key], at: "key", what, fix, needs: [["nodes"], ["kafka", "version"]] },
  ];
  if (mode === "kraft" && hasZookeeper)
    return say("zookeeper", "this cluster has no ZooKeeper servers: nothing would read `zookeeper`", "take it out");
  if (mode === "zookeeper" && controller !== undefined)
    return say("controller", "this cluster has no KRaft controllers: nothing would read `controller`", "take it out");
  return [];
}

function ensembleWarnings(servers: number, noun: string, brokers: number): readonly Sentence[] {
  if (servers > 0 && servers % 2 === 0)
    return [
      [
        `with ${servers} ${noun}s the ${noun === "controller" ? "quorum" : "ensemble"} survives the loss of ${servers / 2 - 1 || "none"}, no more than with ${servers - 1}`,
        `have ${servers - 1} or ${servers + 1} of them`,
      ],
    ];
  if (servers === 1 && brokers > 1)
    return [
      [
        `with 1 ${noun}, losing that one stops ${noun === "controller" ? "the whole cluster" : "all brokers"}`,
        "have 3 of them",
      ],
    ];
  return [];
}

/** Kafka refuses to place the copies of a new topic where it knows the rack of some brokers only. */
function racks(spec: Spec): RuleProblem[] {
  // There every node's rack is its zone, where it has none of its own.
  if (spec.provider.type === "aws") return [];
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
