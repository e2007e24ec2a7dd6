/** What of a cluster's machines is planned for what is there. */
import { describe, expect, test } from "vitest";
import { cloudChanges } from "../../src/ec2/cloud-changes.ts";
import { wantedRules } from "../../src/ec2/security-rules.ts";
import { dataDevice, firstKeyTag, idsTag, imageTag, type SeenCloud, type SeenInstance } from "../../src/ec2/seen.ts";
import { wantCloud, type AwsSpec } from "../../src/ec2/want-cloud.ts";
import { clusterWith, specWith } from "./cluster.ts";
import { group, instance, key, nothingSeen, volume } from "./seen-cloud.ts";

const nodes = [
  {
    name: "kafka-1",
    roles: ["zookeeper", "broker"],
    instanceType: ["m7g.large"],
    volume: { size: "10GiB" },
  },
];

const end = { expires: null, refusals: [], obstacles: [] };

function plan(seen: SeenCloud, over: object = {}, node: object = {}, network = true) {
  const given = {
    provider: { type: "aws", region: "eu-central-1", ...over },
    nodes: nodes.map((one) => ({ ...one, ...node })),
  };
  const spec = specWith(given);
  const cluster = clusterWith(given);
  const provider = spec.provider as AwsSpec;
  const wanted = wantCloud({
    spec,
    provider,
    cluster,
    seen,
    zones: ["eu-central-1a"],
    sshFrom: ["203.0.113.0/24"],
    end,
  });
  const { changes, obstacles, refusals } = cloudChanges(wanted, seen, network);
  return {
    keys: changes.map(({ key: its }) => its),
    titles: changes.map(({ title }) => title),
    obstacles: obstacles.map(({ what }) => what),
    refusals: refusals.map(({ what }) => what),
    after: Object.fromEntries(changes.map(({ key: its, after }) => [its, after.map((edge) => edge.key)])),
    wanted,
  };
}

const rules = wantedRules(clusterWith({ provider: { type: "aws", region: "eu-central-1" }, nodes }), {
  ssh: ["203.0.113.0/24"],
  clients: [],
  metrics: [],
  external: null,
}).map((rule) => ({ ...rule, id: "sgr-1" }));

/** All as it should be, with one machine that is as told. */
function there(over: Partial<SeenInstance> = {}, tags: Readonly<Record<string, string>> = {}): SeenCloud {
  const its = { [idsTag]: "broker=1,zookeeper=1", [imageTag]: "debian-12", ...tags };
  return {
    instances: [instance("kafka-1", { volumes: [{ id: "vol-kafka-1", device: dataDevice }], ...over, tags: its })],
    volumes: [volume("kafka-1")],
    groups: [{ ...group(), rules }],
    keys: [key()],
  };
}

describe("from nothing", () => {
  test("group, rules, key and machine, each after what it needs", () => {
    const { keys, after, titles } = plan(nothingSeen);
    expect(keys).toEqual(["security group", "rules", "key pair", "instance kafka-1", "host keys"]);
    expect(after["instance kafka-1"]).toEqual(["security group", "key pair"]);
    expect(after["host keys"]).toEqual(["instance kafka-1"]);
    expect(titles).toContain(
      "launch kafka-1: m7g.large in eu-central-1a, debian-12, with a new volume of 10 GiB (gp3)",
    );
  });

  test("a network of its own comes before all of it", () => {
    const { keys, after } = plan(nothingSeen, { network: { create: "10.20.0.0/16" } }, {}, false);
    expect(keys[0]).toBe("network");
    expect(after["security group"]).toEqual(["network"]);
    expect(after["instance kafka-1"]).toEqual(["network", "security group", "key pair"]);
  });

  test("a key pair of the user's own is not made", () => {
    expect(plan(nothingSeen, { keyPair: "ops" }).keys).not.toContain("key pair");
    expect(plan(nothingSeen, { keyPair: "./ops.pub" }).keys).toContain("key pair");
  });
});

