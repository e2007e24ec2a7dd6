/** The cluster's security group and its rules. */
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  RevokeSecurityGroupIngressCommand,
  UpdateSecurityGroupRuleDescriptionsIngressCommand,
  type IpPermission,
} from "@aws-sdk/client-ec2";
import { clusterTag, type SeenGroup } from "../../ec2/seen.ts";
import { ruleDifference, type Rule, type ThereRule } from "../../ec2/security-rules.ts";
import { KctlError } from "../../fault.ts";
import type { Api } from "./api.ts";
import { codeOf } from "./api-fault.ts";
import { groupsBy } from "./observe.ts";
import { onceKnown, taggedAs } from "./tags.ts";

export type GroupToMake = {
  readonly cluster: string;
  readonly name: string;
  readonly vpc: string;
  readonly tags: Readonly<Record<string, string>>;
};

/** One that an answer that was lost had made is taken; one of that name without the tag is somebody else's. */
export async function makeGroup(api: Api, { cluster, name, vpc, tags }: GroupToMake): Promise<SeenGroup> {
  try {
    const { GroupId = "" } = await api.call((client, options) =>
      client.send(
        new CreateSecurityGroupCommand({
          GroupName: name,
          Description: `Made by kctl for the Kafka cluster ${cluster}`,
          VpcId: vpc,
          TagSpecifications: taggedAs("security-group", tags),
        }),
        options,
      ),
    );
    return { id: GroupId, name, vpc, rules: [], tags };
  } catch (error) {
    if (codeOf(error) !== "InvalidGroup.Duplicate") throw error;
    const [there] = await groupsBy(api, [
      { Name: "group-name", Values: [name] },
      { Name: "vpc-id", Values: [vpc] },
    ]);
    if (there?.tags[clusterTag] === cluster) return there;
    throw new KctlError({
      code: "aws-not-ours",
      what: `there is a security group ${name}${there === undefined ? "" : ` (${there.id})`} that kctl did not make`,
      fix: "remove or rename it if it is yours, or give the cluster another name",
    });
  }
}

/** New rules first: what is allowed both before and after stays allowed all the time. */
export async function makeRules(
  api: Api,
  { id, rules }: Pick<SeenGroup, "id" | "rules">,
  wanted: readonly Rule[],
  signal: AbortSignal,
): Promise<void> {
  const { add, remove, redescribe } = ruleDifference(wanted, rules);
  if (add.length > 0)
    await onceKnown(async () => {
      try {
        await api.call((client, options) =>
          client.send(
            new AuthorizeSecurityGroupIngressCommand({ GroupId: id, IpPermissions: permissionsOf(add, id) }),
            options,
          ),
        );
      } catch (error) {
        // An answer that was lost: it is done, or the next look says what is missing.
        if (codeOf(error) !== "InvalidPermission.Duplicate") throw error;
      }
    }, signal);
  if (redescribe.length > 0)
    await api.call((client, options) =>
      client.send(
        new UpdateSecurityGroupRuleDescriptionsIngressCommand({
          GroupId: id,
          IpPermissions: permissionsOf(
            redescribe.map(({ rule, description }) => ({ ...rule, description })),
            id,
          ),
        }),
        options,
      ),
    );
  if (remove.length > 0)
    await api.call((client, options) =>
      client.send(
        new RevokeSecurityGroupIngressCommand({ GroupId: id, IpPermissions: permissionsOf(remove, id) }),
        options,
      ),
    );
}

export function permissionsOf(rules: readonly (Rule | ThereRule)[], group: string): IpPermission[] {
  return rules.map(({ protocol, from, to, source, description }) => ({
    IpProtocol: protocol,
    ...(from === null ? {} : { FromPort: from }),
    ...(to === null ? {} : { ToPort: to }),
    ...(source.kind === "group"
      ? { UserIdGroupPairs: [{ GroupId: group, Description: description }] }
      : source.kind !== "cidr"
        ? {}
        : source.cidr.includes(":")
          ? { Ipv6Ranges: [{ CidrIpv6: source.cidr, Description: description }] }
          : { IpRanges: [{ CidrIp: source.cidr, Description: description }] }),
  }));
}
