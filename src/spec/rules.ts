/** What must hold between keys that are each right by themselves: Kafka's rules, and kctl's own. */
import type { Spec } from "./schema.ts";
import { nodeRules } from "./node-rules.ts";
import { ensembleRules } from "./ensemble-rules.ts";
import { replicationRules } from "./replication-rules.ts";
import { settingRules } from "./setting-rules.ts";
import { softwareRules } from "./software-rules.ts";
import type { Problem, SpecPath } from "./problem.ts";

/** `needs`: further keys that the rule looked at; where one of them is at fault itself, the rule says nothing. */
export type RuleProblem = Problem & { readonly needs?: readonly SpecPath[] };

export type RuleResult = { readonly problems: readonly RuleProblem[]; readonly warnings: readonly RuleProblem[] };

const all = [nodeRules, ensembleRules, replicationRules, settingRules, softwareRules];

export function checkRules(spec: Spec): RuleResult {
  const results = all.map((rules) => rules(spec));
  return {
    problems: results.flatMap(({ problems }) => problems),
    warnings: results.flatMap(({ warnings }) => warnings),
  };
}