describe("with what is there", () => {
  test("all as it should be: nothing", () => {
    expect(plan(there())).toMatchObject({ keys: [], obstacles: [], refusals: [] });
  });

  test.each<[string, SeenCloud, readonly string[]]>([
    ["gone, its volume left", { ...there(), instances: [] }, ["instance kafka-1", "host keys"]],
    ["terminated", there({ state: "terminated" }), ["instance kafka-1", "host keys"]],
    ["off", there({ state: "stopped" }), ["start kafka-1"]],
    ["launched by a run that was cut off", there({}, { [firstKeyTag]: "AAAA" }), ["instance kafka-1", "host keys"]],
    ["without the tag of its ids", there({}, { [idsTag]: "" }), ["tags kafka-1"]],
    [
      "its volume taken off",
      { ...there({ volumes: [] }), volumes: [volume("kafka-1", { attached: null, state: "available" })] },
      ["attach kafka-1"],
    ],
    ["of another type", there({ type: "m5.large" }), ["replace kafka-1"]],
    ["of another image", there({}, { [imageTag]: "ubuntu-24.04" }), ["replace kafka-1"]],
  ])("its machine is %s", (_what, seen, keys) => {
    expect(plan(seen).keys).toEqual(keys);
  });

  test("a machine that comes again takes the volume that the last one left, and goes to its zone", () => {
    const left = {
      ...there(),
      instances: [],
      volumes: [volume("kafka-1", { attached: null, state: "available", zone: "eu-central-1c" })],
    };
    const { titles, wanted } = plan(left);
    expect(titles[0]).toBe(
      "launch kafka-1: m7g.large in eu-central-1c, debian-12, with its volume vol-kafka-1 (10 GiB)",
    );
    expect(wanted.machines[0]).toMatchObject({ zone: "eu-central-1c", bound: true });
  });

  test("the root disk of a machine is never taken for its data", () => {
    const root = volume("kafka-1", { id: "vol-root", attached: { instance: "i-kafka-1", device: "/dev/xvda" } });
    const { wanted } = plan({ ...there(), volumes: [root, volume("kafka-1")] });
    expect(wanted.machines[0]?.volume?.existing).toBe("vol-kafka-1");
  });

  test("volumes grow, in size and speed, and never shrink", () => {
    expect(plan(there(), {}, { volume: { size: "20GiB", iops: 6000 } }).titles).toEqual([
      "change the volume vol-kafka-1 of kafka-1: 20 GiB, 6000",
    ]);
    const shrunk = plan(there(), {}, { volume: { size: "5GiB" } });
    expect(shrunk.keys).toEqual([]);
    expect(shrunk.refusals).toEqual([expect.stringContaining("volumes never shrink")]);
  });

  test("a machine whose data lies on its own disk is not replaced, nor given a volume", () => {
    const bare = { ...there({ volumes: [], type: "m5.large" }), volumes: [] };
    expect(plan(bare)).toMatchObject({ keys: [], refusals: [expect.stringContaining("none of its data")] });
    const same = { ...there({ volumes: [] }), volumes: [] };
    expect(plan(same)).toMatchObject({ keys: [], refusals: [expect.stringContaining("without a data volume")] });
  });

  test("two machines with one node's tags are an obstacle: kctl does not choose", () => {
    const [first] = there().instances;
    const both = { ...there(), instances: first === undefined ? [] : [first, { ...first, id: "i-other" }] };
    expect(plan(both).obstacles).toEqual(["there are 2 machines with the tags of kafka-1: i-kafka-1, i-other"]);
  });

  test("rules of somebody else are noted, and left", () => {
    const own = {
      id: "sgr-2",
      protocol: "tcp",
      from: 9100,
      to: 9100,
      source: { kind: "cidr", cidr: "10.1.0.0/16" },
      description: "exporter",
    } as const;
    const seen = { ...there(), groups: [{ ...group(), rules: [...rules, own] }] };
    expect(plan(seen).titles).toEqual([
      "1 rule of kctl-demo is not kctl's, and left: tcp 9100 from 10.1.0.0/16  (exporter)",
    ]);
  });
});
