/** What the provider aws refuses and warns of: a spec's difference from a right one, and the sentences that it brings. */
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { servicesInOrder } from "../../src/services/registry.ts";
import { portsInUse } from "../../src/spec/access-rules.ts";
import { loadSpec } from "../../src/spec/load.ts";
import type { Spec } from "../../src/spec/schema.ts";

type Plain = Record<string, unknown>;

/** A right spec, with keys of `provider` and of its group laid over it. */
function load({ provider = {}, node = {}, ...top }: { provider?: Plain; node?: Plain } & Plain) {
  const text = stringify({
    name: "demo",
    provider: { type: "aws", region: "eu-central-1", ...provider },
    kafka: { version: "3.9.1" },
    nodes: [
      {
        group: "k",
        count: 3,
        roles: ["zookeeper", "broker"],
        instanceType: "m7g.large",
        volume: { size: "200GiB" },
        ...node,
      },
    ],
    ...top,
  });
  return loadSpec(text, { file: "x.yaml", env: {} });
}

function specOf(difference: Parameters<typeof load>[0]): Spec {
  const result = load(difference);
  if (!result.ok) throw new Error(result.faults.map(({ what }) => what).join("\n"));
  return result.spec;
}

const access = (keys: Plain) => ({ provider: { access: keys } });
const external = (keys: Plain) => ({ kafka: { version: "3.9.1", external: keys } });
const network = (keys: Plain) => ({ provider: { network: keys } });
const volume = (keys: Plain) => ({ node: { volume: keys } });

describe("accepted", () => {
  test("what is not said has its default; one item stands for a list of one", () => {
    const spec = specOf({ provider: { access: { ssh: "auto", clients: "10.0.0.0/8" }, zones: "eu-central-1b" } });
    expect(spec.provider).toEqual({
      type: "aws",
      region: "eu-central-1",
      image: "debian-12",
      access: { ssh: ["auto"], clients: ["10.0.0.0/8"], allowWorld: [] },
      zones: ["eu-central-1b"],
      placement: "zones",
      tags: {},
      terminationProtection: false,
      prices: {},
    });
    expect(spec.nodes[0]?.instanceType).toEqual(["m7g.large"]);
  });

  test.each([
    ["a list of types", { node: { instanceType: ["m7g.large", "u-3tb1.56xlarge"] } }],
    ["a local zone", { provider: { region: "us-west-2", zones: ["us-west-2-lax-1a", "us-west-2a"] } }],
    ["regions of other partitions", { provider: { region: "us-gov-west-1" } }],
    ["IPv6", access({ ssh: ["2001:db8::/32"], clients: ["::1/128"] })],
    ["ways in", access({ via: "ec2-user@[2001:db8::1]:2222" })],
    ["a bastion", access({ via: "bastion.example.com" })],
    ["a network of its own", network({ create: "10.20.0.0/16" })],
    ["a given network", network({ vpc: "vpc-0a1b2c3d4e5f60718", subnets: ["subnet-0a1b2c3d"] })],
    ["an AMI", { provider: { image: "ami-0a1b2c3d4e5f60718" } }],
    ["prices", { provider: { prices: { "m7g.large": 0.1, gp3: 1 } } }],
    ["a time to live, kernel settings, a user", { ttl: "4h", sysctl: { "vm.swappiness": 1 }, node: { user: "core" } }],
    ["a large gp3 volume", volume({ size: "64TiB", iops: 80_000, throughput: 2000 })],
    ["the smallest", volume({ size: "1GiB", iops: 3000, throughput: 750 })],
    ["io2", volume({ size: "10GiB", type: "io2", iops: 10_000 })],
  ])("%s", (_, difference) => {
    expect(load(difference)).toMatchObject({ ok: true, warnings: [] });
  });
});

