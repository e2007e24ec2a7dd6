/** What is tried before anything is made: calls that EC2 judges and does not carry out, for what a plan would do. */
import type { Change } from "../plan/change.ts";

export type Trial =
  | "AuthorizeSecurityGroupIngress"
  | "CreateInternetGateway"
  | "CreateSecurityGroup"
  | "CreateTags"
  | "CreateVpc"
  | "ImportKeyPair"
  | "RunInstances";

/**
 * None where no machine is to be launched: what there is was made with the same credentials. At most five.
 * @param group whether the security group is there: by its tag, leave to change it can be tried
 */
export function trialsOf(changes: readonly Change[], group: boolean): readonly Trial[] {
  const kinds = new Set(changes.flatMap((change) => (change.kind === "cloud" ? [change.step.kind] : [])));
  if (!kinds.has("instance")) return [];
  return [
    "RunInstances",
    ...(kinds.has("network") ? (["CreateVpc", "CreateInternetGateway"] as const) : []),
    ...(kinds.has("group") ? (["CreateSecurityGroup"] as const) : []),
    ...(kinds.has("rules") && group ? (["AuthorizeSecurityGroupIngress"] as const) : []),
    ...(group ? (["CreateTags"] as const) : []),
    ...(kinds.has("key") ? (["ImportKeyPair"] as const) : []),
  ];
}
