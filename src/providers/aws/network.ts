/** Where machines are put: the account's default VPC, subnets that the spec names, or a network of the cluster's own. */
import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeAvailabilityZonesCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  type Filter,
  type Subnet,
} from "@aws-sdk/client-ec2";
import { subnetRanges } from "../../ec2/subnet-ranges.ts";
import type { SeenSubnet } from "../../ec2/seen.ts";
import type { AwsSpec } from "../../ec2/want-cloud.ts";
import { KctlError } from "../../fault.ts";
import type { Api } from "./api.ts";
import { codeOf } from "./api-fault.ts";
import { ofCluster } from "./observe.ts";
import { onceKnown, taggedAs } from "./tags.ts";

/** One subnet for each zone, in the order of the spec's `zones`, else of their names. */
export async function subnetsFor(api: Api, cluster: string, provider: AwsSpec): Promise<readonly SeenSubnet[]> {
  const { network, zones, region } = provider;
  if (network?.create !== undefined) return ownSubnets(api, cluster, provider);
  const filters: Filter[] =
    network?.subnets !== undefined
      ? [{ Name: "subnet-id", Values: network.subnets }]
      : network?.vpc !== undefined
        ? [{ Name: "vpc-id", Values: [network.vpc] }]
        : [{ Name: "default-for-az", Values: ["true"] }];
  const found = await subnetsBy(api, filters);
  if (found.length === 0)
    throw new KctlError({
      code: "aws-refused",
      what:
        network === undefined
          ? `this account has no default VPC in ${region}`
          : `none of the subnets of \`provider.network\` is there in ${region}`,
      fix: "let kctl make a network (`network: { create: 10.20.0.0/16 }`), or name one that is there (`network: { vpc: vpc-…, subnets: [subnet-…] }`)",
    });
  const wanted = inOrder(found, zones);
  const missing = (zones ?? []).filter((zone) => !wanted.some((subnet) => subnet.zone === zone));
  if (missing.length > 0)
    throw new KctlError({
      code: "aws-refused",
      where: "provider.zones",
      what: `there is no subnet in ${missing.join(", ")}; there is one in ${found.map(({ zone }) => zone).join(", ")}`,
      fix: "take it out of `zones`, or give the network a subnet there",
    });
  return wanted;
}

/** None where one of them is not whole yet: what makes the network goes on with it. */
async function ownSubnets(api: Api, cluster: string, provider: AwsSpec): Promise<readonly SeenSubnet[]> {
  const found = await subnetsBy(api, ofCluster(cluster));
  if (found.length === 0) return [];
  const zones = await ownZones(api, provider);
  const isWhole = (zone: string): boolean => found.some((one) => one.zone === zone && one.givesPublicAddress);
  return zones.every(isWhole) ? inOrder(found, zones) : [];
}

const mostZones = 3;

/** The zones of a network of the cluster's own. */
export async function ownZones(api: Api, { zones }: AwsSpec): Promise<readonly string[]> {
  return zones ?? (await zonesOfRegion(api)).slice(0, mostZones);
}

function inOrder(subnets: readonly SeenSubnet[], zones: readonly string[] | undefined): readonly SeenSubnet[] {
  const names = zones ?? [...new Set(subnets.map(({ zone }) => zone))].toSorted();
  return names.flatMap((zone) => subnets.find((subnet) => subnet.zone === zone) ?? []);
}

