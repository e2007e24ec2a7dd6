/** From `examples/aws.yaml`, out of nothing: machines, a verified cluster, what happens to both, and nothing left behind. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectFewCalls, expectFewCallsAgain } from "./aws-calls.ts";
import { account, closeAwsSite, nothing, openAwsSite, outsideOf, type Account, type AwsSite } from "./aws-site.ts";
import { kctl, type Ended } from "./kctl.ts";

const nodes = ["kafka-1", "kafka-2", "kafka-3"];
const region = "ap-northeast-2";
/** Records, by kctl. */
const written = 100;

const outcome = ({ exit, result }: Ended) => ({ exit, errors: result?.["errors"], changed: result?.["changed"] });

type Told = {
  readonly kind: string;
  readonly node: string | null;
  readonly title: string;
  readonly diff: readonly string[];
};
const changesOf = ({ result }: Ended): readonly Told[] => (result?.["changes"] ?? []) as readonly Told[];

describe("examples/aws.yaml", { timeout: 900_000 }, () => {
  let site: AwsSite;
  let yaml: string;
  const look = (): Promise<Account> => account(site, "demo", region);

  beforeAll(async () => {
    yaml = await readFile(join(import.meta.dirname, "../../examples/aws.yaml"), "utf8");
    site = await openAwsSite(
      yaml,
      nodes.flatMap((node) => [`${node}/broker`, `${node}/zookeeper`]),
    );
  }, 300_000);
  afterAll(() => closeAwsSite(site));

  test("plan says what it would do, with holes for what is not known yet, and touches nothing", async () => {
    const plan = await site.run("plan", "--json", "--check", "--out", "plan.json");
    expect({ exit: plan.exit, errors: plan.result?.["errors"] }).toEqual({ exit: 3, errors: [] });
    const changes = changesOf(plan);
    expect(changes.filter(({ kind }) => kind === "cloud").map(({ title }) => title)).toEqual([
      "create the security group kctl-demo",
      "rules of kctl-demo: add 7",
      "import the public key kctl-demo",
      ...nodes.map(
        (node, at) =>
          `launch ${node}: m7g.large in ${region}${"abc".charAt(at)}, debian-12, with a new volume of 200 GiB (gp3)`,
      ),
      "let kafka-1, kafka-2, kafka-3 make host keys of their own, and forget those that user-data gave",
    ]);
    const hosts = changes.find(({ title }) => title === "update kctl's block in /etc/hosts on kafka-1");
    expect(hosts?.diff.join("\n")).toContain("<known after up>\tkafka-2 kafka-2.demo");
    expect(changes.filter(({ kind }) => kind === "process")).toHaveLength(6);
    expect(site.lab.ec2.calls().filter(({ action }) => !action.startsWith("Describe"))).toEqual([]);
    expect(await look()).toEqual(nothing);
  });

  test("up carries out that plan, and a smoke test passes", async () => {
    site.lab.ec2.clearCalls();
    const up = await site.run("up", "--yes", "--json", "--plan", "plan.json");
    expect(outcome(up)).toMatchObject({ exit: 0, errors: [] });
    expect(up.result?.["notInPlan"]).toEqual([]);
    expectFewCalls(site.lab.ec2.calls(), nodes.length);
    expect(outcome(await site.run("smoke-test", "--json"))).toMatchObject({ exit: 0, errors: [] });
    site.lab.ec2.clearCalls();
    expect(outcome(await site.run("up", "--json"))).toEqual({ exit: 0, errors: [], changed: 0 });
    expectFewCallsAgain(site.lab.ec2.calls(), nodes.length);
  });

  test("another client finds exactly what was to be made", async () => {
    const { instances, volumes, groups, keys, others } = await look();
    expect(
      instances.map(({ node, ids, state, type, zone, imds, firstKey }) => [
        node,
        ids,
        state,
        type,
        zone,
        imds,
        firstKey,
      ]),
    ).toEqual(
      nodes.map((node, at) => [
        node,
        `broker=${at + 1},zookeeper=${at + 1}`,
        "running",
        "m7g.large",
        `${region}${"abc".charAt(at)}`,
        "required",
        null,
      ]),
    );
    const shown = await Promise.all(
      instances.map(({ id }) => site.lab.ec2.host(id).run("cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub")),
    );
    expect(instances.map(({ hostKey }) => hostKey)).toEqual(shown.map((text) => text.trim()));
    // Where systemd listens for sshd, a reload would have ended it.
    const sshd = instances.map(({ id }) => site.lab.ec2.host(id).run("systemctl is-active ssh.socket ssh.service"));
    expect(await Promise.all(sshd)).toEqual(nodes.map(() => "active\nactive\n"));
    expect(
      volumes.map(({ node, sizeGiB, encrypted, device, goesWithMachine }) => [
        node,
        sizeGiB,
        encrypted,
        device,
        goesWithMachine,
      ]),
    ).toEqual(
      nodes.flatMap((node) => [
        [node, 200, true, "/dev/sdf", false],
        [node, 16, true, "/dev/xvda", true],
      ]),
    );
    expect(groups).toEqual([
      {
        name: "kctl-demo",
        rules: [
          "tcp 2181 itself",
          "tcp 22 203.0.113.0/24",
          "tcp 2888 itself",
          "tcp 3888 itself",
          "tcp 9091 itself",
          "tcp 9092 10.0.0.0/8",
          "tcp 9092 itself",
        ],
      },
    ]);
    expect(keys).toEqual(["kctl-demo"]);
    expect(others).toEqual([]);
    const mounts = await site.run("exec", "--", "findmnt -no FSTYPE,OPTIONS /var/lib/kctl/demo");
    expect(mounts.out.match(/xfs +rw,noatime/g)).toHaveLength(3);
  });

  test("nobody outside the rules reaches a port, and the operator only sshd", async () => {
    const first = site.lab.ec2.instances().find(({ state }) => state === "running");
    const ports = [22, 2181, 2888, 3888, 9091, 9092];
    const probe = `for port in ${ports.join(" ")}; do timeout 2 sh -c "exec 3<>/dev/tcp/${first?.publicAddress ?? ""}/$port" 2>/dev/null && echo $port; done; true`;
    const from = (bash: Promise<{ readonly stdout: string }>): Promise<readonly string[]> =>
      bash.then(({ stdout }) => stdout.split("\n").filter(Boolean));
    const script = probe.replaceAll("sh -c", "bash -c");
    expect(await from(site.lab.runFrom("outside", ["bash", "-c", script]))).toEqual([]);
    expect(await from(site.lab.run(["bash", "-c", script]))).toEqual(["22"]);
  });

  test("who may only log in writes and reads through SSH; a client outside is told which rule keeps it out", async () => {
    const privates = (await look()).instances.map(({ privateAddress }) => `${privateAddress ?? ""}:9092`);
    const lines = Array.from({ length: written }, (_, index) => `${index}\n`).join("");
    const produced = await kctl({ ...site.place, input: lines }, "produce", "orders", "--json");
    expect(produced.result).toMatchObject({ ok: true, records: written });
    const read = await site.run("consume", "orders", "--group", "g", "--json");
    expect(read.result).toMatchObject({ ok: true, records: written });
    expect((await site.run("lag", "g", "--json")).result).toMatchObject({ ok: true, groups: [{ lag: 0 }] });
    const outside = outsideOf(site);
    const config = await kctl(outside, "client-config", "--format", "librdkafka", "--json");
    expect(config.result).toMatchObject({ bootstrap: privates });
    expect((await kctl(outside, "hosts", "--json")).result).toMatchObject({ ok: true, entries: [] });
    const doctor = await kctl(outside, "doctor", "--timeout", "1s", "--json");
    expect(doctor.exit).toBe(1);
    const told = doctor.result?.["errors"] as readonly {
      readonly where: string;
      readonly what: string;
      readonly fix: string;
    }[];
    expect(told.map(({ where, what }) => [where, what])).toEqual(
      privates.map((address) => [
        address,
        "no answer in 1 s where clients of `clients` are sent: the machine is off, or a rule on the way drops it",
      ]),
    );
    expect(told[0]?.fix).toBe(
      `the security group kctl-demo lets only 10.0.0.0/8 and the cluster's own machines come to port 9092: add this machine's address to \`provider.access.clients\` and run \`kctl up\`; ${privates[0]?.replace(":9092", "") ?? ""} is an address inside the VPC, for clients elsewhere there is the listener \`kafka.external\``,
    );
  });

  test("a rule that somebody removed is seen by plan, and put back; a rule of his own is left", async () => {
    await site.lab.boto(`
import boto3
ec2 = boto3.client("ec2", region_name="${region}")
there = ec2.describe_security_groups(GroupNames=["kctl-demo"])["SecurityGroups"][0]
group = there["GroupId"]
pairs = [pair for rule in there["IpPermissions"] if rule["FromPort"] == 9092 for pair in rule["UserIdGroupPairs"]]
ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 9092, "ToPort": 9092, "UserIdGroupPairs": pairs}])
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 9100, "ToPort": 9100, "IpRanges": [{"CidrIp": "10.1.0.0/16", "Description": "node exporter"}]}])
print("{}")`);
    const changes = changesOf(await site.run("plan", "--json"));
    expect(changes.map(({ title, diff }) => [title, ...diff])).toEqual([
      ["rules of kctl-demo: add 1", expect.stringMatching(/^\+tcp 9092 from the group itself/)],
      ["1 rule of kctl-demo is not kctl's, and left: tcp 9100 from 10.1.0.0/16  (node exporter)"],
    ]);
    expect(outcome(await site.run("up", "--yes", "--json"))).toEqual({ exit: 0, errors: [], changed: 1 });
    const [group] = (await look()).groups;
    expect(group?.rules).toContain("tcp 9092 itself");
    expect(group?.rules).toContain("tcp 9100 10.1.0.0/16");
  });

  test("a machine that somebody terminated is made again, with its ids and its data", async () => {
    const before = await look();
    const lost = before.instances.find(({ node }) => node === "kafka-2");
    const volume = before.volumes.find(({ node, device }) => node === "kafka-2" && device === "/dev/sdf");
    await writeRecords(site, 500);
    await site.lab.boto(`
import boto3
ec2 = boto3.client("ec2", region_name="${region}")
ec2.terminate_instances(InstanceIds=["${lost?.id ?? ""}"])
ec2.get_waiter("instance_terminated").wait(InstanceIds=["${lost?.id ?? ""}"], WaiterConfig={"Delay": 1})
print("{}")`);
    const cloud = changesOf(await site.run("plan", "--json")).filter(({ kind }) => kind === "cloud");
    expect(cloud.map(({ title }) => title)).toEqual([
      `launch kafka-2: m7g.large in ${region}b, debian-12, with its volume ${volume?.id ?? ""} (200 GiB)`,
      "let kafka-2 make host keys of their own, and forget those that user-data gave",
    ]);
    expect(outcome(await site.run("up", "--yes", "--json"))).toMatchObject({ exit: 0, errors: [] });
    const after = await look();
    expect(after.instances.map(({ node, ids }) => [node, ids])).toEqual(
      before.instances.map(({ node, ids }) => [node, ids]),
    );
    expect(after.instances.map(({ id }) => id)).not.toContain(lost?.id);
    expect(after.volumes.filter(({ device }) => device === "/dev/sdf")).toHaveLength(3);
    expect(after.volumes.map(({ id }) => id)).toContain(volume?.id);
    expect(await endOffsets(site)).toBe(written + 500);
    expect(outcome(await site.run("up", "--json"))).toEqual({ exit: 0, errors: [], changed: 0 });
  });

  test("machines sleep and wake; a volume grows while it is in use", async () => {
    expect(outcome(await site.run("stop", "--machines", "--yes", "--json"))).toMatchObject({ exit: 0, errors: [] });
    expect((await look()).instances.map(({ state }) => state)).toEqual(["stopped", "stopped", "stopped"]);
    const refused = await site.run("start", "--json");
    expect(refused.exit).toBe(1);
    expect(JSON.stringify(refused.result?.["errors"])).toContain("machines of demo are off");
    expect(outcome(await site.run("start", "--machines", "--json"))).toMatchObject({ exit: 0, errors: [] });
    await writeFile(site.place.spec, yaml.replace("size: 200GiB", "size: 220GiB"));
    const grown = await site.run("up", "--yes", "--json");
    expect(outcome(grown)).toMatchObject({ exit: 0, errors: [] });
    expect((await look()).volumes.filter(({ device }) => device === "/dev/sdf").map(({ sizeGiB }) => sizeGiB)).toEqual([
      220, 220, 220,
    ]);
    const sizes = await site.run("exec", "--", "df --output=size -BG /var/lib/kctl/demo | tail -n 1");
    expect(sizes.out.match(/ 220G/g)).toHaveLength(3);
    expect(await endOffsets(site)).toBe(written + 500);
  });

  test("destroy leaves nothing with the cluster's tag", async () => {
    const destroyed = await site.run("destroy", "--yes", "--json");
    expect(outcome(destroyed)).toMatchObject({ exit: 0, errors: [] });
    expect(await look()).toEqual(nothing);
    expect(outcome(await site.run("destroy", "--yes", "--json"))).toEqual({ exit: 0, errors: [], changed: 0 });
  });
});

/** By Kafka's own producer, on a machine of the cluster: to the topic that the spec has. */
async function writeRecords({ run }: AwsSite, count: number): Promise<void> {
  const tool = "JAVA_HOME=/etc/kctl/demo/java /opt/kctl/kafka-3.9.1/bin/kafka-console-producer.sh";
  const script = `seq ${count} | ${tool} --bootstrap-server kafka-1:9092 --topic orders --producer-property acks=all 2>/dev/null`;
  expect((await run("ssh", "kafka-1", "--", script)).exit).toBe(0);
}

/** Of all partitions of that topic together. */
async function endOffsets({ run }: AwsSite): Promise<number> {
  const tool = "JAVA_HOME=/etc/kctl/demo/java /opt/kctl/kafka-3.9.1/bin/kafka-get-offsets.sh";
  const { out } = await run("ssh", "kafka-1", "--", `${tool} --bootstrap-server kafka-1:9092 --topic orders`);
  return out.split("\n").reduce((sum, line) => sum + Number(/^orders:\d+:(\d+)$/.exec(line)?.[1] ?? 0), 0);
}
