/** The life of a cluster on EC2: an end of its own, seen and moved; what a region has; what is changed on machines that are there. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { lab, type Lab } from "../lab/lab.ts";
import { kctl, type Ended, type Place } from "./kctl.ts";

const region = "ap-northeast-2";

/** A machine with much else to do takes some times longer. */
const patient = { timeout: 400_000 };

type Options = { readonly name?: string; readonly provider?: string; readonly node?: string; readonly top?: string };

const spec = ({ name = "demo", provider = "", node = "", top = "" }: Options): string => `name: ${name}
provider: { type: aws, region: ${region}, access: { ssh: [203.0.113.0/24] }, prices: { m7g.large: 0.1, gp3: 0.073 }${provider} }
kafka: { version: 3.9.1 }
${top}
nodes: [{ name: kafka-1, roles: [zookeeper, broker], instanceType: m7g.large, volume: { size: 10GiB }${node} }]
`;

type Site = { readonly lab: Lab; readonly place: Place; readonly specify: (options: Options) => Promise<void> };

async function open(simulated: boolean): Promise<Site> {
  const it = await lab({ hosts: 0, ec2: { simulated } });
  const folder = await mkdtemp(join(tmpdir(), "kctl aws-é-"));
  const path = join(folder, "kctl.yaml");
  const env = { PATH: process.env["PATH"], HOME: folder, KCTL_CACHE: inject("cache"), NO_COLOR: "1" };
  const place: Place = { folder, spec: path, port: 9092, servers: [], env, inside: it.inside };
  return { lab: it, place, specify: (options) => writeFile(path, spec(options)) };
}

async function close(site: Site | undefined): Promise<void> {
  if (site === undefined) return;
  await site.lab.stop();
  await rm(site.place.folder, { recursive: true, force: true });
}

type Tags = Readonly<Record<string, string>>;

type Found = {
  readonly instances: readonly {
    readonly id: string;
    readonly state: string;
    readonly tags: Tags;
    readonly group: string;
    readonly lifecycle: string | null;
    readonly profile: string | null;
    readonly protected: boolean;
    readonly onShutdown: string;
    readonly disks: Readonly<Record<string, { readonly goes: boolean; readonly size: number; readonly tags: Tags }>>;
    readonly interfaces: readonly Tags[];
  }[];
  readonly volumes: number;
  readonly groups: readonly Tags[];
  readonly keys: Readonly<Record<string, Tags>>;
  readonly placement: readonly { readonly name: string; readonly strategy: string; readonly tags: Tags }[];
};

/** All that is in the account, by another client than kctl's. */
async function found({ lab: { boto } }: Site): Promise<Found> {
  return (await boto(`
import boto3, json
ec2 = boto3.client("ec2", region_name="${region}")
tags = lambda one: {tag["Key"]: tag["Value"] for tag in one.get("Tags") or one.get("TagSet") or []}
volumes = {one["VolumeId"]: one for one in ec2.describe_volumes()["Volumes"]}
attribute = lambda id, name: list(v for k, v in ec2.describe_instance_attribute(InstanceId=id, Attribute=name[0].lower() + name[1:]).items() if k == name)[0]["Value"]
instances = []
for one in [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"] if i["State"]["Name"] not in ("terminated", "shutting-down")]:
    id = one["InstanceId"]
    instances.append({
        "id": id, "state": one["State"]["Name"], "tags": tags(one), "group": one["Placement"].get("GroupName", ""),
        "lifecycle": one.get("InstanceLifecycle"), "profile": one.get("IamInstanceProfile", {}).get("Arn"),
        "protected": str(attribute(id, "DisableApiTermination")).lower() == "true", "onShutdown": attribute(id, "InstanceInitiatedShutdownBehavior"),
        "disks": {d["DeviceName"]: {"goes": d["Ebs"]["DeleteOnTermination"], "size": volumes[d["Ebs"]["VolumeId"]]["Size"], "tags": tags(volumes[d["Ebs"]["VolumeId"]])} for d in one["BlockDeviceMappings"]},
        "interfaces": [tags(nic) for nic in ec2.describe_network_interfaces(Filters=[{"Name": "attachment.instance-id", "Values": [id]}])["NetworkInterfaces"]],
    })
print(json.dumps({
    "instances": instances, "volumes": len(volumes),
    "groups": [tags(one) for one in ec2.describe_security_groups()["SecurityGroups"] if one["GroupName"] != "default"],
    "keys": {one["KeyName"]: tags(one) for one in ec2.describe_key_pairs()["KeyPairs"]},
    "placement": [{"name": one["GroupName"], "strategy": one["Strategy"], "tags": tags(one)} for one in ec2.describe_placement_groups()["PlacementGroups"]],
}))`)) as Found;
}

