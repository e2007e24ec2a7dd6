/** A cluster in the lab's EC2: kctl as a user has it, and an independent look at the account by another client. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { lab, type Lab } from "../lab/lab.ts";
import { fetched, kctl, type Ended, type Place } from "./kctl.ts";

export type AwsSite = {
  readonly place: Place;
  readonly lab: Lab;
  readonly run: (...args: readonly string[]) => Promise<Ended>;
};

/** @param yaml the text of kctl.yaml */
export async function openAwsSite(yaml: string, servers: readonly string[]): Promise<AwsSite> {
  const it = await lab({ hosts: 0, ec2: true });
  const folder = await mkdtemp(join(tmpdir(), "kctl aws-é-"));
  const spec = join(folder, "kctl.yaml");
  await writeFile(spec, yaml);
  const place: Place = {
    folder,
    spec,
    port: 9092,
    servers: servers.toSorted(),
    // A home of its own: the key that kctl makes lies in it.
    env: { PATH: process.env["PATH"], HOME: folder, KCTL_CACHE: inject("cache"), NO_COLOR: "1" },
    inside: it.inside,
  };
  if (yaml !== "") await fetched(place);
  return { place, lab: it, run: (...args) => kctl(place, ...args) };
}

/** The same, for who comes from 192.0.2.10, which no rule knows. */
export function outsideOf({ place, lab: it }: AwsSite): Place {
  return { ...place, inside: (argv) => it.inside(argv, "outside") };
}

export async function closeAwsSite(site: AwsSite | undefined): Promise<void> {
  if (site === undefined) return;
  await site.lab.stop();
  await rm(site.place.folder, { recursive: true, force: true });
}

/** What an account has with a cluster's tag, by kind; machines that have ended are left out. */
export type Account = {
  readonly instances: readonly {
    readonly id: string;
    readonly node: string;
    readonly ids: string;
    readonly state: string;
    readonly type: string;
    readonly zone: string;
    readonly imds: string;
    readonly privateAddress: string;
    readonly firstKey: string | null;
    readonly hostKey: string | null;
  }[];
  readonly volumes: readonly {
    readonly id: string;
    readonly node: string;
    readonly sizeGiB: number;
    readonly encrypted: boolean;
    readonly device: string;
    readonly goesWithMachine: boolean | null;
  }[];
  /** Each rule as `PROTOCOL PORT SOURCE`. */
  readonly groups: readonly { readonly name: string; readonly rules: readonly string[] }[];
  readonly keys: readonly string[];
  /** VPCs, subnets, gateways, route tables, placement groups and interfaces. */
  readonly others: readonly string[];
};

/** By boto3, which has nothing in common with kctl's own code. */
export async function account(
  { lab: { boto } }: Pick<AwsSite, "lab">,
  cluster: string,
  region: string,
): Promise<Account> {
  return (await boto(`
import boto3, json
ec2 = boto3.client("ec2", region_name=${JSON.stringify(region)})
cluster = ${JSON.stringify(cluster)}
ours = [{"Name": "tag:kctl:cluster", "Values": [cluster]}]
tags = lambda one: {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])}
instances, volumes, groups, goes = [], [], [], {}
for reservation in ec2.describe_instances(Filters=ours)["Reservations"]:
    for one in reservation["Instances"]:
        if one["State"]["Name"] == "terminated":
            continue
        its = tags(one)
        goes.update({disk["Ebs"]["VolumeId"]: disk["Ebs"]["DeleteOnTermination"] for disk in one["BlockDeviceMappings"]})
        instances.append({
            "id": one["InstanceId"], "node": its.get("kctl:node"), "ids": its.get("kctl:ids"), "state": one["State"]["Name"],
            "type": one["InstanceType"], "zone": one["Placement"]["AvailabilityZone"], "imds": one["MetadataOptions"]["HttpTokens"],
            "privateAddress": one.get("PrivateIpAddress"), "firstKey": its.get("kctl:first-host-key"), "hostKey": its.get("kctl:host-key"),
        })
for one in ec2.describe_volumes(Filters=ours)["Volumes"]:
    at = (one["Attachments"] or [{}])[0]
    volumes.append({
        "id": one["VolumeId"], "node": tags(one).get("kctl:node"), "sizeGiB": one["Size"], "encrypted": one["Encrypted"],
        "device": at.get("Device", ""), "goesWithMachine": goes.get(one["VolumeId"]),
    })
for one in ec2.describe_security_groups(Filters=ours)["SecurityGroups"]:
    rules = []
    for rule in one["IpPermissions"]:
        ports = "%s %s" % (rule["IpProtocol"], rule["FromPort"])
        rules += ["%s %s" % (ports, source["CidrIp"]) for source in rule["IpRanges"]]
        rules += ["%s %s" % (ports, "itself" if pair["GroupId"] == one["GroupId"] else pair["GroupId"]) for pair in rule["UserIdGroupPairs"]]
    groups.append({"name": one["GroupName"], "rules": sorted(rules)})
others = [one["VpcId"] for one in ec2.describe_vpcs(Filters=ours)["Vpcs"]]
others += [one["SubnetId"] for one in ec2.describe_subnets(Filters=ours)["Subnets"]]
others += [one["InternetGatewayId"] for one in ec2.describe_internet_gateways(Filters=ours)["InternetGateways"]]
others += [one["RouteTableId"] for one in ec2.describe_route_tables(Filters=ours)["RouteTables"]]
others += [one["GroupName"] for one in ec2.describe_placement_groups(Filters=ours)["PlacementGroups"]]
if not instances:
    others += [one["NetworkInterfaceId"] for one in ec2.describe_network_interfaces(Filters=ours)["NetworkInterfaces"]]
print(json.dumps({
    "instances": sorted(instances, key=lambda one: one["node"] or ""), "volumes": sorted(volumes, key=lambda one: (one["node"] or "", one["device"])),
    "groups": groups, "keys": sorted(one["KeyName"] for one in ec2.describe_key_pairs(Filters=ours)["KeyPairs"]), "others": others,
}))
`)) as Account;
}

export const nothing: Account = { instances: [], volumes: [], groups: [], keys: [], others: [] };
