/** Settings that this Kafka does not know: it would take them without a word, and a slip of the finger would change nothing. */
import { knownSettings, minorsWith } from "./kafka-settings.ts";
import { nearest } from "./nearest.ts";
import { insteadOfSetting } from "./owned-settings.ts";
import type { SpecPath } from "./problem.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { minorOf } from "./versions.ts";
import { shown } from "./words.ts";

/** Read by listeners, providers of values, authorizers and reporters, and so in no list of Kafka's own. */
const ofPlugins =
  /^(listener\.name\.|config\.providers\.|authorizer\.|super\.users$|allow\.everyone\.|kafka\.metrics\.)/;
/** Letters: a plugin's setting is hardly ever this near to one of Kafka's. */
const slip = 2;

export function knownSettingRules(spec: Spec): RuleResult {
  const minor = minorOf(spec.kafka.version);
  const known = knownSettings(minor);
  if (known === null) return { problems: [], warnings: [] };
  const places = [
    { path: ["kafka", "config"] as SpecPath, config: spec.kafka.config },
    ...spec.nodes.flatMap(({ config, roles }, index) =>
      roles.includes("broker") ? [{ path: ["nodes", index, "config"] as SpecPath, config }] : [],
    ),
  ];
  const unknown = places.flatMap(({ path, config }) =>
    Object.keys(config)
      // What cannot be a name, or is kctl's own to write, is for other rules.
      .filter((name) => /^[A-Za-z0-9._-]+$/.test(name) && insteadOfSetting("broker", name) === null)
      .filter((name) => !known.has(name) && !ofPlugins.test(name))
      .map((name) => ({ path: [...path, name], name })),
  );
  const verdicts = unknown.map(({ path, name }) => verdict(name, path, minor, known));
  return {
    problems: verdicts.flatMap(({ problem }) => problem ?? []),
    warnings: verdicts.flatMap(({ warning }) => warning ?? []),
  };
}

type Verdict = { readonly problem?: RuleProblem; readonly warning?: RuleProblem };

function verdict(name: string, path: SpecPath, minor: string, known: ReadonlySet<string>): Verdict {
  const say = (fix: string): RuleProblem => ({
    code: "spec-rule",
    path,
    at: "key",
    what: `Kafka ${minor} has no setting ${shown(name)}`,
    fix,
    needs: [["kafka", "version"]],
  });
  const others = minorsWith(name);
  if (others.length > 0)
    return { problem: say(`take it out; only ${others.map((other) => `Kafka ${other}`).join(" and ")} can read it`) };
  const near = nearest(name, known, slip);
  if (near !== null) return { problem: say(`did you mean ${shown(near)}?`) };
  return { warning: say("take it out, unless a plugin of yours reads it") };
}
