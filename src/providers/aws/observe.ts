/** Looks at what carries a cluster's tag: instances, volumes, security groups and key pairs, in four calls side by side. */
import {
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  type Filter,
  type Instance,
  type IpPermission,
  type SecurityGroup,
  type Tag,
  type Volume,
} from "@aws-sdk/client-ec2";
import {
  clusterTag,
  nodeTag,
  type SeenCloud,
  type SeenGroup,
  type SeenInstance,
  type SeenKey,
  type SeenVolume,
} from "../../ec2/seen.ts";
import type { ThereRule } from "../../ec2/security-rules.ts";
import type { Api } from "./api.ts";
import { allOf } from "./api-fault.ts";

export function ofCluster(cluster: string): Filter[] {
  return [{ Name: `tag:${clusterTag}`, Values: [cluster] }];
}

export async function observeCloud(api: Api, cluster: string): Promise<SeenCloud> {
  const Filters = ofCluster(cluster);
  const [instances, volumes, groups, keys] = await allOf([
    instancesBy(api, Filters),
    volumesBy(api, Filters),
    groupsBy(api, Filters),
    keysBy(api, Filters),
  ]);
  return { instances, volumes, groups, keys };
}

/** One call a page: EC2 gives up to a thousand at a time. */
async function allPages<Item>(
  page: (token: string | undefined) => Promise<{ readonly items: readonly Item[]; readonly next: string | undefined }>,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  for (let token: string | undefined; ;) {
    const { items, next } = await page(token);
    all.push(...items);
    if (next === undefined || next === "") return all;
    token = next;
  }
}

const pageSize = 1000;

export async function instancesBy(api: Api, Filters: Filter[]): Promise<readonly SeenInstance[]> {
  return allPages(async (token) => {
    const { Reservations = [], NextToken } = await api.call((client, options) =>
      client.send(new DescribeInstancesCommand({ Filters, MaxResults: pageSize, NextToken: token }), options),
    );
    return { items: Reservations.flatMap(({ Instances = [] }) => Instances.map(instanceFrom)), next: NextToken };
  });
}

export async function volumesBy(api: Api, Filters: Filter[]): Promise<readonly SeenVolume[]> {
  return allPages(async (token) => {
    const { Volumes = [], NextToken } = await api.call((client, options) =>
      client.send(new DescribeVolumesCommand({ Filters, MaxResults: 500, NextToken: token }), options),
    );
    return { items: Volumes.map(volumeFrom), next: NextToken };
  });
}

export async function groupsBy(api: Api, Filters: Filter[]): Promise<readonly SeenGroup[]> {
  return allPages(async (token) => {
    const { SecurityGroups = [], NextToken } = await api.call((client, options) =>
      client.send(new DescribeSecurityGroupsCommand({ Filters, MaxResults: pageSize, NextToken: token }), options),
    );
    return { items: SecurityGroups.map(groupFrom), next: NextToken };
  });
}

export async function keysBy(api: Api, Filters: Filter[]): Promise<readonly SeenKey[]> {
  const { KeyPairs = [] } = await api.call((client, options) =>
    client.send(new DescribeKeyPairsCommand({ Filters }), options),
  );
  return KeyPairs.map(({ KeyPairId = "", KeyName = "", Tags }) => ({
    id: KeyPairId,
    name: KeyName,
    tags: tagsFrom(Tags),
  }));
}

export function tagsFrom(tags: readonly Tag[] | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}

export function instanceFrom(one: Instance): SeenInstance {
  const tags = tagsFrom(one.Tags);
  const [first] = one.NetworkInterfaces ?? [];
  return {
    id: one.InstanceId ?? "",
    node: tags[nodeTag] ?? null,
    state: one.State?.Name ?? "pending",
    stateReason: one.StateReason?.Message ?? null,
    type: one.InstanceType ?? "",
    imageId: one.ImageId ?? "",
    zone: one.Placement?.AvailabilityZone ?? "",
    subnet: one.SubnetId ?? null,
    vpc: one.VpcId ?? null,
    privateAddress: one.PrivateIpAddress ?? null,
    publicAddress: one.PublicIpAddress || null,
    launched: one.LaunchTime?.toISOString() ?? "",
    volumes: (one.BlockDeviceMappings ?? []).flatMap(({ DeviceName, Ebs }) =>
      DeviceName === undefined || Ebs?.VolumeId === undefined ? [] : [{ id: Ebs.VolumeId, device: DeviceName }],
    ),
    interfaces: (one.NetworkInterfaces ?? []).flatMap(({ NetworkInterfaceId }) => NetworkInterfaceId ?? []),
    groups: (first?.Groups ?? one.SecurityGroups ?? []).flatMap(({ GroupId }) => GroupId ?? []),
    protected: null,
    tags,
  };
}

export function volumeFrom(one: Volume): SeenVolume {
  const tags = tagsFrom(one.Tags);
  const attachment = (one.Attachments ?? []).find(({ State }) => State !== "detached");
  return {
    id: one.VolumeId ?? "",
    node: tags[nodeTag] ?? null,
    state: one.State ?? "",
    sizeGiB: one.Size ?? 0,
    type: one.VolumeType ?? "",
    iops: one.Iops ?? null,
    throughput: one.Throughput ?? null,
    zone: one.AvailabilityZone ?? "",
    attached:
      attachment?.InstanceId === undefined
        ? null
        : { instance: attachment.InstanceId, device: attachment.Device ?? "" },
    tags,
  };
}

function groupFrom(one: SecurityGroup): SeenGroup {
  const id = one.GroupId ?? "";
  return {
    id,
    name: one.GroupName ?? "",
    vpc: one.VpcId ?? "",
    rules: (one.IpPermissions ?? []).flatMap((permission) => rulesFrom(permission, id)),
    tags: tagsFrom(one.Tags),
  };
}

/** EC2 puts sources of the same ports together; each is a rule of its own. */
function rulesFrom(permission: IpPermission, group: string): readonly ThereRule[] {
  const { IpProtocol = "-1", FromPort, ToPort } = permission;
  const rule = (source: ThereRule["source"], description: string | undefined): ThereRule => ({
    id: "",
    protocol: IpProtocol,
    from: FromPort ?? null,
    to: ToPort ?? null,
    source,
    description: description ?? "",
  });
  return [
    ...(permission.IpRanges ?? []).map(({ CidrIp = "", Description }) =>
      rule({ kind: "cidr", cidr: CidrIp }, Description),
    ),
    ...(permission.Ipv6Ranges ?? []).map(({ CidrIpv6 = "", Description }) =>
      rule({ kind: "cidr", cidr: CidrIpv6 }, Description),
    ),
    ...(permission.UserIdGroupPairs ?? []).map(({ GroupId = "", Description }) =>
      rule(GroupId === group ? { kind: "group" } : { kind: "other-group", id: GroupId }, Description),
    ),
    ...(permission.PrefixListIds ?? []).map(({ PrefixListId = "", Description }) =>
      rule({ kind: "prefix-list", id: PrefixListId }, Description),
    ),
  ];
}
