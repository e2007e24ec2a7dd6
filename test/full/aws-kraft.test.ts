/** KRaft over three zones of EC2, its machines without a way in but through a bastion; clients inside and outside the network. */
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { account, closeAwsSite, nothing, openAwsSite, outsideOf, type AwsSite } from "../e2e/aws-site.ts";
import { fetched, kctl, type Ended } from "../e2e/kctl.ts";
import { kafkaJars } from "../kafka/support/jars.ts";

const nodes = ["kafka-1", "kafka-2", "kafka-3"];
const region = "eu-west-1";

const outcome = ({ exit, result }: Ended) => ({ exit, errors: result?.["errors"], changed: result?.["changed"] });

const yaml = (bastion: string): string => `name: prod
provider:
  type: aws
  region: ${region}
  image: ubuntu-24.04
  zones: [${region}b, ${region}a, ${region}c]
  keyPair: ~/.ssh/id_ed25519.pub
  tags: { team: data }
  access: { ssh: [172.31.0.0/16], clients: [172.31.0.0/16], via: "admin@${bastion}" }
kafka:
  version: 4.3.1
  heap: 512MiB
  external: { advertise: public, from: [192.0.2.0/24] }
nodes:
  - { group: kafka, count: 3, roles: [controller, broker], instanceType: [m7i.large, m6i.large], volume: { size: 20GiB } }
topics:
  - { name: orders, partitions: 3, replicas: 3, config: { min.insync.replicas: 2 } }
`;

