/** A rule of a security group in a line. */
import type { Rule, ThereRule } from "./security-rules.ts";

export function ruleText({ protocol, from, to, source, description }: Rule | ThereRule): string {
  const ports = from === null || to === null ? "all ports" : from === to ? `${from}` : `${from}-${to}`;
  const by = source.kind === "group" ? "the group itself" : source.kind === "cidr" ? source.cidr : source.id;
  return `${protocol === "-1" ? "all" : protocol} ${ports} from ${by}${description === "" ? "" : `  (${description})`}`;
}
