import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Host } from "./host.ts";
import { lab, type Ended, type Lab } from "./lab.ts";
import { until } from "./processes.ts";
import { sweep } from "./state.ts";
import { traces } from "./traces.ts";

/** What the scripts below begin with. `code` is how a call is refused. */
const prelude = `
import boto3, json, time
from email.utils import parsedate_to_datetime
from botocore.config import Config
from botocore.exceptions import ClientError
ec2 = boto3.client("ec2", config=Config(retries={"total_max_attempts": 1}))
def show(it): print(json.dumps(it, default=str))
def code(call, **wishes):
  try: call(**wishes)
  except ClientError as error: return error.response["Error"]["Code"]
  except Exception as error: return type(error).__name__
def instances(**wishes): return [i for r in ec2.describe_instances(**wishes)["Reservations"] for i in r["Instances"]]
def wait(ids, state):
  end = time.time() + 60
  while (found := {i["State"]["Name"] for i in instances(InstanceIds=ids)}) != {state}:
    if time.time() > end: raise Exception(f"{found}, not {state}")
    time.sleep(0.05)
def image(architecture="arm64", owner="136693071363"):
  images = ec2.describe_images(Owners=[owner], Filters=[{"Name": "architecture", "Values": [architecture]}])["Images"]
  return max(images, key=lambda it: it["CreationDate"])
def tagged(kind, **tags): return {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
def run(**wishes):
  return ec2.run_instances(**({"ImageId": image()["ImageId"], "InstanceType": "m7g.large", "MinCount": 1, "MaxCount": 1} | wishes))["Instances"]
def rule(first, last=None, **source): return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last or first, **source}
def cidr(it): return {"IpRanges": [{"CidrIp": it}]}
`;

async function python<T>(it: Lab, script: string): Promise<T> {
  return (await it.boto(prelude + script)) as T;
}

