/** Rules of settings, JVM flags and heaps: what is kctl's own to write, names that cannot be, heaps too small to start. */
import { insteadOfFlag, insteadOfSetting } from "./owned-settings.ts";
import type { SpecPath } from "./problem.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { shown } from "./words.ts";

type Role = "broker" | "controller" | "zookeeper" | "connect";

const titles = {
  broker: "a broker",
  controller: "a controller",
  connect: "a Connect worker",
  zookeeper: "a ZooKeeper server",
} as const;
const smallestMiB = { broker: 128, controller: 128, connect: 128, zookeeper: 64 } as const;
/** The hungriest first: a node's heap is for each of its servers. */
const byHunger = ["broker", "controller", "connect", "zookeeper"] as const;

export function settingRules(spec: Spec): RuleResult {
  const { kafka, zookeeper, controller, connect, connectors, nodes, topics } = spec;
  const problems = [
    ...configRules("broker", ["kafka", "config"], kafka.config),
    ...configRules("zookeeper", ["zookeeper", "config"], zookeeper.config),
    ...nodes.flatMap(({ config }, index) => configRules("broker", ["nodes", index, "config"], config)),
    // Controllers read the same table of settings as brokers.
    ...configRules("broker", ["controller", "config"], controller?.config ?? {}),
    ...configRules("connect", ["connect", "config"], connect?.config ?? {}),
    ...(topics ?? []).flatMap(({ config }, index) => configRules(null, ["topics", index, "config"], config)),
    ...(connectors ?? []).flatMap(({ config }, index) => configRules(null, ["connectors", index, "config"], config)),
    ...flagRules(["kafka", "jvm"], kafka.jvm),
    ...flagRules(["controller", "jvm"], controller?.jvm ?? []),
    ...flagRules(["zookeeper", "jvm"], zookeeper.jvm),
    ...flagRules(["connect", "jvm"], connect?.jvm ?? []),
    ...heapRule("broker", ["kafka", "heap"], kafka.heap),
    ...heapRule("zookeeper", ["zookeeper", "heap"], zookeeper.heap),
    ...heapRule("controller", ["controller", "heap"], controller?.heap),
    ...heapRule("connect", ["connect", "heap"], connect?.heap),
    ...nodes.flatMap(({ heap, roles }, index) =>
      heapRule(byHunger.find((role) => roles.includes(role)) ?? "zookeeper", ["nodes", index, "heap"], heap),
    ),
  ];
  return { problems, warnings: [] };
}

/** @param role null for topics, whose settings are all the user's */
function configRules(
  role: "broker" | "zookeeper" | "connect" | null,
  path: SpecPath,
  config: Readonly<Record<string, unknown>>,
): RuleProblem[] {
  return Object.keys(config).flatMap((name): RuleProblem[] => {
    const at = [...path, name];
    if (!/^[A-Za-z0-9._-]+$/.test(name))
      return [
        {
          code: "spec-rule",
          path: at,
          at: "key",
          what: `${shown(name)} cannot be the name of a setting: letters, digits, dots, hyphens and underscores can`,
          fix: nameInstead(name),
        },
      ];
    const instead = role === null ? null : insteadOfSetting(role, name);
    if (instead === null) return [];
    return [
      { code: "spec-rule", path: at, at: "key", what: `kctl writes the setting ${shown(name)} itself`, fix: instead },
    ];
  });
}

function nameInstead(name: string): string {
  if (name.trim() === "") return "write a name";
  if (name.includes("=")) return "write `name: value`, with a colon and a blank";
  const cleaned = name.trim().replace(/\s+/g, ".");
  return /^[A-Za-z0-9._-]+$/.test(cleaned) ? `write ${shown(cleaned)}` : "spell it as Kafka does";
}

function flagRules(path: SpecPath, flags: readonly string[]): RuleProblem[] {
  return flags.flatMap((flag, index): RuleProblem[] => {
    const instead = insteadOfFlag(flag);
    return instead === null
      ? []
      : [
          {
            code: "spec-rule",
            path: [...path, index],
            what: `kctl does not take the flag ${shown(flag)}`,
            fix: instead,
          },
        ];
  });
}

function heapRule(role: Role, path: SpecPath, heapMiB: number | undefined): RuleProblem[] {
  const smallest = smallestMiB[role];
  if (heapMiB === undefined || heapMiB >= smallest) return [];
  return [
    {
      code: "spec-rule",
      path,
      what: `a heap of ${heapMiB}MiB is too small for ${titles[role]} to run`,
      fix: `write \`${smallest}MiB\` or more`,
    },
  ];
}