describe("refused", () => {
  test.each<[Parameters<typeof load>[0], string, string]>([
    [{ provider: { region: "eu-central-1a" } }, "`eu-central-1a` is a zone, not a region", "write `eu-central-1`"],
    [{ provider: { region: "frankfurt" } }, "`frankfurt` is not a region of AWS", "such as `eu-central-1`"],
    [{ provider: { zones: ["eu-west-1a"] } }, "`eu-west-1a` is not a zone of `eu-central-1`", "`eu-central-1a`"],
    [{ provider: { zones: ["euc1-az1"] } }, "`euc1-az1` is the id of a zone; kctl takes its name", "`eu-central-1a`"],
    [{ provider: { zones: [] } }, "`provider.zones` is an empty list", "`zones: [eu-central-1a]`"],
    [{ provider: { zones: ["eu-central-1a", "eu-central-1a"] } }, "the zone `eu-central-1a` is here twice", "take one"],
    [{ node: { count: 1, zone: "eu-central-1" } }, "`eu-central-1` is not a zone of `eu-central-1`", "`eu-central-1a`"],
    [{ provider: { image: "debian12" } }, "kctl knows no image `debian12`", "did you mean `debian-12`?"],
    [{ node: { image: "windows" } }, "kctl knows no image `windows`", "or an AMI's id"],
    [
      { provider: { image: "ami-123" } },
      "`ami-123` is not the id of an AMI: `ami-` and 17 hexadecimal digits (or 8)",
      "",
    ],
    [
      { provider: { tags: { "kctl:cluster": "x" } } },
      "tags that start with `kctl:` are kctl's own: it knows by them what it made",
      "another name",
    ],
    [{ provider: { tags: { "AWS:x": "x" } } }, "tags that start with `AWS:` are AWS's own", "another name"],
    [{ provider: { tags: { ["t".repeat(129)]: "x" } } }, "this tag's name has 129 characters; 128 is the most", ""],
    [{ provider: { tags: { t: "x".repeat(257) } } }, "this tag has 257 characters; 256 is the most", "shorten it"],
    [{ node: { instanceType: undefined } }, "a node on aws needs an `instanceType`", "add `instanceType: m7g.large`"],
    [{ node: { instanceType: "large" } }, "`large` is not a type of instance", "such as `m7g.large`"],
    [{ node: { instanceType: ["m7g.large", 5] } }, "`instanceType` takes text; to YAML, `5` is a number", ""],
    [{ node: { instanceType: "" } }, "`instanceType` is empty text", "such as `instanceType: m7g.large`"],
    [{ node: { address: "10.0.0.1" } }, "`address` is for machines of your own", "kctl asks EC2 for addresses"],
    [{ node: { publicAddress: "10.0.0.1" } }, "`publicAddress` is for machines of your own", "kctl asks EC2"],
    [
      { kafka: { version: "3.9.1", clients: { advertise: "address" } } },
      "on aws no address stands in the spec that brokers could tell clients",
      "write `private` or `public`",
    ],
    [
      external({ advertise: "address", from: ["10.0.0.0/8"] }),
      "on aws no address stands in the spec that brokers could tell clients",
      "write `private` or `public`",
    ],
    [
      external({ from: ["10.0.0.5/8"] }),
      "`10.0.0.5/8` is an address inside of a range, not a range",
      "write `10.0.0.0/8`",
    ],
    [
      { provider: { terminationProtection: true }, node: { spot: true } },
      "EC2 does not protect spot instances from termination",
      "take `spot` out",
    ],
    [
      { provider: { placement: "spread", zones: ["eu-central-1a"] }, node: { count: 8 } },
      "a spread group takes 7 machines in each zone: 7 in 1 zone, not 8",
      "`placement: partition`",
    ],
    [
      { provider: { placement: "spread" }, node: { count: 8, zone: "eu-central-1a" } },
      "a spread group takes 7 machines in a zone, and `eu-central-1a` would have 8",
      "",
    ],
    [{ provider: { prices: { gp3: "dear" } } }, "`provider.prices.gp3` takes a number, not `dear`", "above 0"],
    [{ provider: { prices: { gp3: 0 } } }, "`provider.prices.gp3` takes a number, not `0`", "above 0"],
    [
      access({ ssh: ["10.0.0.5/8"] }),
      "`10.0.0.5/8` is an address inside of a range, not a range",
      "write `10.0.0.0/8`, or `10.0.0.5/32` for the one address",
    ],
    [
      access({ clients: "2001:db8::1/64" }),
      "`2001:db8::1/64` is an address inside of a range, not a range",
      "write `2001:db8::/64`, or `2001:db8::1/128`",
    ],
    [
      access({ ssh: "10.0.0.1" }),
      "`provider.access.ssh` takes a range of addresses such as `10.0.0.0/8`, not `10.0.0.1`",
      "write `10.0.0.1/32`",
    ],
    [access({ ssh: ["300.0.0.0/8"] }), "`300.0.0.0/8` is no range of addresses", "`10.0.0.0/8`"],
    [
      access({ clients: ["auto"] }),
      "`provider.access.clients` takes a range of addresses such as `10.0.0.0/8`, not `auto`",
      "",
    ],
    [access({ via: "a b" }), "`a b` is neither `public`, `private` nor a bastion", "admin@bastion.example.com:22"],
    [
      network({ create: "10.20.0.1/16" }),
      "`10.20.0.1/16` is an address inside of a range, not a range",
      "write `10.20.0.0/16`",
    ],
    [network({ create: "2001:db8::/56" }), "a VPC of kctl's own has IPv4 addresses", "write `10.20.0.0/16`"],
    [
      network({ create: "10.0.0.0/8" }),
      "`10.0.0.0/8` cannot be a VPC with a subnet in each zone: those are `/16` to `/24`",
      "",
    ],
    [
      network({ create: "10.20.0.0/16", vpc: "vpc-0a1b2c3d" }),
      "a network is either made or given, not both",
      "keep `create`",
    ],
    [network({}), "`network` says nothing", "take it out"],
    [network({ vpc: "main" }), "`main` is not the id of a VPC", "`vpc-`"],
    [network({ subnets: "main" }), "`main` is not the id of a subnet", "`subnet-`"],
    [{ node: { rootSize: "4GiB" } }, "a disk for the system and Kafka has at least 8GiB", "write `16GiB`"],
    [volume({ size: "65TiB" }), "a gp3 volume has 1 to 65536 GiB", "in that range"],
    [volume({ size: "1536MiB" }), "EBS counts in whole GiB", "write `2GiB`"],
    [volume({ size: "17TiB", type: "gp2" }), "a gp2 volume has 1 to 16384 GiB", "in that range"],
    [volume({ size: "100GiB", type: "st1" }), "a st1 volume has 125 to 16384 GiB", "in that range"],
    [volume({ size: "100GiB", iops: 2999 }), "a gp3 volume has 3000 to 80000 IOPS", "in that range"],
    [
      volume({ size: "10GiB", iops: 6000 }),
      "a gp3 volume of 10 GiB has 5000 IOPS at most, 500 for each GiB",
      "make it `12GiB`",
    ],
    [volume({ size: "10GiB", throughput: 2001 }), "a gp3 volume has 125 to 2000 MiB/s", "in that range"],
    [
      volume({ size: "10GiB", throughput: 1000 }),
      "1000 MiB/s need 4000 IOPS, and this volume has 3000",
      "add `iops: 4000`",
    ],
    [volume({ size: "10GiB", type: "gp2", iops: 3000 }), "IOPS of a gp2 volume follow from its size", "`type: gp3`"],
    [
      volume({ size: "200GiB", type: "st1", throughput: 200 }),
      "the throughput of a st1 volume cannot be chosen",
      "`type: gp3`",
    ],
    [volume({ size: "200GiB", type: "io2" }), "an io2 volume needs `iops`", "add `iops: 10000`"],
    [volume({ size: "200GiB", type: "io1" }), "`volume.type` takes `gp3`, `gp2`, `io2` or `st1`, not `io1`", ""],
  ])("%j: %s", (difference, what, fix) => {
    const result = load(difference);
    expect(result.ok ? [] : result.faults.map((fault) => fault.what)).toEqual([what]);
    expect(result.ok ? "" : result.faults[0]?.fix).toContain(fix);
    expect(result.ok ? "" : result.faults[0]?.where).toMatch(/^x\.yaml:\d+:\d+$/);
  });
});

