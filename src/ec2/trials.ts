/** What is tried before anything is made: calls that EC2 judges and does not carry out, for what a plan would do. */
import type { Change } from "../plan/change.ts";

export type Trial =
  | "AuthorizeSecurityGroupIngress"
  | "CreateInternetGateway"
  | "CreatePlacementGroup"
  | "CreateSecurityGroup"
  | "CreateTags"
  | "CreateVpc"
  | "ImportKeyPair"
  | "RunInstances";

/** In one go: an `up` is to make few calls. */
const most = 5;

/**
 * None where no machine is to be launched: what there is was made with the same credentials. At most five.
 * @param group whether the security group is there: by its tag, leave to change it can be tried
 */
export function trialsOf(changes: readonly Change[], group: boolean): readonly Trial[] {
  const kinds = new Set(changes.flatMap((change) => (change.kind === "cloud" ? [change.step.kind] : [])));
  if (!kinds.has("instance")) return [];
  const tried: readonly Trial[] = [
    "RunInstances",
    ...(kinds.has("network") ? (["CreateVpc", "CreateInternetGateway"] as const) : []),
    ...(kinds.has("placement") ? (["CreatePlacementGroup"] as const) : []),
    ...(kinds.has("group") ? (["CreateSecurityGroup"] as const) : []),
    ...(kinds.has("rules") && group ? (["AuthorizeSecurityGroupIngress"] as const) : []),
    ...(group ? (["CreateTags"] as const) : []),
    // The lock of `up` is one already.
    ...(kinds.has("key") ? (["ImportKeyPair"] as const) : []),
  ];
  return tried.slice(0, most);
}