const nothing: Found = { instances: [], volumes: 0, groups: [], keys: {}, placement: [] };

/** Of what is in the account, what it says of its end. */
function endsOf({ instances, groups, keys }: Found): readonly (string | undefined)[] {
  const disks = instances.flatMap(({ disks: its }) => Object.values(its));
  return [
    ...instances,
    ...disks,
    ...groups.map((tags) => ({ tags })),
    ...Object.values(keys).map((tags) => ({ tags })),
  ].map(({ tags }) => tags["kctl:expires"]);
}

const errorsOf = ({
  result,
}: Ended): readonly { readonly code: string; readonly what: string; readonly fix: string }[] =>
  (result?.["errors"] ?? []) as readonly { readonly code: string; readonly what: string; readonly fix: string }[];

const clustersOf = ({ result }: Ended): readonly Readonly<Record<string, unknown>>[] =>
  (result?.["clusters"] ?? []) as readonly Readonly<Record<string, unknown>>[];

describe("where instances boot nothing", () => {
  let site: Site;
  const run = (...args: readonly string[]): Promise<Ended> => kctl(site.place, ...args, "--json");
  /** It makes all that EC2 is asked for, and then finds nobody at the machine's address. */
  const launch = async (...args: readonly string[]): Promise<void> => {
    const ended = await run("up", "--yes", "--timeout", "2s", ...args);
    const others = errorsOf(ended).filter(
      ({ code }) => code !== "ssh-unreachable" && code !== "timeout" && code !== "no-ttl",
    );
    expect(others, ended.err).toEqual([]);
  };
  const destroyed = async (): Promise<void> => {
    expect(await run("destroy", "--yes")).toMatchObject({ exit: 0 });
    expect(await found(site)).toEqual(nothing);
  };

  beforeAll(async () => {
    site = await open(true);
  });
  afterAll(() => close(site));

  test(
    "one end for all of a cluster, whoever asks again; it is listed, and clears once it is past",
    patient,
    async () => {
      await site.specify({});
      await launch("--ttl", "4h");
      const first = await found(site);
      const [end = ""] = endsOf(first);
      expect(new Set(endsOf(first))).toEqual(new Set([end]));
      expect(Math.abs(Date.parse(end) - Date.now() - 4 * 3_600_000)).toBeLessThan(600_000);
      expect(first.instances).toMatchObject([
        { onShutdown: "terminate", disks: { "/dev/sdf": { goes: true }, "/dev/xvda": { goes: true, size: 16 } } },
      ]);
      // Another time to live does not move it.
      await launch("--ttl", "9h");
      expect(new Set(endsOf(await found(site)))).toEqual(new Set([end]));

      // A machine that cannot be told has the old end, and so do the tags.
      expect(errorsOf(await run("extend", "1h", "--timeout", "2s"))).toMatchObject([
        { code: "ssh-unreachable", what: expect.stringContaining("cannot be told of another end") as unknown },
      ]);
      expect(errorsOf(await run("destroy", "--yes", "--keep-data"))).toMatchObject([{ code: "usage" }]);
      expect(new Set(endsOf(await found(site)))).toEqual(new Set([end]));

      await site.specify({ name: "stays" });
      await launch();
      const listed = await run("list", "--region", region);
      expect(listed).toMatchObject({ exit: 0 });
      expect(clustersOf(listed)).toMatchObject([
        { cluster: "demo", machines: { running: 1 }, nodes: ["kafka-1"], expires: end, leftOver: [] },
        { cluster: "stays", machines: { running: 1 }, expires: null, leftSeconds: null },
      ]);
      const [one] = clustersOf(listed);
      expect(String(one?.["owner"])).toMatch(/^\S+@\S+$/);
      expect(one?.["leftSeconds"]).toBeGreaterThan(3 * 3600);
      expect(await run("destroy", "--expired", "--region", region, "--yes")).toMatchObject({
        exit: 0,
        result: { destroyed: [] },
      });

      // The machine has ended itself meanwhile, and left what does not go with it.
      await site.lab.boto(`
import boto3, json
ec2 = boto3.client("ec2", region_name="${region}")
ours = [{"Name": "tag:kctl:cluster", "Values": ["demo"]}]
ec2.terminate_instances(InstanceIds=[i["InstanceId"] for r in ec2.describe_instances(Filters=ours)["Reservations"] for i in r["Instances"]])
left = [g["GroupId"] for g in ec2.describe_security_groups(Filters=ours)["SecurityGroups"]] + [k["KeyPairId"] for k in ec2.describe_key_pairs(Filters=ours)["KeyPairs"]]
ec2.create_tags(Resources=left, Tags=[{"Key": "kctl:expires", "Value": "2026-01-01T00:00:00Z"}])
print("null")`);
      expect(await kctl(site.place, "destroy", "--expired", "--region", region)).toMatchObject({ exit: 2 });
      expect(await run("destroy", "--expired", "--region", region, "--yes")).toMatchObject({
        exit: 0,
        result: { region, destroyed: [{ cluster: "demo", expires: "2026-01-01T00:00:00Z" }] },
      });
      const left = await found(site);
      expect(left).toMatchObject({ instances: [{ tags: { "kctl:cluster": "stays" } }], volumes: 2 });
      expect(Object.keys(left.keys)).toEqual(["kctl-stays"]);

      // One that was made to stay is given no end.
      const refused = await run("up", "--yes", "--timeout", "2s", "--ttl", "1h");
      expect(refused.exit).toBe(1);
      expect(new Set(endsOf(await found(site)))).toEqual(new Set([undefined]));
      const extended = await run("extend", "1h");
      expect(errorsOf(extended)).toMatchObject([{ code: "no-ttl" }]);
      await destroyed();
    },
  );

  test("options of machines, and their changes on machines that are there", patient, async () => {
    const options = ", placement: spread, terminationProtection: true, instanceProfile: kafka";
    await site.specify({ provider: `${options}, tags: { team: data }`, node: ", rootSize: 24GiB" });
    const planned = await run("plan");
    // 0.1 an hour, and 10 GiB of 0.073 a month.
    expect(planned.result?.["costs"]).toMatchObject({ hour: 0.101, unknown: [] });
    expect((await kctl(site.place, "plan")).out).toContain("Costs about 0.10 USD an hour, 73.73 USD a month");
    await launch();
    const made = await found(site);
    expect(made).toMatchObject({
      instances: [
        {
          group: "kctl-demo",
          protected: true,
          onShutdown: "stop",
          profile: expect.stringContaining("kafka") as unknown,
          tags: { team: "data" },
          disks: {
            "/dev/xvda": { size: 24, tags: { team: "data" } },
            "/dev/sdf": { goes: false, tags: { team: "data" } },
          },
          interfaces: [{ team: "data" }],
        },
      ],
      placement: [{ name: "kctl-demo", strategy: "spread", tags: { team: "data" } }],
      groups: [{ team: "data" }],
      keys: { "kctl-demo": { team: "data" } },
    });

    const [refusal] = errorsOf(await run("destroy", "--yes"));
    expect(refusal).toMatchObject({
      code: "protected",
      fix: expect.stringContaining("terminationProtection: false") as unknown,
    });

    await site.specify({ provider: `${options.replace("true", "false")}, tags: { team: other, cost: "7" }` });
    const changes = (await run("plan")).result?.["changes"] as readonly { readonly key: string }[];
    expect(changes.map(({ key }) => key)).toEqual(expect.arrayContaining(["protection kafka-1", "tags"]));
    await launch();
    const wanted = { team: "other", cost: "7" };
    expect(await found(site)).toMatchObject({
      instances: [
        {
          id: made.instances[0]?.id,
          protected: false,
          tags: wanted,
          disks: { "/dev/xvda": { tags: wanted }, "/dev/sdf": { tags: wanted } },
          interfaces: [wanted],
        },
      ],
      placement: [{ tags: wanted }],
      groups: [wanted],
      keys: { "kctl-demo": wanted },
    });
    const again = (await run("plan")).result?.["changes"] as readonly { readonly key: string }[];
    expect(again.map(({ key }) => key).filter((key) => key === "tags" || key.startsWith("protection"))).toEqual([]);
    await destroyed();
  });

  test("a spot instance that was taken back is launched anew", patient, async () => {
    await site.specify({ node: ", spot: true" });
    await launch();
    const [first] = (await found(site)).instances;
    expect(first).toMatchObject({ lifecycle: "spot" });
    await site.lab.boto(`
import boto3
boto3.client("ec2", region_name="${region}").terminate_instances(InstanceIds=["${first?.id}"])
print("null")`);
    await expect.poll(async () => (await found(site)).instances, { timeout: 60_000 }).toEqual([]);
    await launch();
    const [second, ...others] = (await found(site)).instances;
    expect([second?.lifecycle, second?.id === first?.id, others.length]).toEqual(["spot", false, 0]);
    await destroyed();
  });

  test("what ends nowhere but on EC2, and where nobody says which region", async () => {
    await writeFile(
      site.place.spec,
      "name: here\nprovider: { type: local }\nkafka: { version: 3.9.1 }\nnodes: [{ name: kafka-1, roles: [zookeeper, broker] }]\n",
    );
    for (const args of [["up", "--ttl", "1h"], ["extend", "1h"], ["list"], ["list", "-f", "kctl.yaml"]]) {
      const ended = await run(...args);
      expect([args, ended.exit, errorsOf(ended)[0]?.code]).toEqual([args, 2, "usage"]);
    }
    expect(await run("list", "--region", region)).toMatchObject({ exit: 0, result: { clusters: [] } });
  });
});