describe("warned of", () => {
  test.each<[Parameters<typeof load>[0], string]>([
    [
      access({ clients: ["10.0.0.0/8", "0.0.0.0/0"] }),
      "`0.0.0.0/0` opens the brokers' port 9092 to everybody, and brokers ask nobody who they are: all topics can be read, written and deleted",
    ],
    [
      access({ clients: "::/0" }),
      "`::/0` opens the brokers' port 9092 to everybody, and brokers ask nobody who they are: all topics can be read, written and deleted",
    ],
    [
      external({ port: 19094, from: ["0.0.0.0/0"] }),
      "`0.0.0.0/0` opens the brokers' port 19094 to everybody, and brokers ask nobody who they are: all topics can be read, written and deleted",
    ],
    [external({}), "nobody may reach the listener for clients outside: `from` names no network"],
    [access({ ssh: "0.0.0.0/0" }), "`0.0.0.0/0` lets everybody try to log in at port 22"],
    [access({ allowWorld: [9093] }), "nothing in this cluster uses the port 9093"],
    [
      { node: { zone: "eu-central-1a" } },
      "all 3 nodes of the group `k` would be in the zone `eu-central-1a`, and go with it",
    ],
  ])("%j: %s", (difference, what) => {
    const result = load(difference);
    expect(result.ok).toBe(true);
    expect(result.warnings.map((fault) => fault.what)).toEqual([what]);
  });

  test("a node without a volume, unless all of it ends by itself", () => {
    const what = "the group `k` has no `volume`: its data lies on the machine's own disk, and is gone with the machine";
    const bare = { node: { volume: undefined } };
    expect(load(bare)).toMatchObject({ ok: true, warnings: [{ what }] });
    expect(load({ ...bare, ttl: "4h" })).toMatchObject({ ok: true, warnings: [] });
  });

  test("not where the spec says the port", () => {
    const world = { ssh: "0.0.0.0/0", clients: ["0.0.0.0/0", "::/0"], allowWorld: [22, 9092] };
    expect(load(access(world))).toMatchObject({ ok: true, warnings: [] });
    const open = { ...external({ from: ["0.0.0.0/0"] }), ...access({ allowWorld: [9094] }) };
    expect(load(open)).toMatchObject({ ok: true, warnings: [] });
  });
});

test.each(["zookeeper", "controller"])("the ports in use with a %s are those that services declare", (first) => {
  const spec = specOf({
    node: { roles: [first, "broker", "connect", "burrow"] },
    burrow: { version: "1.9.5", archive: "b.tar.gz", sha512: "0a".repeat(64) },
    metrics: true,
    ...external({ from: ["10.0.0.0/8"] }),
  });
  const declared = servicesInOrder
    .filter(({ role }) => [first, "broker", "connect", "burrow"].includes(role))
    .flatMap(({ basePorts }) => Object.values(basePorts(spec)));
  expect(new Set(portsInUse(spec))).toEqual(new Set([22, ...declared]));
});