async function subnetsBy(api: Api, Filters: Filter[]): Promise<readonly SeenSubnet[]> {
  const { Subnets = [] } = await api.call((client, options) =>
    client.send(new DescribeSubnetsCommand({ Filters }), options),
  );
  return Subnets.map(subnetFrom).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function subnetFrom(one: Subnet): SeenSubnet {
  return {
    id: one.SubnetId ?? "",
    vpc: one.VpcId ?? "",
    zone: one.AvailabilityZone ?? "",
    cidr: one.CidrBlock ?? "",
    givesPublicAddress: one.MapPublicIpOnLaunch === true,
    freeAddresses: one.AvailableIpAddressCount ?? 0,
  };
}

/** The names of the zones that are open to this account. */
async function zonesOfRegion(api: Api): Promise<readonly string[]> {
  const { AvailabilityZones = [] } = await api.call((client, options) =>
    client.send(
      new DescribeAvailabilityZonesCommand({ Filters: [{ Name: "zone-type", Values: ["availability-zone"] }] }),
      options,
    ),
  );
  return AvailabilityZones.flatMap(({ ZoneName, State }) =>
    ZoneName === undefined || State !== "available" ? [] : [ZoneName],
  ).toSorted();
}

export type NetworkToMake = {
  readonly cluster: string;
  readonly cidr: string;
  readonly zones: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
};

/** Each part is looked for by its tag first, so that a run that was cut off is gone on with. */
export async function makeNetwork(api: Api, wish: NetworkToMake, signal: AbortSignal): Promise<void> {
  const { cluster, tags } = wish;
  const vpc = await vpcOf(api, wish, signal);
  const [gateway, table] = await Promise.all([
    gatewayOf(api, cluster, vpc, tags, signal),
    tableOf(api, cluster, vpc, tags, signal),
  ]);
  await onceKnown(
    () =>
      api.call((client, options) =>
        client.send(
          new CreateRouteCommand({ RouteTableId: table.id, DestinationCidrBlock: "0.0.0.0/0", GatewayId: gateway }),
          options,
        ),
      ),
    signal,
  ).catch(unless("RouteAlreadyExists"));
  const there = await subnetsBy(api, ofCluster(cluster));
  const ranges = subnetRanges(wish.cidr, wish.zones.length);
  await Promise.all(
    wish.zones.map(async (zone, index) => {
      const subnet =
        there.find((one) => one.zone === zone) ?? (await makeSubnet(api, vpc, zone, ranges[index] ?? "", tags, signal));
      if (!table.subnets.includes(subnet.id))
        await onceKnown(
          () =>
            api.call((client, options) =>
              client.send(new AssociateRouteTableCommand({ RouteTableId: table.id, SubnetId: subnet.id }), options),
            ),
          signal,
        ).catch(unless("Resource.AlreadyAssociated"));
      // Last: a subnet that has it is whole.
      await onceKnown(
        () =>
          api.call((client, options) =>
            client.send(
              new ModifySubnetAttributeCommand({ SubnetId: subnet.id, MapPublicIpOnLaunch: { Value: true } }),
              options,
            ),
          ),
        signal,
      );
    }),
  );
}

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if (codeOf(error) !== code) throw error;
  };
}

async function vpcOf(api: Api, { cluster, cidr, tags }: NetworkToMake, signal: AbortSignal): Promise<string> {
  const { Vpcs: [there] = [] } = await api.call((client, options) =>
    client.send(new DescribeVpcsCommand({ Filters: ofCluster(cluster) }), options),
  );
  const id =
    there?.VpcId ??
    (
      await api.call((client, options) =>
        client.send(new CreateVpcCommand({ CidrBlock: cidr, TagSpecifications: taggedAs("vpc", tags) }), options),
      )
    ).Vpc?.VpcId ??
    "";
  await onceKnown(
    () =>
      api.call((client, options) =>
        client.send(new ModifyVpcAttributeCommand({ VpcId: id, EnableDnsHostnames: { Value: true } }), options),
      ),
    signal,
  );
  return id;
}

async function gatewayOf(
  api: Api,
  cluster: string,
  vpc: string,
  tags: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const { InternetGateways: [there] = [] } = await api.call((client, options) =>
    client.send(new DescribeInternetGatewaysCommand({ Filters: ofCluster(cluster) }), options),
  );
  const id =
    there?.InternetGatewayId ??
    (
      await api.call((client, options) =>
        client.send(
          new CreateInternetGatewayCommand({ TagSpecifications: taggedAs("internet-gateway", tags) }),
          options,
        ),
      )
    ).InternetGateway?.InternetGatewayId ??
    "";
  if (there?.Attachments?.some(({ VpcId }) => VpcId === vpc) === true) return id;
  await onceKnown(
    () =>
      api.call((client, options) =>
        client.send(new AttachInternetGatewayCommand({ InternetGatewayId: id, VpcId: vpc }), options),
      ),
    signal,
  ).catch(unless("Resource.AlreadyAssociated"));
  return id;
}

async function tableOf(
  api: Api,
  cluster: string,
  vpc: string,
  tags: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly subnets: readonly string[] }> {
  const { RouteTables: [there] = [] } = await api.call((client, options) =>
    client.send(new DescribeRouteTablesCommand({ Filters: ofCluster(cluster) }), options),
  );
  if (there?.RouteTableId !== undefined)
    return { id: there.RouteTableId, subnets: (there.Associations ?? []).flatMap(({ SubnetId }) => SubnetId ?? []) };
  const { RouteTable } = await onceKnown(
    () =>
      api.call((client, options) =>
        client.send(
          new CreateRouteTableCommand({ VpcId: vpc, TagSpecifications: taggedAs("route-table", tags) }),
          options,
        ),
      ),
    signal,
  );
  return { id: RouteTable?.RouteTableId ?? "", subnets: [] };
}

async function makeSubnet(
  api: Api,
  vpc: string,
  zone: string,
  cidr: string,
  tags: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Pick<SeenSubnet, "id">> {
  const { Subnet } = await onceKnown(
    () =>
      api.call((client, options) =>
        client.send(
          new CreateSubnetCommand({
            VpcId: vpc,
            AvailabilityZone: zone,
            CidrBlock: cidr,
            TagSpecifications: taggedAs("subnet", tags),
          }),
          options,
        ),
      ),
    signal,
  );
  return { id: Subnet?.SubnetId ?? "" };
}