describe("instances are hosts", () => {
  type Seen = { id: string; private: string; public: string; volume: string };
  let it: Lab;
  let a: Seen;
  let b: Seen;
  let group: string;
  let host: Host;
  let other: Host;

  /** The first bytes that the port says. */
  const port = (address: string, number: number): readonly string[] => [
    "timeout",
    "2",
    "bash",
    "-c",
    `head -c 4 </dev/tcp/${address}/${number}`,
  ];
  const ssh = (user: string, address: string, command: string): Promise<Ended> =>
    it.run(["ssh", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", `${user}@${address}`, command]);

  beforeAll(async () => {
    it = await lab({ hosts: 0, ec2: true });
    const folder = it.ssh.folder;
    await it.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(folder, "host")]);
    const key = readFileSync(`${it.ssh.key}.pub`, "utf8");
    const [hostKey = "", hostPublic = ""] = ["host", "host.pub"].map((name) =>
      readFileSync(join(folder, name), "utf8"),
    );
    const [, data = ""] = hostPublic.split(" ");
    const userData = `#cloud-config\n${JSON.stringify({
      ssh_keys: { ed25519_private: hostKey, ed25519_public: hostPublic.trim() },
      write_files: [{ path: "/root/seen", content: "by cloud-init" }],
    })}\n`;
    const made = await python<{ group: string; instances: Seen[] }>(
      it,
      `
ec2.import_key_pair(KeyName="operator", PublicKeyMaterial=${JSON.stringify(key)}.encode())
group = ec2.create_security_group(GroupName="kafka", Description="d")["GroupId"]
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
  rule(22, **cidr("203.0.113.0/24")), rule(9000, 9099, UserIdGroupPairs=[{"GroupId": group}])])
ids = [i["InstanceId"] for zone in "ab" for i in run(
  KeyName="operator", SecurityGroupIds=[group], Placement={"AvailabilityZone": "ap-northeast-2" + zone}, UserData=${JSON.stringify(userData)},
  BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 200, "VolumeType": "gp3", "Iops": 4000, "Throughput": 250}}],
  TagSpecifications=[tagged(kind, of=kind) for kind in ("instance", "volume", "network-interface")])]
wait(ids, "running")
show({"group": group, "instances": [{
  "id": i["InstanceId"], "private": i["PrivateIpAddress"], "public": i["PublicIpAddress"],
  "volume": i["BlockDeviceMappings"][1]["Ebs"]["VolumeId"]} for i in instances(InstanceIds=ids)]})`,
    );
    ({ group } = made);
    [a, b] = made.instances as [Seen, Seen];
    await it.run([
      "sh",
      "-c",
      `for one in ${a.public} ${b.public}; do echo "$one ssh-ed25519 ${data}"; done >>~/.ssh/known_hosts`,
    ]);
    [host, other] = [it.ec2.host(a.id), it.ec2.host(b.id)];
    await Promise.all([host.untilUp(), other.untilUp()]);
  });
  afterAll(() => it.stop());

  test("the first connection knows its key, the image's user has sudo, root has no login", async () => {
    const said = await ssh(
      "admin",
      a.public,
      "hostname; sudo -n cat /root/seen; echo; echo $SSH_CLIENT; command -v java",
    );
    expect(said.stdout.split("\n").map((line) => line.split(" ")[0])).toEqual([
      `ip-${a.private.replaceAll(".", "-")}`,
      "by",
      "203.0.113.1",
      "",
    ]);
    expect(await python(it, `show("Debian" in ec2.get_console_output(InstanceId="${a.id}")["Output"])`)).toBe(true);
    expect(await host.run("grep -c 'Please login as the user' /root/.ssh/authorized_keys")).toBe("1\n");
    expect(await host.run("cloud-init status --wait; cat /etc/hosts | grep ip-")).toContain("status: done");
    expect(await host.run(`getent hosts ip-${b.private.replaceAll(".", "-")}`)).toContain(b.private);
  });

  test("packets go as the groups say: from the operator, a stranger, another member, and around by public addresses", async () => {
    await host.run(
      'systemd-run --quiet python3 -c \'import socketserver, os\nsocketserver.TCPServer(("", 9092), type("H", (socketserver.BaseRequestHandler,), {"handle": lambda s: s.request.sendall((s.client_address[0] + " ").encode())})).serve_forever()\'',
    );
    await until("it listens", 10, async () => (await host.run("ss -ltnH")).includes(":9092"));
    const status = async (from: string | null, address: string, number: number): Promise<string> => {
      const { stdout } =
        from === null ? await it.run(port(address, number)) : await it.runFrom(from, port(address, number));
      return stdout;
    };
    expect(
      await Promise.all([
        status(null, a.public, 22),
        status(null, a.private, 22),
        status("outside", a.public, 22),
        status("outside", a.private, 22),
        status(b.id, a.private, 22),
        status(b.id, a.private, 9092),
        status(b.id, a.public, 9092),
        status(null, a.public, 9092),
      ]),
    ).toEqual(["SSH-", "", "", "", "", "172.", "", ""]);
    await python(
      it,
      `
ec2.revoke_security_group_ingress(GroupId="${group}", IpPermissions=[rule(9000, 9099, UserIdGroupPairs=[{"GroupId": "${group}"}])])
ec2.authorize_security_group_ingress(GroupId="${group}", IpPermissions=[rule(9092, **cidr("192.0.2.0/24")), rule(9092, **cidr("${b.public}/32"))])
show(None)`,
    );
    expect(
      await Promise.all([
        status("outside", a.public, 9092),
        status(b.id, a.private, 9092),
        status(b.id, a.public, 9092),
        status(null, a.public, 9092),
      ]),
    ).toEqual(["192.", "", "198.", ""]);
    await python(
      it,
      `
empty = ec2.create_security_group(GroupName="empty", Description="d")["GroupId"]
ec2.modify_instance_attribute(InstanceId="${a.id}", Groups=[empty])
show(None)`,
    );
    expect(await status(null, a.public, 22)).toBe("");
    expect((await ssh("admin", b.public, "true")).status).toBe(0);
    await python(it, `show(ec2.modify_instance_attribute(InstanceId="${a.id}", Groups=["${group}"]))`);
    expect(await status(null, a.public, 22)).toBe("SSH-");
    // Without a way out of the VPC, a public address leads nowhere.
    const table = `[t["RouteTableId"] for t in ec2.describe_route_tables()["RouteTables"]][0]`;
    await python(it, `show(ec2.delete_route(RouteTableId=${table}, DestinationCidrBlock="0.0.0.0/0"))`);
    expect(await status(null, a.public, 22)).toBe("");
    await python(
      it,
      `
gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
show(ec2.create_route(RouteTableId=${table}, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway))`,
    );
    expect(await status(null, a.public, 22)).toBe("SSH-");
    await it.ec2.moveOperator("198.18.0.7");
    expect(await status(null, a.public, 22)).toBe("");
    await it.ec2.moveOperator("203.0.113.1");
    expect(await status(null, a.public, 22)).toBe("SSH-");
  });

  test("a volume is a device under its id; XFS on it grows with it, and moves to another instance", async () => {
    const uuid = "11111111-2222-4333-8444-555555555555";
    const byId = `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${a.volume.replace("-", "")}`;
    expect(await host.run(`readlink -f ${byId}; blockdev --getsize64 ${byId}`)).toBe(
      `/dev/nvme1n1\n${200 * 2 ** 30}\n`,
    );
    for (const one of [host, other]) {
      await one.run(
        "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes xfsprogs >/dev/null",
      );
    }
    await host.run(`mkfs.xfs -q -m uuid=${uuid} ${byId}; mkdir /data; mount UUID=${uuid} /data; echo kept >/data/file`);
    await until("its link by UUID is there", 5, async () => (await host.run("ls /dev/disk/by-uuid")) === `${uuid}\n`);
    expect(
      await python(
        it,
        `
ec2.modify_volume(VolumeId="${a.volume}", Size=300)
again = code(ec2.modify_volume, VolumeId="${a.volume}", Size=400)
seen = []
while "completed" not in seen:
  state = ec2.describe_volumes_modifications(VolumeIds=["${a.volume}"])["VolumesModifications"][0]["ModificationState"]
  if state not in seen: seen.append(state)
volume = ec2.describe_volumes(VolumeIds=["${a.volume}"])["Volumes"][0]
show([again, set(seen) <= {"modifying", "optimizing", "completed"}, volume["Size"], volume["Iops"], volume["Throughput"], volume["Tags"]])`,
      ),
    ).toEqual(["IncorrectModificationState", true, 300, 4000, 250, [{ Key: "of", Value: "volume" }]]);
    expect(await host.run("xfs_growfs /data >/dev/null; df --output=size --block-size=1G /data | tail -n 1")).toContain(
      "300",
    );
    const [mounted] = await python<string[]>(
      it,
      `
ec2.detach_volume(VolumeId="${a.volume}")
time.sleep(0.3)
show([v["Attachments"][0]["State"] for v in ec2.describe_volumes(VolumeIds=["${a.volume}"])["Volumes"]])`,
    );
    // While it is mounted, it is not let go of.
    expect(mounted).toBe("detaching");
    await host.run("umount /data");
    await until("its device is gone", 20, async () => !(await host.run("ls /dev")).includes("nvme1n1"));
    expect(
      await python(
        it,
        `
def state(): return ec2.describe_volumes(VolumeIds=["${a.volume}"])["Volumes"][0]["State"]
end = time.time() + 20
while state() != "available" and time.time() < end: time.sleep(0.05)
zone = code(ec2.attach_volume, VolumeId="${a.volume}", InstanceId="${b.id}", Device="/dev/sdg")
ec2.attach_volume(VolumeId="${a.volume}", InstanceId="${a.id}", Device="/dev/sdg")
while state() != "in-use": time.sleep(0.05)
while ec2.describe_volumes(VolumeIds=["${a.volume}"])["Volumes"][0]["Attachments"][0]["State"] != "attached": time.sleep(0.05)
show([zone, code(ec2.delete_volume, VolumeId="${a.volume}")])`,
      ),
    ).toEqual(["InvalidVolume.ZoneMismatch", "VolumeInUse"]);
    expect(await host.run(`mount UUID=${uuid} /data; cat /data/file; umount /data`)).toBe("kept\n");
  });

  test("stop and start: another public address, the same private one and disks; a reboot keeps all", async () => {
    await host.run("echo kept >/root/kept");
    await python(it, `ec2.reboot_instances(InstanceIds=["${a.id}"]); show(None)`);
    await until("it goes down", 30, () => host.console().includes("reboot.target"));
    await host.untilUp();
    expect(await ssh("admin", a.public, "sudo cat /root/kept; ls /dev/disk/by-uuid | wc -l")).toMatchObject({
      stdout: "kept\n1\n",
    });
    const again = await python<{ states: string[]; public: string; private: string }>(
      it,
      `
states = [ec2.stop_instances(InstanceIds=["${a.id}"])["StoppingInstances"][0]["CurrentState"]["Name"]]
early = code(ec2.start_instances, InstanceIds=["${a.id}"])
wait(["${a.id}"], "stopped")
assert "PublicIpAddress" not in instances(InstanceIds=["${a.id}"])[0]
states += [early, ec2.start_instances(InstanceIds=["${a.id}"])["StartingInstances"][0]["CurrentState"]["Name"]]
wait(["${a.id}"], "running")
found = instances(InstanceIds=["${a.id}"])[0]
show({"states": states, "public": found["PublicIpAddress"], "private": found["PrivateIpAddress"]})`,
    );
    expect(again).toMatchObject({ states: ["stopping", "IncorrectInstanceState", "pending"], private: a.private });
    expect(again.public).not.toBe(a.public);
    await host.untilUp();
    expect(await host.run("cat /root/kept; journalctl --list-boots | wc -l")).toMatch(/^kept\n/u);
    const options = ["-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes"];
    expect((await it.run(["ssh", ...options, `admin@${again.public}`, "hostname"])).status).toBe(0);
  });

  test("one that powers itself off is stopped; terminated, its disks go as they are told to", async () => {
    await host.run("systemctl --no-block poweroff");
    expect(
      await python(
        it,
        `
wait(["${a.id}"], "stopped")
ec2.modify_instance_attribute(InstanceId="${b.id}", InstanceInitiatedShutdownBehavior={"Value": "terminate"})
ec2.modify_instance_attribute(InstanceId="${b.id}", BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": True}}])
show(instances(InstanceIds=["${a.id}"])[0]["StateReason"]["Code"])`,
      ),
    ).toBe("Client.InstanceInitiatedShutdown");
    await other.run("systemctl --no-block poweroff");
    expect(
      await python(
        it,
        `
wait(["${b.id}"], "terminated")
used = code(ec2.delete_security_group, GroupId="${group}")
ec2.terminate_instances(InstanceIds=["${a.id}"])
wait(["${a.id}"], "terminated")
show([used, code(ec2.delete_security_group, GroupId="${group}"), [v["VolumeId"] for v in ec2.describe_volumes()["Volumes"]],
  ec2.describe_network_interfaces()["NetworkInterfaces"], [i["Tags"] for i in instances()][0]])`,
      ),
    ).toEqual(["DependencyViolation", null, [a.volume], [], [{ Key: "of", Value: "instance" }]]);
    await expect(host.run("true")).rejects.toThrow("is off");
    expect((await it.run(["ls", join(it.folder, "hosts"), join(it.folder, "volumes")])).stdout).toContain(
      `${a.volume}.img\n`,
    );
    expect((await it.run(["ls", join(it.folder, "volumes")])).stdout).toBe(`${a.volume}.img\n`);
  });
});