describe("three zones behind a bastion", { timeout: 900_000 }, () => {
  let site: AwsSite;
  let bastion: { readonly id: string; readonly publicAddress: string };
  let jars: string;

  beforeAll(async () => {
    [site, jars] = await Promise.all([
      openAwsSite(
        "",
        nodes.flatMap((node) => [`${node}/broker`, `${node}/controller`]),
      ),
      kafkaJars("4.3.1"),
    ]);
    bastion = await launchBastion(site);
    await appendFile(site.place.spec, yaml(bastion.publicAddress));
    await fetched(site.place);
  }, 300_000);
  afterAll(() => closeAwsSite(site));

  test("up makes the cluster, a zone a node, and a smoke test passes; a second up changes nothing", async () => {
    expect(outcome(await site.run("up", "--yes", "--json"))).toMatchObject({ exit: 0, errors: [] });
    expect(outcome(await site.run("smoke-test", "--json"))).toMatchObject({ exit: 0, errors: [] });
    expect(outcome(await site.run("up", "--json"))).toEqual({ exit: 0, errors: [], changed: 0 });
    const { instances } = await account(site, "prod", region);
    expect(instances.map(({ node, ids, zone }) => [node, ids, zone])).toEqual([
      ["kafka-1", "broker=1,controller=3001", `${region}b`],
      ["kafka-2", "broker=2,controller=3002", `${region}a`],
      ["kafka-3", "broker=3,controller=3003", `${region}c`],
    ]);
    const racks = await site.run("exec", "--", "grep ^broker.rack /etc/kctl/prod/broker/server.properties");
    expect(racks.out).toContain(`kafka-2 | broker.rack=${region}a`);
  });

  test("nobody but the bastion reaches sshd", async () => {
    const first = site.lab.ec2.instances().find(({ id, state }) => state === "running" && id !== bastion.id);
    const probe = `timeout 2 bash -c 'exec 3<>/dev/tcp/${first?.publicAddress ?? ""}/22'`;
    expect((await site.lab.run(["bash", "-c", probe])).status).not.toBe(0);
    expect(await site.run("ssh", "kafka-2", "--", "whoami")).toMatchObject({ exit: 0, out: "ubuntu\n" });
  });

  test("a client outside the network writes and reads at public addresses, by Kafka's own tools", async () => {
    const up = await site.run("up", "--json");
    const bootstrap = String(up.result?.["externalBootstrap"]);
    const publics = site.lab.ec2
      .instances()
      .flatMap(({ id, state, publicAddress }) =>
        state === "running" && id !== bastion.id ? [`${publicAddress ?? ""}:9094`] : [],
      );
    expect(bootstrap.split(",").toSorted()).toEqual(publics.toSorted());
    const java = ["java", "-Xmx256m", "-cp", `${jars}/*`];
    const tool = (main: string, ...args: readonly string[]): readonly string[] =>
      java.concat(main, "--bootstrap-server", bootstrap, "--topic", "orders", args);
    const written = await site.lab.runFrom("outside", tool("org.apache.kafka.tools.ConsoleProducer"), {
      input: Array.from({ length: 100 }, (_, index) => `record ${index}\n`).join(""),
    });
    expect(written.status).toBe(0);
    const read = await site.lab.runFrom(
      "outside",
      tool(
        "org.apache.kafka.tools.consumer.ConsoleConsumer",
        "--from-beginning",
        "--max-messages",
        "100",
        "--timeout-ms",
        "60000",
      ),
    );
    expect(read.stdout.split("\n").filter((line) => line.startsWith("record "))).toHaveLength(100);
  });

  test("doctor tells who is outside which listener is for them, and which rule keeps them out", async () => {
    const outside = outsideOf(site);
    const listeners = async (): Promise<readonly (readonly unknown[])[]> => {
      const { result } = await kctl(outside, "doctor", "--timeout", "1s", "--json");
      return (result?.["listeners"] as readonly { readonly name: string; readonly ok: boolean }[]).map(
        ({ name, ok }) => [name, ok],
      );
    };
    expect(await listeners()).toEqual([
      ["clients", false],
      ["external", true],
    ]);
    const spec = await readFile(site.place.spec, "utf8");
    await writeFile(site.place.spec, spec.replace("from: [192.0.2.0/24]", "from: [198.18.0.0/15]"));
    expect(outcome(await site.run("up", "--yes", "--json"))).toMatchObject({ exit: 0, errors: [] });
    const { result } = await kctl(outside, "doctor", "--timeout", "1s", "--json");
    const fixes = (result?.["errors"] as readonly { readonly where: string; readonly fix: string }[]).flatMap((one) =>
      one.where.endsWith(":9094") ? [one.fix] : [],
    );
    expect(new Set(fixes)).toEqual(
      new Set([
        "the security group kctl-prod lets only 198.18.0.0/15 come to port 9094: add this machine's address to `kafka.external.from` and run `kctl up`",
      ]),
    );
    await writeFile(site.place.spec, spec);
    expect(outcome(await site.run("up", "--yes", "--json"))).toMatchObject({ exit: 0, errors: [] });
    expect(await listeners()).toEqual([
      ["clients", false],
      ["external", true],
    ]);
  });

  test("machines that come back with other public addresses: the next up tells clients of them, one broker at a time", async () => {
    expect(outcome(await site.run("stop", "--machines", "--yes", "--json"))).toMatchObject({ exit: 0, errors: [] });
    expect(outcome(await site.run("start", "--machines", "--json"))).toMatchObject({ exit: 0, errors: [] });
    const plan = await site.run("plan", "--json");
    const changes = plan.result?.["changes"] as { readonly kind: string; readonly members?: readonly string[] }[];
    expect(changes.find(({ kind }) => kind === "roll")?.members).toHaveLength(3);
    expect(outcome(await site.run("up", "--yes", "--json"))).toMatchObject({ exit: 0, errors: [] });
    expect(outcome(await site.run("up", "--json"))).toEqual({ exit: 0, errors: [], changed: 0 });
  });

  test("another instance type replaces machines one at a time, with their data", async () => {
    const before = await account(site, "prod", region);
    const spec = await readFile(site.place.spec, "utf8");
    await writeFile(site.place.spec, spec.replace("[m7i.large, m6i.large]", "[m7i.xlarge]"));
    const changed = await site.run("up", "--yes", "--json");
    expect(outcome(changed)).toMatchObject({ exit: 0, errors: [] });
    const after = await account(site, "prod", region);
    expect(after.instances.map(({ type }) => type)).toEqual(["m7i.xlarge", "m7i.xlarge", "m7i.xlarge"]);
    expect(after.instances.map(({ ids, zone }) => [ids, zone])).toEqual(
      before.instances.map(({ ids, zone }) => [ids, zone]),
    );
    const data = ({ volumes }: typeof before) =>
      volumes.flatMap(({ id, device }) => (device === "/dev/sdf" ? [id] : []));
    expect(data(after)).toEqual(data(before));
    // Never two at once: every launch but the first came after the one before had let kctl in and all was well.
    expect(outcome(await site.run("smoke-test", "--json"))).toMatchObject({ exit: 0, errors: [] });
  });

  test("destroy --keep-data leaves the volumes, the next up takes them, destroy leaves nothing; the bastion stays", async () => {
    const kept = await site.run("destroy", "--keep-data", "--yes", "--json");
    expect(outcome(kept)).toMatchObject({ exit: 0, errors: [] });
    const left = await account(site, "prod", region);
    expect(left).toMatchObject({ instances: [], groups: [], keys: [] });
    expect(left.volumes.map(({ id }) => id).toSorted()).toEqual((kept.result?.["kept"] as string[]).toSorted());
    expect(outcome(await site.run("up", "--yes", "--json"))).toMatchObject({ exit: 0, errors: [] });
    const again = await account(site, "prod", region);
    expect(again.volumes.flatMap(({ id, device }) => (device === "/dev/sdf" ? [id] : [])).toSorted()).toEqual(
      left.volumes.map(({ id }) => id).toSorted(),
    );
    const { out } = await site.run(
      "ssh",
      "kafka-1",
      "--",
      "sudo env JAVA_HOME=/etc/kctl/prod/java /opt/kctl/kafka-4.3.1/bin/kafka-get-offsets.sh --bootstrap-server kafka-1:9092 --topic orders",
    );
    expect(out.split("\n").reduce((sum, line) => sum + Number(/:(\d+)$/.exec(line)?.[1] ?? 0), 0)).toBe(100);
    expect(outcome(await site.run("destroy", "--yes", "--json"))).toMatchObject({ exit: 0, errors: [] });
    expect(await account(site, "prod", region)).toEqual(nothing);
    expect(site.lab.ec2.instances().find(({ id }) => id === bastion.id)?.state).toBe("running");
  });
});

