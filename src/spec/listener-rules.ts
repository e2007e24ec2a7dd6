/** Rules of the listener for clients outside: there must be addresses to tell them, and nobody may take it for closed that is open. */
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { shown } from "./words.ts";

export function listenerRules(spec: Spec): RuleResult {
  const { external } = spec.kafka;
  if (external === undefined) return { problems: [], warnings: [] };
  const which = { public: "publicAddress", private: "privateAddress" } as const;
  const told = external.advertise;
  const problems =
    spec.provider.type === "ssh" && (told === "public" || told === "private")
      ? spec.nodes.flatMap((node, index) => addressOutside(node, index, told, which[told]))
      : [];
  return { problems, warnings: whoComesIn(spec) };
}

function addressOutside(
  node: Spec["nodes"][number],
  index: number,
  told: "public" | "private",
  key: "publicAddress" | "privateAddress",
): readonly RuleProblem[] {
  if (!node.roles.includes("broker")) return [];
  const who = shown(node.name ?? node.group ?? "");
  if (node[key] === undefined)
    return [
      {
        code: "spec-missing-key",
        path: ["nodes", index, key],
        what: `clients outside are told the \`${key}\` of each broker's node, and ${who} has none`,
        fix: `add \`${key}: …\`, or write \`kafka.external.advertise: address\` for the one that kctl uses itself`,
        needs: [["kafka", "external", "advertise"]],
      },
    ];
  if ((node.count ?? 1) === 1) return [];
  return [
    {
      code: "spec-rule",
      path: ["nodes", index, key],
      what: `clients outside would be told one \`${key}\` for the ${node.count} nodes of the group ${who}`,
      fix: `write an entry with a \`name\` and a \`${key}\` for each machine, or another \`kafka.external.advertise\` than \`${told}\``,
    },
  ];
}

function whoComesIn({ provider, kafka: { external } }: Spec): readonly RuleProblem[] {
  if (provider.type === "aws") return external?.from === undefined || external.from.length === 0 ? [nobody] : [];
  if (external?.from === undefined) return [];
  return [
    {
      code: "spec-rule",
      path: ["kafka", "external", "from"],
      at: "key",
      what:
        provider.type === "local"
          ? "`from` has no effect with the provider `local`, which listens on 127.0.0.1 alone"
          : "`from` has no effect with the provider `ssh`: kctl sets up no firewall there, and whoever reaches the machines reaches this listener",
      fix:
        provider.type === "local" ? "take it out" : "let your own firewall say who may come in, then take `from` out",
    },
  ];
}

const nobody: RuleProblem = {
  code: "spec-rule",
  path: ["kafka", "external"],
  at: "key",
  what: "nobody may reach the listener for clients outside: `from` names no network",
  fix: "add `from: [203.0.113.0/24]`, for example",
};
