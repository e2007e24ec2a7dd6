/** What must hold between keys that are each right by themselves: Kafka's rules, and kctl's own. */
import { isCounted } from "./counts.ts";
import type { Spec } from "./schema.ts";
import { knownSettingRules } from "./known-setting-rules.ts";
import { awsRules } from "./aws-rules.ts";
import { burrowNodeRules, burrowRules } from "./burrow-rules.ts";
import { connectRules, workerRules } from "./connect-rules.ts";
import { externalRules } from "./external-rules.ts";
import { listenerRules } from "./listener-rules.ts";
import { nodeRules } from "./node-rules.ts";
import { ensembleRules } from "./ensemble-rules.ts";
import { replicationRules } from "./replication-rules.ts";
import { settingRules } from "./setting-rules.ts";
import { softwareRules } from "./software-rules.ts";
import { topicRules } from "./topic-rules.ts";
import type { Problem, SpecPath } from "./problem.ts";

export type RuleProblem = Problem & {
  /** Further keys that the rule looked at; where one of them is at fault itself, the rule says nothing. */
  readonly needs?: readonly SpecPath[];
  /** What was given instead is to be added to the sentence, so far as it may be shown. */
  readonly notGiven?: true;
};

export type RuleResult = { readonly problems: readonly RuleProblem[]; readonly warnings: readonly RuleProblem[] };

const counting = [ensembleRules, replicationRules, workerRules, burrowNodeRules];
const always = [
  nodeRules,
  awsRules,
  burrowRules,
  connectRules,
  listenerRules,
  knownSettingRules,
  settingRules,
  softwareRules,
  topicRules,
];
/** Of a cluster that kctl does not manage. */
const outside = [externalRules, workerRules, doubtfulSettings, settingRules, softwareRules, topicRules];

/** A Kafka that somebody sells may have settings of its own. */
function doubtfulSettings(spec: Spec): RuleResult {
  const { problems, warnings } = knownSettingRules(spec);
  const fix = "see that the cluster has it and takes this value; `kafka.version` says by which Kafka it is judged here";
  return { problems: [], warnings: [...problems, ...warnings].map((problem) => ({ ...problem, fix })) };
}

export function checkRules(spec: Spec): RuleResult {
  const results = rulesFor(spec).map((rules) => rules(spec));
  return {
    problems: results.flatMap(({ problems }) => problems),
    warnings: results.flatMap(({ warnings }) => warnings),
  };
}

function rulesFor({ provider, nodes }: Spec): readonly ((spec: Spec) => RuleResult)[] {
  if (provider.type === "external") return outside;
  // How many servers there are is not known while one node does not say how many it is.
  return nodes.every(isCounted) ? [...always, ...counting] : always;
}