/** Where it lands the cluster's software is not to be had: `up` ends once its machine is there and set up. */
test(
  "a real machine ends itself at the moment that extend moved it to; what it leaves is cleared",
  patient,
  async () => {
    const site = await open(false);
    try {
      await site.specify({ top: "ttl: 30m\nartifacts: { mirror: nowhere }" });
      const { lab: it, place } = site;
      const here = { ...place, env: { ...place.env, KCTL_CACHE: join(place.folder, "cache") } };
      const run = (...args: readonly string[]): Promise<Ended> => kctl(here, ...args, "--json");
      const ended = await run("up", "--yes", "--timeout", "150s");
      expect(
        errorsOf(ended).map(({ code }) => code),
        ended.err,
      ).toEqual(["artifact-unavailable"]);
      const [end = ""] = endsOf(await found(site));
      const [machine] = it.ec2.instances();
      const host = it.ec2.host(machine?.id ?? "");
      const written = async (): Promise<number> => Number(await host.run("cat /etc/kctl/ttl"));
      expect(await written()).toBe(Date.parse(end) / 1000);

      const later = new Date(Date.parse(end) + 3_600_000).toISOString().replace(".000Z", "Z");
      expect(await run("extend", "1h")).toMatchObject({
        exit: 0,
        result: { cluster: "demo", from: end, expires: later },
      });
      expect(await written()).toBe(Date.parse(later) / 1000);
      expect(new Set(endsOf(await found(site)))).toEqual(new Set([later]));

      // The hour is over.
      await host.run("echo 1000000000 >/etc/kctl/ttl && systemctl start --no-block kctl-ttl.service");
      await expect.poll(async () => (await found(site)).instances, { timeout: 120_000, interval: 1000 }).toEqual([]);
      expect(await found(site)).toMatchObject({ volumes: 0, groups: [{ "kctl:expires": later }] });
      await run("destroy", "--yes");
      expect(await found(site)).toEqual(nothing);
    } finally {
      await close(site);
    }
  },
);
