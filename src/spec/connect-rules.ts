/** Rules of Kafka Connect: what its workers load, and what runs in them. */
import { countOf } from "./counts.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { listed, shown } from "./words.ts";

export function connectRules(spec: Spec): RuleResult {
  return {
    problems: [...pluginRules(spec), ...connectorRules(spec)],
    warnings: [...plainSecrets(spec), ...openPort(spec)],
  };
}

/** Connectors run in workers, and the workers' section is read by them alone. */
export function workerRules(spec: Spec): RuleResult {
  const unread =
    countOf(spec, "connect") > 0 ? [] : (["connect", "connectors"] as const).filter((key) => spec[key] !== undefined);
  const problems = unread.map((key): RuleProblem => ({
    code: "spec-rule",
    path: [key],
    at: "key",
    what: `no node has the role \`connect\`: nothing would read \`${key}\``,
    fix: "add `connect` to the `roles` of a node, or take it out",
    needs: [["nodes"]],
  }));
  return { problems, warnings: [] };
}

function pluginRules({ connect }: Spec): readonly RuleProblem[] {
  return (connect?.plugins ?? []).flatMap((plugin, index): RuleProblem[] => {
    const path = ["connect", "plugins", index];
    const sources = (["maven", "archive", "file"] as const).filter((source) => plugin[source] !== undefined);
    const needs = ["maven", "archive", "file", "sha512"].map((key) => [...path, key]);
    const [source] = sources;
    if (source === undefined || sources.length > 1)
      return [
        {
          code: "spec-rule",
          path,
          what:
            source === undefined
              ? "a plugin has `maven`, `archive` or `file`: where it comes from"
              : `a plugin comes from one place, not from ${listed(sources, "and")}`,
          fix: source === undefined ? "write one of them" : "make a plugin of each",
          needs,
        },
      ];
    if (source === "maven" && plugin.sha512 !== undefined)
      return [
        {
          code: "spec-rule",
          path: [...path, "sha512"],
          at: "key",
          what: "`sha512` is for `archive` and `file`: Maven checks what it fetches by itself",
          fix: "take it out",
          needs,
        },
      ];
    if (source === "archive" && /\.zip([?#].*)?$/i.test(plugin.archive ?? ""))
      return [
        {
          code: "spec-not-built",
          path: [...path, "archive"],
          what: "unpacking a .zip is not built yet in this version of kctl",
          fix: "unpack it, and pack it anew: `tar -czf NAME.tar.gz FOLDER`",
        },
      ];
    if (source === "maven" || plugin.sha512 !== undefined) return [];
    return [
      {
        code: "spec-missing-key",
        path: [...path, "sha512"],
        what: `this plugin's \`${source}\` needs a \`sha512\`: what is loaded into the workers is checked first`,
        fix: "add it as its makers publish it, or as `sha512sum` prints it",
        needs,
      },
    ];
  });
}

function connectorRules({ connectors }: Spec): readonly RuleProblem[] {
  const taken = new Set<string>();
  return (connectors ?? []).flatMap(({ name, config }, index): RuleProblem[] => {
    const path = ["connectors", index];
    const twice = taken.has(name);
    taken.add(name);
    return [
      ...(twice
        ? [
            {
              code: "spec-rule",
              path: [...path, "name"],
              what: `two connectors would be called ${shown(name)}`,
              fix: "give one of them another name",
            } as const,
          ]
        : []),
      ...Object.keys(config).flatMap((setting): RuleProblem[] => {
        const instead = setting === "name" ? "name" : setting === "connector.class" ? "class" : null;
        if (instead === null) return [];
        const what = `${shown(setting)} is not written among the settings`;
        const fix = `write \`${instead}\` at the connector`;
        return [{ code: "spec-rule", path: [...path, "config", setting], at: "key", what, fix }];
      }),
    ];
  });
}

/** Whoever asks a worker for a connector's settings is told them as they are. */
function plainSecrets({ connectors }: Spec): readonly RuleProblem[] {
  return (connectors ?? []).flatMap(({ config }, index) =>
    Object.entries(config).flatMap(([setting, value]): RuleProblem[] => {
      if (typeof value !== "string" || !/password|passphrase|secret/i.test(setting) || /^\$\{.*\}$/.test(value))
        return [];
      return [
        {
          code: "spec-rule",
          path: ["connectors", index, "config", setting],
          at: "key",
          what: `${shown(setting)} stands in the spec in plain text, and whoever may ask Connect is told it`,
          fix: `write ${shown(`${setting}: { secret: { file: PATH } }`)}, or \`env: NAME\` in place of the file`,
        },
      ];
    }),
  );
}

/** Elsewhere it is this machine's own, or a security group is in front of it. */
function openPort({ provider, nodes }: Spec): readonly RuleProblem[] {
  const index = nodes.findIndex(({ roles }) => roles.includes("connect"));
  if (provider.type !== "ssh" || index === -1) return [];
  return [
    {
      code: "spec-rule",
      path: ["nodes", index, "roles"],
      what: "workers of Connect take orders on port 8083 of every interface, without a password, and tell secrets of connectors to whoever asks for them there",
      fix: "let a firewall of these machines open it to the cluster's own machines only",
      needs: [["provider"]],
    },
  ];
}