describe("our model of EC2, without hosts", () => {
  let it: Lab;

  beforeAll(async () => {
    it = await lab({ hosts: 0, ec2: { simulated: true } });
  });
  afterAll(() => it.stop());

  test("images are named and owned as on EC2", async () => {
    expect(
      await python(
        it,
        `
show([[i["Name"], i.get("ImageOwnerAlias"), i["RootDeviceName"], i["Architecture"]] for i in
  (image(), image("x86_64", "099720109477"), image("x86_64", "amazon"))])`,
      ),
    ).toEqual([
      ["debian-12-arm64-20260914-2236", null, "/dev/xvda", "arm64"],
      ["ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260914", null, "/dev/sda1", "x86_64"],
      ["al2023-ami-2023.8.20260914.0-kernel-6.1-x86_64", "amazon", "/dev/xvda", "x86_64"],
    ]);
  });

  test("a client token never makes a second machine", async () => {
    expect(
      await python(
        it,
        `
first, second = (run(ClientToken="one")[0]["InstanceId"] for _ in range(2))
other = code(run, ClientToken="one", EbsOptimized=True)
found = [i["InstanceId"] for i in instances(Filters=[{"Name": "client-token", "Values": ["one"]}])]
ec2.terminate_instances(InstanceIds=[first])
show([first == second, found == [first], other, code(run, ClientToken="one")])`,
      ),
    ).toEqual([true, true, "IdempotentParameterMismatch", "IdempotentInstanceTerminated"]);
  });

  test("a launch that cannot be is refused by its own code", async () => {
    expect(
      await python(
        it,
        `
vpc = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
elsewhere = ec2.create_security_group(VpcId=vpc, GroupName="g", Description="d")["GroupId"]
show([code(run, **wish) for wish in (
  {"ImageId": "ami-00000000000000000"}, {"InstanceType": "m7g.nope"}, {"InstanceType": "m7i.large"}, {"KeyName": "none"},
  {"SubnetId": "subnet-00000000000000000"}, {"SecurityGroupIds": ["sg-00000000000000000"]}, {"SecurityGroupIds": [elsewhere]},
  {"Placement": {"GroupName": "none"}}, {"MinCount": 2}, {"PrivateIpAddress": "10.9.9.9"}, {"DryRun": True})])`,
      ),
    ).toEqual([
      "InvalidAMIID.NotFound",
      "InvalidInstanceType",
      "InvalidParameterValue",
      "InvalidKeyPair.NotFound",
      "InvalidSubnetID.NotFound",
      "InvalidGroup.NotFound",
      "InvalidParameter",
      "InvalidPlacementGroup.Unknown",
      "InvalidParameterCombination",
      "InvalidParameterValue",
      "DryRunOperation",
    ]);
  });

  test("a VPC goes in the order of what depends on what", async () => {
    expect(
      await python(
        it,
        `
vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.0.0/20", AvailabilityZone="ap-northeast-2b")["Subnet"]["SubnetId"]
gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
group = ec2.create_security_group(VpcId=vpc, GroupName="g", Description="d")["GroupId"]
twice = code(ec2.create_security_group, VpcId=vpc, GroupName="g", Description="d")
nic = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group], "AssociatePublicIpAddress": True}
it = run(NetworkInterfaces=[nic], DisableApiTermination=True)[0]
steps = [(ec2.delete_security_group, {"GroupId": group}), (ec2.detach_internet_gateway, {"InternetGatewayId": gateway, "VpcId": vpc}),
  (ec2.delete_subnet, {"SubnetId": subnet}), (ec2.delete_route_table, {"RouteTableId": table}),
  (ec2.delete_internet_gateway, {"InternetGatewayId": gateway}), (ec2.delete_vpc, {"VpcId": vpc})]
refused = [code(call, **wishes) for call, wishes in [*steps[:4], steps[5]]]
kept = code(ec2.terminate_instances, InstanceIds=[it["InstanceId"]])
ec2.modify_instance_attribute(InstanceId=it["InstanceId"], DisableApiTermination={"Value": False})
ec2.terminate_instances(InstanceIds=[it["InstanceId"]])
wait([it["InstanceId"]], "terminated")
show([it["PrivateIpAddress"], it["SecurityGroups"][0]["GroupId"] == group, twice, refused, kept, [code(call, **wishes) for call, wishes in steps]])`,
      ),
    ).toEqual([
      "10.20.0.4",
      true,
      "InvalidGroup.Duplicate",
      Array.from({ length: 5 }, () => "DependencyViolation"),
      "OperationNotPermitted",
      Array.from({ length: 6 }, () => null),
    ]);
  });

  test("rules are the same whatever their descriptions say, and a call that is refused has changed none", async () => {
    expect(
      await python(
        it,
        `
group = ec2.create_security_group(GroupName="rules", Description="d")["GroupId"]
def described(text): return [rule(22, IpRanges=[{"CidrIp": "192.0.2.0/24", "Description": text}]), rule(9092, UserIdGroupPairs=[{"GroupId": group, "Description": text}])]
made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=described("one"))["SecurityGroupRules"]
partly = code(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[rule(23, **cidr("192.0.2.0/24")), *described("two")])
dry = code(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[rule(24, **cidr("192.0.2.0/24"))], DryRun=True)
left = lambda: [[p["FromPort"] for p in g["IpPermissions"]] for g in ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]][0]
before = left()
ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=described("new"))
new = [r.get("Description") for r in ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"] if not r["IsEgress"]]
ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=described("three"))
show([[r["Description"] for r in made], partly, dry, before, new, left()])`,
      ),
    ).toEqual([["one", "one"], "InvalidPermission.Duplicate", "DryRunOperation", [22, 9092], ["new", "new"], []]);
  });

  test("a key pair goes by its id, and with a thing go its tags", async () => {
    expect(
      await python(
        it,
        `
ec2.import_key_pair(KeyName="gone", PublicKeyMaterial=b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKjsBd0XIiDIm3WBXbjk3Fsc4+DUjX2xWhgBUoGZSJhv", TagSpecifications=[tagged("key-pair", gone="yes")])
pair = ec2.describe_key_pairs(Filters=[{"Name": "tag:gone", "Values": ["yes"]}])["KeyPairs"][0]
volume = ec2.create_volume(Size=1, AvailabilityZone="ap-northeast-2a", VolumeType="gp3", TagSpecifications=[tagged("volume", gone="yes")])["VolumeId"]
tags = lambda: len(ec2.describe_tags(Filters=[{"Name": "key", "Values": ["gone"]}])["Tags"])
before = tags()
ec2.delete_key_pair(KeyPairId=pair["KeyPairId"])
ec2.delete_volume(VolumeId=volume)
show([before, tags(), code(ec2.describe_key_pairs, KeyNames=["gone"]), code(ec2.create_tags, Resources=["i-00000000000000000"], Tags=[{"Key": "a", "Value": "b"}])])`,
      ),
    ).toEqual([2, 0, "InvalidKeyPair.NotFound", "InvalidInstanceID.NotFound"]);
  });

  test("regions have their own things, and no address twice", async () => {
    expect(
      await python(
        it,
        `
there = boto3.client("ec2", region_name="eu-central-1")
images = there.describe_images(Owners=["136693071363"], Filters=[{"Name": "name", "Values": ["debian-12-arm64-*"]}])["Images"]
far = there.run_instances(ImageId=images[0]["ImageId"], InstanceType="m7g.large", MinCount=1, MaxCount=1)["Instances"][0]
near = run()[0]
show([far["Placement"]["AvailabilityZone"], far["PrivateIpAddress"] == near["PrivateIpAddress"], images[0]["ImageId"] == image()["ImageId"],
  code(ec2.describe_instances, InstanceIds=[far["InstanceId"]])])`,
      ),
    ).toEqual(["eu-central-1a", false, false, "InvalidInstanceID.NotFound"]);
  });

  test("placement groups, and a gap of moto's, which is told as such", async () => {
    expect(
      await python(
        it,
        `
ec2.create_placement_group(GroupName="p", Strategy="spread", TagSpecifications=[tagged("placement-group", a="b")])
ids = [i["InstanceId"] for i in run(Placement={"GroupName": "p"})]
busy = code(ec2.delete_placement_group, GroupName="p")
ec2.terminate_instances(InstanceIds=ids)
wait(ids, "terminated")
show([ec2.describe_placement_groups(Filters=[{"Name": "tag:a", "Values": ["b"]}])["PlacementGroups"][0]["Strategy"],
  busy, code(ec2.delete_placement_group, GroupName="p"), code(ec2.describe_volume_status)])`,
      ),
    ).toEqual(["spread", "InvalidPlacementGroup.InUse", null, "InvalidAction"]);
  });

  test("faults are met by the calls that they are meant for, and each call is written down", async () => {
    it.ec2.faults([
      { kind: "error", action: "DescribeKeyPairs", from: 2, count: 2, status: 503, code: "RequestLimitExceeded" },
      { kind: "capacity", zone: "ap-northeast-2a", available: 1 },
      { kind: "unseen", action: "RunInstances", calls: 2 },
      { kind: "lost", action: "CreateSecurityGroup" },
      { kind: "reset", action: "CreateKeyPair" },
      { kind: "launch", from: 2, code: "Client.InvalidKMSKey.InvalidState" },
      { kind: "stale", action: "DescribeVolumes" },
      { kind: "slow", action: "DescribeRegions", seconds: 0.5 },
      { kind: "throttle", action: "DescribeVpcs", burst: 2 },
      { kind: "expired", action: "DescribeSubnets", from: 2 },
    ]);
    it.ec2.clearCalls();
    expect(
      await python(
        it,
        `
errors = [code(ec2.describe_key_pairs) for _ in range(4)]
here = {"Placement": {"AvailabilityZone": "ap-northeast-2a"}}
made = run(**here)[0]["InstanceId"]
listed = [made in [i["InstanceId"] for i in instances()]]
unseen = [code(ec2.describe_instances, InstanceIds=[made]) for _ in range(3)]
capacity = code(run, **here, MinCount=2, MaxCount=2)
doomed = run()[0]["InstanceId"]
wait([doomed], "terminated")
why = instances(InstanceIds=[doomed])[0]["StateReason"]["Code"]
lost = [code(ec2.create_security_group, GroupName="lost", Description="d"), len(ec2.describe_security_groups(GroupNames=["lost"])["SecurityGroups"])]
reset = [code(ec2.create_key_pair, KeyName="reset"), len(ec2.describe_key_pairs()["KeyPairs"])]
before = len(ec2.describe_volumes()["Volumes"])
ec2.create_volume(Size=1, AvailabilityZone="ap-northeast-2a", VolumeType="gp3")
stale = [len(ec2.describe_volumes()["Volumes"]) - before for _ in range(4)]
begin = time.time()
ec2.describe_regions()
slow = time.time() - begin > 0.5
show([errors, listed + unseen, capacity, why, lost, reset, sorted(set(stale)), slow,
  [code(ec2.describe_vpcs) for _ in range(3)], [code(ec2.describe_subnets) for _ in range(3)]])`,
      ),
    ).toEqual([
      [null, "RequestLimitExceeded", "RequestLimitExceeded", null],
      [false, "InvalidInstanceID.NotFound", "InvalidInstanceID.NotFound", null],
      "InsufficientInstanceCapacity",
      "Client.InvalidKMSKey.InvalidState",
      ["ConnectionClosedError", 1],
      ["ConnectionClosedError", 0],
      [0, 1],
      true,
      [null, null, "RequestLimitExceeded"],
      [null, "RequestExpired", "RequestExpired"],
    ]);
    const calls = it.ec2.calls();
    expect(calls.filter(({ status }) => status === 0).map(({ action }) => action)).toEqual([
      "CreateSecurityGroup",
      "CreateKeyPair",
    ]);
    expect(calls.find(({ code }) => code === "InsufficientInstanceCapacity")).toMatchObject({
      action: "RunInstances",
      status: 500,
      region: "ap-northeast-2",
      params: { MinCount: "2", "Placement.AvailabilityZone": "ap-northeast-2a" },
    });
    it.ec2.faults([]);
    expect(await python(it, `show(code(ec2.describe_subnets))`)).toBeNull();
  });

  test("more of what goes wrong: an answer withheld, a list that misses, no address yet, another time of day", async () => {
    it.ec2.faults([{ kind: "hold", action: "CreateKeyPair" }]);
    it.ec2.clearCalls();
    const held = python(it, `show(code(ec2.create_key_pair, KeyName="held"))`);
    await until("it is held", 20, () => it.ec2.calls().length === 1);
    it.ec2.faults([
      { kind: "unseen", action: "RunInstances", calls: 1, only: "lists" },
      { kind: "addressless", action: "RunInstances", calls: 2 },
      { kind: "skew", action: "DescribeRegions", seconds: 3600 },
    ]);
    expect(await held).toBe("ConnectionClosedError");
    expect(
      await python(
        it,
        `
made = run(IamInstanceProfile={"Name": "kctl"})[0]["InstanceId"]
found = [made in [i["InstanceId"] for i in instances()], *("PublicIpAddress" in instances(InstanceIds=[made])[0] for _ in range(2))]
try: ec2.describe_regions()
except ClientError as error: skew = [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPHeaders"]["date"]]
ahead = (parsedate_to_datetime(skew[1]).timestamp() - time.time()) // 60
show([[k["KeyName"] for k in ec2.describe_key_pairs()["KeyPairs"]], found, skew[0], ahead in (59, 60),
  instances(InstanceIds=[made])[0]["IamInstanceProfile"]["Arn"].split("/")[1], code(run, IamInstanceProfile={"Name": "missing"})])`,
      ),
    ).toEqual([["held"], [false, false, true], "RequestExpired", true, "kctl", "InvalidParameterValue"]);
    it.ec2.faults([]);
  });

  test("a hundred launches of one instance each", async () => {
    expect(
      await python(
        it,
        `
from concurrent.futures import ThreadPoolExecutor
template = image()["ImageId"]
def one(number): return run(ImageId=template, ClientToken=f"many-{number}", TagSpecifications=[tagged("instance", many="yes")])[0]["InstanceId"]
with ThreadPoolExecutor(8) as pool: ids = list(pool.map(one, range(100)))
wait(ids, "running")
found = instances(Filters=[{"Name": "tag:many", "Values": ["yes"]}])
show([len(found), len({i["PrivateIpAddress"] for i in found})])`,
      ),
    ).toEqual([100, 100]);
  });
});

