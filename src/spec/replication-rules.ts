/** Rules of copies: how many the settings ask for, and how many brokers there are to keep them. */
import { counted, countOf } from "./counts.ts";
import type { SpecPath } from "./problem.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { countIn } from "./setting-number.ts";
import { shown } from "./words.ts";

type Config = Readonly<Record<string, string>>;

const factors = [
  "default.replication.factor",
  "offsets.topic.replication.factor",
  "transaction.state.log.replication.factor",
] as const;

export function replicationRules(spec: Spec): RuleResult {
  const brokers = countOf(spec, "broker");
  if (brokers === 0) return { problems: [], warnings: [] };
  const places = [
    { path: ["kafka", "config"] as SpecPath, own: spec.kafka.config, all: spec.kafka.config },
    ...spec.nodes.map(({ config }, index) => ({
      path: ["nodes", index, "config"] as SpecPath,
      own: config,
      all: { ...spec.kafka.config, ...config },
    })),
  ];
  const results = places.map(({ path, own, all }) => inConfig(path, own, all, brokers));
  return {
    problems: results.flatMap(({ problems }) => problems),
    warnings: results.flatMap(({ warnings }) => warnings),
  };
}

function inConfig(path: SpecPath, own: Config, all: Config, brokers: number): RuleResult {
  const rule = (name: string, what: string, fix: string): RuleProblem => ({
    code: "spec-rule",
    path: [...path, name],
    what,
    fix,
    needs: [["nodes"], ["kafka", "config"]],
  });
  const problems = noCopies(own, rule);
  const warnings: RuleProblem[] = [];
  for (const name of factors) {
    const factor = countIn(own, name);
    if (factor !== null && factor > brokers)
      problems.push(
        rule(
          name,
          `${factor} copies need ${factor} brokers; this cluster has ${brokers}`,
          `write ${brokers} or less, or add brokers`,
        ),
      );
  }
  for (const [minimum, factorName] of minimums) {
    const least = countIn(own, minimum);
    if (least === null) continue;
    const copies = countIn(all, factorName) ?? Math.min(3, brokers);
    const byName =
      countIn(all, factorName) === null
        ? `kctl makes ${counted(copies, "copy").replace("copys", "copies")} here`
        : `${shown(factorName)} is ${copies}`;
    if (least > brokers)
      problems.push(
        rule(
          minimum,
          `${shown(minimum)} is ${least}, and this cluster has ${counted(brokers, "broker")}: nothing could be written with acks=all`,
          `write ${Math.max(1, copies - 1)}, or add brokers`,
        ),
      );
    else if (least > copies)
      problems.push(
        rule(
          minimum,
          `${shown(minimum)} is ${least}, and ${byName}: nothing could be written with acks=all`,
          `write ${Math.max(1, copies - 1)}, or raise ${shown(factorName)}`,
        ),
      );
    else if (least === copies && copies > 1)
      warnings.push(
        rule(
          minimum,
          `${shown(minimum)} is ${least}, and ${byName}: while one broker is down, nothing can be written with acks=all`,
          `write ${copies - 1}`,
        ),
      );
  }
  return { problems, warnings };
}

const minimums = [
  ["min.insync.replicas", "default.replication.factor"],
  ["transaction.state.log.min.isr", "transaction.state.log.replication.factor"],
] as const;

/** The one count that Kafka's own table gives no lower bound; brokers take -1 for it. */
function noCopies(own: Config, rule: (name: string, what: string, fix: string) => RuleProblem): RuleProblem[] {
  const [name] = factors;
  const given = Object.hasOwn(own, name) ? (own[name] ?? "") : "";
  if (!/^[+-]?[0-9]{1,9}$/.test(given) || Number(given) > 0 || given === "-1") return [];
  return [rule(name, `${shown(name)} takes a whole number from 1`, "write how many copies there should be")];
}
