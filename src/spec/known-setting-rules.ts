/**
 * Settings against what this Kafka knows: names that it does not know or has given up, and values that it would refuse. It would
 * take an unknown name without a word, and a slip of the finger would change nothing; a wrong value would end the server.
 */
import { goneSetting } from "./gone-settings.ts";
import { nearest } from "./nearest.ts";
import { insteadOfSetting } from "./owned-settings.ts";
import type { SpecPath } from "./problem.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import {
  settingInfo,
  settingMinors,
  settingNames,
  topicSettingInfo,
  topicSettingNames,
  topicSettingsFrom,
} from "./setting-info.ts";
import { valueFault } from "./setting-value.ts";
import { minorOf } from "./versions.ts";
import { listed, shown } from "./words.ts";

type Place = {
  readonly of: "broker" | "topic";
  readonly path: SpecPath;
  readonly config: Readonly<Record<string, string>>;
};

/** Read by listeners, providers of values, authorizers, reporters and remote storage, and so in no list of Kafka's own. */
const ofPlugins =
  /^(listener\.name\.|config\.providers\.|authorizer\.|super\.users$|allow\.everyone\.|kafka\.metrics\.|metrics\.jmx\.|rsm\.config\.|rlmm\.config\.)/;
/** Letters: a plugin's setting is hardly ever this near to one of Kafka's. */
const slip = 2;

export function knownSettingRules(spec: Spec): RuleResult {
  const minor = minorOf(spec.kafka.version);
  if (!settingMinors.includes(minor)) return { problems: [], warnings: [] };
  const verdicts = placesOf(spec).flatMap(({ of, path, config }) =>
    Object.entries(config)
      // What cannot be a name, or is kctl's own to write, is for other rules.
      .filter(
        ([name]) => /^[A-Za-z0-9._-]+$/.test(name) && (of === "topic" || insteadOfSetting("broker", name) === null),
      )
      .map(([name, value]) => verdict(of, minor, [...path, name], name, value)),
  );
  return {
    problems: verdicts.flatMap(({ problem }) => problem ?? []),
    warnings: verdicts.flatMap(({ warning }) => warning ?? []),
  };
}

function placesOf({ kafka, controller, nodes, topics }: Spec): readonly Place[] {
  return [
    { of: "broker", path: ["kafka", "config"], config: kafka.config },
    { of: "broker", path: ["controller", "config"], config: controller?.config ?? {} },
    ...nodes.flatMap(({ config, roles }, index): Place[] =>
      roles.includes("broker") ? [{ of: "broker", path: ["nodes", index, "config"], config }] : [],
    ),
    ...(topics ?? []).map(({ config }, index): Place => ({ of: "topic", path: ["topics", index, "config"], config })),
  ];
}

type Verdict = { readonly problem?: RuleProblem; readonly warning?: RuleProblem };

function verdict(of: Place["of"], minor: string, path: SpecPath, name: string, value: string): Verdict {
  const info = of === "broker" ? settingInfo(minor, name) : topicSettingInfo(minor, name);
  if (info === null) return of === "broker" && isOfPlugin(minor, name) ? {} : unknown(of, minor, path, name);
  const fault = valueFault(info, value);
  if (fault === null) return {};
  const { code, takes, fix } = fault;
  return {
    problem: { code, path, what: `${shown(name)} ${takes}`, notGiven: true, fix, needs: [["kafka", "version"]] },
  };
}

function isOfPlugin(minor: string, name: string): boolean {
  return ofPlugins.test(name) && goneSetting("broker", minor, name) === null;
}

function unknown(of: Place["of"], minor: string, path: SpecPath, name: string): Verdict {
  const owner = of === "broker" ? "" : "topic ";
  const say = (what: string, fix: string): RuleProblem => ({
    code: "spec-rule",
    path,
    at: "key",
    what,
    fix,
    needs: [["kafka", "version"]],
  });
  const none = `Kafka ${minor} has no ${owner}setting ${shown(name)}`;
  const gone = goneSetting(of, minor, name);
  if (gone !== null) return { problem: say(`${none} any more: it is gone since ${gone.since}`, gone.instead) };
  const since = settingMinors.find((other) => hasSetting(of, other, name));
  if (since !== undefined) return { problem: say(`${none} yet`, `take it out; it came with Kafka ${since}`) };
  const elsewhere = ofTheOther(of, minor, name);
  if (elsewhere !== null) return { problem: say(none, elsewhere) };
  const known = (of === "broker" ? settingNames(minor) : topicSettingNames(minor)) ?? [];
  const near = nearest(name, known, of === "broker" ? slip : Infinity);
  if (near !== null) return { problem: say(none, `did you mean ${shown(near)}?`) };
  // Brokers refuse what they do not know in a topic's settings; there are no plugins of theirs to read it.
  if (of === "topic") return { problem: say(none, "take it out") };
  return { warning: say(none, "take it out, unless a plugin of yours reads it") };
}

function hasSetting(of: Place["of"], minor: string, name: string): boolean {
  return (of === "broker" ? settingInfo(minor, name) : topicSettingInfo(minor, name)) !== null;
}

/** `retention.ms` is a topic's, `log.retention.ms` the brokers' default for it. */
function ofTheOther(of: Place["of"], minor: string, name: string): string | null {
  if (of === "broker") {
    const info = topicSettingInfo(minor, name);
    if (info === null) return null;
    const [first] = info.synonyms;
    if (first === undefined) return "write it in the `config` of a topic: it is no setting of brokers";
    return `write ${shown(first)}: that is the brokers' default for topics' ${shown(name)}`;
  }
  if (/^(num\.)?partitions?$/.test(name)) return "take it out, and write `partitions` beside `config`";
  if (/^(default\.)?replication\.factor$/.test(name)) return "take it out, and write `replicas` beside `config`";
  const names = topicSettingsFrom(minor, name);
  if (names.length > 0) return `write ${listed(names, "or")}: ${shown(name)} is the brokers' default for it`;
  return settingInfo(minor, name) === null ? null : "write it under `kafka.config`: it is a setting of brokers";
}
