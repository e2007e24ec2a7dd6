/** An account in the lab's EC2 that has things of somebody else's, and kctl at work in it as a process. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject } from "vitest";
import type { Ec2Fault } from "../lab/ec2/faults.ts";
import { lab, type Lab } from "../lab/lab.ts";
import { kctl, type Ended, type Place } from "./kctl.ts";
import type { Told } from "./ssh-law.ts";

export type Account = {
  readonly lab: Lab;
  readonly place: Place;
  /** All that there was before kctl came, by its kind. */
  readonly before: unknown;
};

const spec = (more: string): string => `name: demo
provider: { type: aws, region: ap-northeast-2, image: debian-12, access: { ssh: [203.0.113.0/24], clients: [10.0.0.0/8] } }
kafka: { version: 3.9.1 }
nodes:
  - { name: kafka-1, roles: [zookeeper, broker], instanceType: m7g.large, volume: { size: 10GiB }${more} }
`;

/** What scripts for boto begin with. */
const prelude = `
import boto3, json
ec2 = boto3.client("ec2")
def show(it): print(json.dumps(it, default=str))
def instances(): return [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"] if i["State"]["Name"] != "terminated"]
def group(name): return ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"][0]["GroupId"]
`;

const everything = `
def ids(answer, key): return sorted(one[key] for one in answer)
show({
  "instances": ids(instances(), "InstanceId"),
  "groups": [(g["GroupId"], g["IpPermissions"]) for g in sorted(ec2.describe_security_groups()["SecurityGroups"], key=lambda g: g["GroupId"])],
  "volumes": ids(ec2.describe_volumes()["Volumes"], "VolumeId"),
  "keys": ids(ec2.describe_key_pairs()["KeyPairs"], "KeyPairId"),
  "interfaces": ids(ec2.describe_network_interfaces()["NetworkInterfaces"], "NetworkInterfaceId"),
  "vpcs": ids(ec2.describe_vpcs()["Vpcs"], "VpcId"),
  "subnets": ids(ec2.describe_subnets()["Subnets"], "SubnetId"),
  "tables": ids(ec2.describe_route_tables()["RouteTables"], "RouteTableId"),
  "gateways": ids(ec2.describe_internet_gateways()["InternetGateways"], "InternetGatewayId"),
})`;

const somebodys = `
image = ec2.describe_images(Owners=["136693071363"], Filters=[{"Name": "architecture", "Values": ["arm64"]}])["Images"][0]["ImageId"]
theirs = ec2.create_security_group(GroupName="theirs", Description="d")["GroupId"]
ec2.authorize_security_group_ingress(GroupId=theirs, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
ec2.create_key_pair(KeyName="theirs")
ec2.create_volume(AvailabilityZone="ap-northeast-2a", Size=8, TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "kctl:cluster", "Value": "demo-2"}]}])
ec2.run_instances(ImageId=image, InstanceType="m7g.large", MinCount=1, MaxCount=1, SecurityGroupIds=[theirs])
show(None)`;

/** Where they are simulated, instances boot nothing: kctl makes all of a machine, and then finds nobody at its address. */
export async function openAccount({ simulated }: { readonly simulated: boolean }): Promise<Account> {
  const it = await lab({ hosts: 0, ec2: { simulated } });
  const folder = await mkdtemp(join(tmpdir(), "kctl aws-é-"));
  const path = join(folder, "kctl.yaml");
  await writeFile(path, spec(""));
  const env = { PATH: process.env["PATH"], HOME: folder, KCTL_CACHE: inject("cache"), NO_COLOR: "1" };
  const place: Place = { folder, spec: path, port: 9092, servers: [], env, inside: it.inside };
  await it.boto(prelude + somebodys);
  return { lab: it, place, before: await it.boto(prelude + everything) };
}

export async function closeAccount(account: Account | undefined): Promise<void> {
  if (account === undefined) return;
  await account.lab.stop();
  await rm(account.place.folder, { recursive: true, force: true });
}

export function boto<T>({ lab: it }: Account, script: string): Promise<T> {
  return it.boto(prelude + script) as Promise<T>;
}

/** Another spec, by what is told more of its node; none: the usual one. */
export async function specify({ place }: Account, more = "", change = (text: string): string => text): Promise<void> {
  await writeFile(place.spec, change(spec(more)));
}

export async function withFaults<T>(
  { lab: it }: Account,
  faults: readonly Ec2Fault[],
  work: () => Promise<T>,
): Promise<T> {
  it.ec2.clearCalls();
  it.ec2.faults(faults);
  try {
    return await work();
  } finally {
    it.ec2.faults([]);
  }
}

export const callsOf = ({ lab: it }: Account, action: string): readonly (string | null)[] =>
  it.ec2
    .calls()
    .filter((call) => call.action === action && call.params["DryRun"] !== "true")
    .map(({ status, code }) => (status === 0 ? "no answer" : code));

/** The cluster's machines that are there, by id. */
export function machines({ lab: it }: Account): readonly string[] {
  const there = it.ec2.instances().filter(({ name, state }) => name.startsWith("demo-") && !gone.has(state));
  return there.map(({ id }) => id);
}

const gone: ReadonlySet<string> = new Set(["terminated", "shutting-down"]);

export const errorsOf = ({ result }: Ended): readonly (Told & { readonly where: string | null })[] =>
  (result?.["errors"] ?? []) as readonly (Told & { readonly where: string | null })[];

/** Exit 1, with an error of this code that says these things; each error has a way out. */
export function expectRefusal(ended: Ended, code: string, ...words: readonly string[]): void {
  const errors = errorsOf(ended);
  const texts = errors.filter((error) => error.code === code).map((error) => JSON.stringify(error));
  const isExpected = texts.some((text) => words.every((word) => text.includes(word)));
  expect({ exit: ended.exit, errors: isExpected ? "as expected" : errors, err: isExpected ? "" : ended.err }).toEqual({
    exit: 1,
    errors: "as expected",
    err: "",
  });
  expect(errors.filter(({ fix }) => (fix ?? "") === "")).toEqual([]);
}

export function up({ place }: Account, seconds = 2): Promise<Ended> {
  return kctl(place, "up", "--yes", "--json", "--timeout", `${seconds}s`);
}

/** `up` ends where nobody answers at the machine's address: EC2 has done all that it was asked for. */
export async function launches(account: Account): Promise<Ended> {
  const ended = await up(account);
  expectArrival(account, ended);
  return ended;
}

/** One machine, and nothing wrong but that nobody is there. */
export function expectArrival(account: Account, ended: Ended): void {
  const others = errorsOf(ended).filter(({ code }) => code !== "ssh-unreachable" && code !== "timeout");
  expect({ exit: ended.exit, others, machines: machines(account).length }).toEqual({
    exit: 1,
    others: [],
    machines: 1,
  });
}

export function destroy({ place }: Account, ...options: readonly string[]): Promise<Ended> {
  return kctl(place, "destroy", "--yes", "--json", ...options);
}

/** What there was before is there, and no more. */
export async function leavesNothing(account: Account): Promise<void> {
  const ended = await destroy(account);
  expect({ exit: ended.exit, errors: errorsOf(ended) }).toEqual({ exit: 0, errors: [] });
  expect(await boto(account, everything)).toEqual(account.before);
}

export async function expectUntouched(account: Account): Promise<void> {
  expect(await boto(account, everything)).toEqual(account.before);
}