test("nothing is left of a lab with EC2 whose owner was killed, attached volumes included", async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "owner.ts"), "ec2"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const id = line.toString().trim();
  expect(traces(id).join("\n")).toMatch(/loop/u);
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
  await until("the lab has gone", 30, () => traces(id).length === 0);
  await sweep();
});

test("by hand: up, hosts, run, the log of calls, down", async () => {
  const name = `ec2-${process.pid}`;
  const env = { ...process.env, KCTL_LAB: name };
  const cli = (...args: string[]): Promise<{ stdout: string }> =>
    promisify(execFile)(process.execPath, [join(import.meta.dirname, "cli.ts"), ...args], { env });
  try {
    await cli("up", "--ec2", "--simulated");
    expect((await cli("hosts")).stdout).toContain("AWS_ENDPOINT_URL_EC2=http://10.77.0.1:5556");
    const ask = "curl -s -d 'Action=DescribeRegions&Version=2016-11-15' $AWS_ENDPOINT_URL_EC2 -o /dev/null";
    await cli("run", "sh", "-c", ask);
    expect((await cli("ec2", "calls")).stdout).toContain("DescribeRegions");
    await cli("ec2", "clear");
    expect((await cli("ec2", "calls")).stdout).toBe("");
  } finally {
    await cli("down");
  }
  expect(traces(name)).toEqual([]);
});
