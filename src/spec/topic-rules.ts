/** Rules of topics: names that there can be only once, and copies that their brokers and settings allow. */
import { counted, countOf, isCounted } from "./counts.ts";
import { internalTopics } from "./internal-topics.ts";
import type { SpecPath } from "./problem.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { countIn } from "./setting-number.ts";
import { shown } from "./words.ts";

type SpecTopic = NonNullable<Spec["topics"]>[number];

const minIsr = "min.insync.replicas";
/** Replicas a broker: what Kafka's makers advise not to go beyond with ZooKeeper; with KRaft more is possible, and still slow. */
const many = 4000;

export function topicRules(spec: Spec): RuleResult {
  const topics = spec.topics ?? [];
  const results = [names(topics), ...(spec.nodes.every(isCounted) ? [copies(spec, topics), load(spec, topics)] : [])];
  return {
    problems: results.flatMap(({ problems }) => problems),
    warnings: results.flatMap(({ warnings }) => warnings),
  };
}

function rule(path: SpecPath, what: string, fix: string, needs: readonly SpecPath[] = [["topics"]]): RuleProblem {
  return { code: "spec-rule", path, what, fix, needs };
}

/** Kafka refuses a topic whose name it could not tell from another's in the names of its metrics, where a dot is an underscore. */
function names(topics: readonly SpecTopic[]): RuleResult {
  const problems: RuleProblem[] = [];
  const byMetric = new Map<string, string>();
  for (const [index, { name }] of topics.entries()) {
    const path = ["topics", index, "name"];
    const metric = name.replaceAll(".", "_");
    const other = byMetric.get(metric);
    byMetric.set(metric, other ?? name);
    if (internalTopics.has(name))
      problems.push(rule(path, `${shown(name)} is Kafka's own: kctl does not touch it`, "take it out", []));
    else if (other === name)
      problems.push(rule(path, `there are two topics ${shown(name)}`, "take one out, or give it another name"));
    else if (other !== undefined)
      problems.push(
        rule(
          path,
          `Kafka does not make ${shown(name)} beside ${shown(other)}: in the names of metrics a dot and an underscore are the same`,
          "give one of them another name",
        ),
      );
  }
  return { problems, warnings: [] };
}

function copies(spec: Spec, topics: readonly SpecTopic[]): RuleResult {
  const brokers = countOf(spec, "broker");
  const results = brokers === 0 ? [] : topics.map((topic, index) => copiesOf(topic, ["topics", index], spec, brokers));
  return {
    problems: results.flatMap(({ problems }) => problems),
    warnings: results.flatMap(({ warnings }) => warnings),
  };
}

const looksAt: readonly SpecPath[] = [["topics"], ["nodes"], ["kafka", "config"]];
const refuse = (problem: RuleProblem): RuleResult => ({ problems: [problem], warnings: [] });
const warn = (problem: RuleProblem): RuleResult => ({ problems: [], warnings: [problem] });
const fine: RuleResult = { problems: [], warnings: [] };

function copiesOf({ replicas, config }: SpecTopic, path: SpecPath, { kafka }: Spec, brokers: number): RuleResult {
  if (replicas !== undefined && replicas > brokers)
    return refuse(
      rule(
        [...path, "replicas"],
        `${counted(replicas, "replica")} need ${replicas} brokers; this cluster has ${brokers}`,
        `write ${brokers} or less, or add brokers`,
        looksAt,
      ),
    );
  const own = countIn(config, minIsr);
  const least = own ?? countIn(kafka.config, minIsr) ?? 1;
  // One that is there already may have another number than it would be created with.
  const kept = replicas ?? countIn(kafka.config, "default.replication.factor") ?? Math.min(3, brokers);
  const at = own === null ? [...path, "replicas"] : [...path, "config", minIsr];
  const has =
    replicas === undefined ? `would be created with ${counted(kept, "replica")}` : `has ${counted(kept, "replica")}`;
  const what = `the topic ${has}, and ${own === null ? `the brokers' ${shown(minIsr)}` : `its ${shown(minIsr)}`} is ${least}`;
  const never = `${what}: nothing could be written with acks=all`;
  const less =
    own === null ? `give the topic a ${shown(minIsr)} of ${Math.max(1, kept - 1)}` : `write ${Math.max(1, kept - 1)}`;
  if (own !== null && own > (replicas ?? brokers)) return refuse(rule(at, never, `${less}, or more replicas`, looksAt));
  // What the brokers' own settings do to every topic is said where they stand.
  if (own === null && replicas === undefined) return fine;
  if (least > kept) return warn(rule(at, never, less, looksAt));
  if (least < kept || kept === 1) return fine;
  return warn(rule(at, `${what}: while one broker is down, nothing can be written with acks=all`, less, looksAt));
}

function load(spec: Spec, topics: readonly SpecTopic[]): RuleResult {
  const brokers = countOf(spec, "broker");
  if (brokers === 0) return fine;
  const kept = topics.map(({ partitions, replicas }) => (partitions ?? 1) * (replicas ?? Math.min(3, brokers)));
  const each = Math.ceil(kept.reduce((sum, some) => sum + some, 0) / brokers);
  const largest = kept.indexOf(Math.max(...kept));
  if (each <= many || topics[largest]?.partitions === undefined) return fine;
  return warn(
    rule(
      ["topics", largest, "partitions"],
      `each broker would keep some ${each} replicas of partitions: beyond ${many} or so, starting and failing over take long`,
      "have fewer partitions, or more brokers",
      looksAt,
    ),
  );
}