/** Somebody's own machine in the same network, that the operator may log in to; it has nothing of kctl's. */
async function launchBastion({ lab: it }: AwsSite): Promise<{ readonly id: string; readonly publicAddress: string }> {
  const publicKey = await readFile(`${it.ssh.key}.pub`, "utf8");
  const { id } = (await it.boto(`
import boto3, json
ec2 = boto3.client("ec2", region_name="${region}")
ec2.import_key_pair(KeyName="ops", PublicKeyMaterial=${JSON.stringify(publicKey)}.encode())
group = ec2.create_security_group(GroupName="bastion", Description="ssh for operators")["GroupId"]
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}])
image = sorted(ec2.describe_images(Owners=["136693071363"], Filters=[{"Name": "name", "Values": ["debian-12-amd64-*"]}])["Images"], key=lambda one: one["CreationDate"])[-1]["ImageId"]
made = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, KeyName="ops", SecurityGroupIds=[group])["Instances"][0]["InstanceId"]
ec2.get_waiter("instance_running").wait(InstanceIds=[made], WaiterConfig={"Delay": 1})
print(json.dumps({"id": made}))
`)) as { readonly id: string };
  const publicAddress = it.ec2.instances().find((one) => one.id === id)?.publicAddress ?? "";
  // cloud-init makes it while the machine boots.
  const file = "/etc/ssh/ssh_host_ed25519_key.pub";
  const hostKey = await it.ec2.host(id).run(`timeout 60 sh -c 'until [ -s ${file} ]; do sleep 0.2; done'; cat ${file}`);
  await appendFile(it.ssh.knownHosts, `${publicAddress} ${hostKey.split(" ").slice(0, 2).join(" ")}\n`);
  return { id, publicAddress };
}
