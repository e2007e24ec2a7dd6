/** Rules of the provider external: what must go together to reach a cluster that kctl does not manage. */
import type { SpecPath } from "./problem.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";

type External = Extract<Spec["provider"], { type: "external" }>;

export function externalRules({ provider }: Spec): RuleResult {
  if (provider.type !== "external") return { problems: [], warnings: [] };
  return { problems: [...certificateRule(provider), ...secretRule(provider)], warnings: clearPassword(provider) };
}

function rule(path: SpecPath, what: string, fix: string): RuleProblem {
  return { code: "spec-rule", path, what, fix, at: "key" };
}

function certificateRule({ tls: { cert, key } = {} }: External): RuleProblem[] {
  if ((cert === undefined) === (key === undefined)) return [];
  const [has, lacks] = cert === undefined ? ["key", "cert"] : ["cert", "key"];
  const fix = `write \`${lacks}\` as well, or take \`${has}\` out`;
  return [rule(["provider", "tls", has], `\`provider.tls.${has}\` is of no use without \`${lacks}\``, fix)];
}

function secretRule({ sasl }: External): RuleProblem[] {
  if (sasl === undefined) return [];
  const { file, env } = sasl.password.secret;
  if ((file === undefined) !== (env === undefined)) return [];
  const path = ["provider", "sasl", "password", "secret"];
  const what = `a secret lies in a file or in a variable of the environment; here ${file === undefined ? "is neither" : "are both"}`;
  return [rule(path, what, "write `{ file: PATH }` or `{ env: NAME }`")];
}

function clearPassword({ tls, sasl }: External): RuleProblem[] {
  if (tls !== undefined || sasl?.mechanism !== "plain") return [];
  const what = "without `tls`, `plain` sends the password for everybody on the way to read";
  return [rule(["provider", "sasl", "mechanism"], what, "write `tls: true` beside `sasl`, where the listener has TLS")];
}
