/** Rules that a cluster wants, what is done about those that are there, and what may not be open to everybody. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ruleDifference, wantedRules, type Access, type Rule, type ThereRule } from "../../src/ec2/security-rules.ts";
import { worldlyFaults } from "../../src/ec2/worldly.ts";
import { clusterWith } from "./cluster.ts";

const none: Access = { ssh: [], clients: [], metrics: [], external: null };
const kraft = {
  kafka: { version: "4.1.1" },
  nodes: [
    { group: "c", count: 3, roles: ["controller"], instanceType: ["m7g.medium"] },
    { group: "b", count: 3, roles: ["broker"], instanceType: ["m7g.large"] },
  ],
};

function lines(rules: readonly Rule[]): readonly string[] {
  return rules.map(({ from, to, source, description }) => {
    expect(to).toBe(from);
    return `${from} ${source.kind === "cidr" ? source.cidr : source.kind} ${description}`;
  });
}

const burrow = { version: "1.9.5", archive: "b.tar.gz", sha512: "0a".repeat(64) };

describe("wanted", () => {
  test.each<[string, object, Access, readonly string[]]>([
    [
      "ZooKeeper",
      {},
      { ssh: ["203.0.113.0/24"], clients: ["10.0.0.0/8", "2001:DB8::/32"], metrics: [], external: null },
      [
        "22 203.0.113.0/24 kctl: SSH",
        "2181 group kctl: between members, ZooKeeper server (client)",
        "2888 group kctl: between members, ZooKeeper server (peer)",
        "3888 group kctl: between members, ZooKeeper server (election)",
        "9091 group kctl: between members, broker (internal)",
        "9092 10.0.0.0/8 kctl: clients of the brokers",
        "9092 2001:db8::/32 kctl: clients of the brokers",
        "9092 group kctl: between members, broker (clients)",
      ],
    ],
    [
      "KRaft, nobody from outside",
      kraft,
      none,
      [
        "9091 group kctl: between members, broker (internal)",
        "9092 group kctl: between members, broker (clients)",
        "9093 group kctl: between members, controller (controller)",
      ],
    ],
    [
      "Burrow, which its members may ask",
      { ...kraft, burrow, nodes: [...kraft.nodes, { name: "w", roles: ["burrow"], instanceType: ["m7g.medium"] }] },
      none,
      [
        "8000 group kctl: between members, Burrow (http)",
        "9091 group kctl: between members, broker (internal)",
        "9092 group kctl: between members, broker (clients)",
        "9093 group kctl: between members, controller (controller)",
      ],
    ],
    [
      "Connect, which nobody from outside may ask",
      { ...kraft, nodes: [...kraft.nodes, { name: "w", roles: ["connect"], instanceType: ["m7g.medium"] }] },
      none,
      [
        "8083 group kctl: between members, Connect worker (rest)",
        "9091 group kctl: between members, broker (internal)",
        "9092 group kctl: between members, broker (clients)",
        "9093 group kctl: between members, controller (controller)",
      ],
    ],
    [
      "metrics, which Prometheus may ask for from where it is",
      { ...kraft, metrics: { from: ["10.9.0.0/16"] } },
      { ...none, metrics: ["10.9.0.0/16"] },
      [
        "7071 10.9.0.0/16 kctl: Prometheus, metrics of each broker",
        "7071 group kctl: between members, broker (metrics)",
        "7072 10.9.0.0/16 kctl: Prometheus, metrics of each controller",
        "7072 group kctl: between members, controller (metrics)",
        "9091 group kctl: between members, broker (internal)",
        "9092 group kctl: between members, broker (clients)",
        "9093 group kctl: between members, controller (controller)",
      ],
    ],
    [
      "metrics, which nobody from outside may ask for",
      { metrics: {} },
      none,
      [
        "2181 group kctl: between members, ZooKeeper server (client)",
        "2888 group kctl: between members, ZooKeeper server (peer)",
        "3888 group kctl: between members, ZooKeeper server (election)",
        "7070 group kctl: between members, ZooKeeper server (metrics)",
        "7071 group kctl: between members, broker (metrics)",
        "9091 group kctl: between members, broker (internal)",
        "9092 group kctl: between members, broker (clients)",
      ],
    ],
    [
      "an external listener, another port for clients, the same range twice",
      { ...kraft, kafka: { version: "4.1.1", clients: { port: 19_092 } } },
      { ssh: [], clients: ["10.0.0.0/8", "10.0.0.0/8"], metrics: [], external: { port: 9094, from: ["0.0.0.0/0"] } },
      [
        "9091 group kctl: between members, broker (internal)",
        "9093 group kctl: between members, controller (controller)",
        "9094 0.0.0.0/0 kctl: clients outside, of the external listener",
        "19092 10.0.0.0/8 kctl: clients of the brokers",
        "19092 group kctl: between members, broker (clients)",
      ],
    ],
  ])("%s", (_, spec, access, wanted) => {
    expect(lines(wantedRules(clusterWith(spec), access))).toEqual(wanted);
  });

  test("descriptions are such as EC2 takes", () => {
    const access: Access = {
      ssh: ["10.0.0.0/8"],
      clients: ["10.0.0.0/8"],
      metrics: [],
      external: { port: 9094, from: ["::/0"] },
    };
    for (const spec of [{ metrics: {} }, kraft])
      for (const { description } of wantedRules(clusterWith(spec), access))
        expect(description).toMatch(/^kctl: [a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,249}$/);
  });
});

const wanted = wantedRules(clusterWith(), {
  ssh: ["203.0.113.0/24"],
  clients: ["10.0.0.0/8"],
  metrics: [],
  external: null,
});

function as(rule: Rule, id: string): ThereRule {
  return { ...rule, id };
}

const all = wanted.map((rule, index) => as(rule, `sgr-${index}`));
const nothing = { add: [], remove: [], redescribe: [], foreign: [] };

describe("the difference", () => {
  test("none where all is there", () => {
    expect(ruleDifference(wanted, all)).toEqual(nothing);
  });

  test("all is added to an empty group", () => {
    expect(ruleDifference(wanted, [])).toEqual({ ...nothing, add: wanted });
  });

  test("a rule that somebody took away comes back", () => {
    const [gone, ...rest] = all;
    expect(ruleDifference(wanted, rest)).toEqual({ ...nothing, add: wanted.slice(0, 1) });
    expect(gone?.from).toBe(22);
  });

  test("of what is not wanted, kctl's own goes and the rest stays", () => {
    const old: ThereRule = { ...as(wanted[0] as Rule, "sgr-x"), source: { kind: "cidr", cidr: "198.51.100.0/24" } };
    const foreign: ThereRule[] = [
      { ...old, id: "sgr-y", description: "VPN" },
      { ...old, id: "sgr-z", description: "", source: { kind: "prefix-list", id: "pl-1" } },
      {
        id: "sgr-w",
        protocol: "-1",
        from: null,
        to: null,
        source: { kind: "other-group", id: "sg-2" },
        description: "kctl",
      },
    ];
    expect(ruleDifference(wanted, [...all, old, ...foreign])).toEqual({ ...nothing, remove: [old], foreign });
  });

  test("a description of kctl's that is another one is put right", () => {
    const [first, ...rest] = all;
    const other: ThereRule = { ...(first as ThereRule), description: "kctl: as an older kctl said it" };
    expect(ruleDifference(wanted, [other, ...rest])).toEqual({
      ...nothing,
      redescribe: [{ rule: other, description: "kctl: SSH" }],
    });
  });

  test("somebody's own rule that is as wanted will do, and stays theirs", () => {
    const [first, ...rest] = all;
    const theirs: ThereRule = { ...(first as ThereRule), description: "mine" };
    expect(ruleDifference(wanted, [theirs, ...rest])).toEqual({ ...nothing, foreign: [theirs] });
  });

  test("how a range is spelled makes no difference", () => {
    const six = wantedRules(clusterWith(), { ...none, clients: ["2001:db8::/32"] });
    const there = six.map((rule, index): ThereRule => {
      const long = rule.source.kind === "cidr" ? { kind: "cidr" as const, cidr: "2001:0DB8:0::/32" } : rule.source;
      return { ...rule, source: long, id: `sgr-${index}` };
    });
    expect(ruleDifference(six, there)).toEqual(nothing);
  });

  /** Few values, so that rules meet each other. */
  const port = fc.constantFrom(22, 2181, 9092);
  const source = fc.oneof(
    fc.constantFrom("10.0.0.0/8", "203.0.113.0/24", "2001:db8::/32").map((cidr) => ({ kind: "cidr" as const, cidr })),
    fc.constant({ kind: "group" as const }),
  );
  const any = fc.record({
    protocol: fc.constantFrom("tcp", "udp", "-1"),
    from: port,
    source: fc.oneof(source, fc.constant({ kind: "prefix-list" as const, id: "pl-1" })),
    description: fc.constantFrom("kctl: SSH", "kctl: old", "VPN", ""),
  });
  const keyOf = ({ protocol, from, source }: { protocol: string; from: number | null; source: object }): string =>
    JSON.stringify([protocol, from, source]);
  const group = fc
    .uniqueArray(any, { selector: keyOf })
    .map((rules) => rules.map((rule, index): ThereRule => ({ ...rule, to: rule.from, id: `sgr-${index}` })));
  const wish = fc
    .uniqueArray(fc.record({ from: port, source }), { selector: (rule) => JSON.stringify(rule) })
    .map((rules) => rules.map((rule): Rule => ({ ...rule, protocol: "tcp", to: rule.from, description: "kctl: new" })));

  test("carried out, it leaves what is wanted and what is foreign, and nothing more to do", () => {
    fc.assert(
      fc.property(wish, group, (rules, there) => {
        const { add, remove, redescribe, foreign } = ruleDifference(rules, there);
        const said = new Map(redescribe.map(({ rule, description }) => [rule.id, description]));
        const after = [
          ...there
            .filter(({ id }) => !remove.some((rule) => rule.id === id))
            .map((rule) => ({ ...rule, description: said.get(rule.id) ?? rule.description })),
          ...add.map((rule, index) => as(rule, `sgr-new-${index}`)),
        ];
        expect(new Set(after.map(keyOf))).toEqual(new Set([...rules, ...foreign].map(keyOf)));
        expect(after.length).toBe(new Set(after.map(keyOf)).size);
        expect(foreign).toEqual(there.filter(({ description }) => !description.startsWith("kctl: ")));
        expect(ruleDifference(rules, after)).toEqual({ ...nothing, foreign });
      }),
    );
  });
});

describe("open to the world", () => {
  const rule = (over: Partial<ThereRule>): ThereRule => ({
    id: "sgr-1",
    protocol: "tcp",
    from: 2181,
    to: 2181,
    source: { kind: "cidr", cidr: "0.0.0.0/0" },
    description: "",
    ...over,
  });

  test.each<[string, Partial<ThereRule>, readonly number[]]>([
    ["ZooKeeper's port", {}, [2181]],
    ["by IPv6", { source: { kind: "cidr", cidr: "::/0" } }, [2181]],
    ["the brokers' own", { from: 9091, to: 9092 }, [9091]],
    ["every port of TCP", { from: 0, to: 65_535 }, [2181, 2888, 3888, 9091]],
    ["everything", { protocol: "-1", from: null, to: null }, [2181, 2888, 3888, 9091]],
    ["clients' and SSH", { from: 9092, to: 9092 }, []],
    ["UDP", { protocol: "udp" }, []],
    ["a range of addresses", { source: { kind: "cidr", cidr: "10.0.0.0/8" } }, []],
    ["another group", { source: { kind: "other-group", id: "sg-2" } }, []],
  ])("%s", (_, over, ports) => {
    const faults = worldlyFaults(clusterWith(), [rule(over)], []);
    expect(faults.map(({ what }) => Number(/port (\d+)/.exec(what)?.[1]))).toEqual(ports);
    expect(worldlyFaults(clusterWith(), [rule(over)], ports)).toEqual([]);
  });

  test("says which rule, which server, and both ways out", () => {
    expect(worldlyFaults(clusterWith(), [rule({ description: "test" })], [9092])).toEqual([
      {
        code: "open-to-the-world",
        where: "provider.access.allowWorld",
        what: "the rule sgr-1, which is not of kctl's making, opens port 2181 (ZooKeeper server, client) to 0.0.0.0/0: to everybody",
        fix: "take the rule out of the security group, or allow it: `allowWorld: [9092, 2181]`",
      },
    ]);
  });

  test("a wanted rule does so where clients come to a port that another node's server has", () => {
    const cluster = clusterWith({
      kafka: { version: "3.9.1", clients: { port: 2181 } },
      nodes: [
        { name: "z", roles: ["zookeeper"], instanceType: ["m7g.medium"] },
        { name: "b", roles: ["broker"], instanceType: ["m7g.large"] },
      ],
    });
    const faults = worldlyFaults(cluster, wantedRules(cluster, { ...none, clients: ["0.0.0.0/0"] }), []);
    expect(faults).toMatchObject([
      { what: expect.stringMatching(/^this spec opens port 2181 \(ZooKeeper/) as unknown },
    ]);
  });

  test("metrics are for Prometheus, not for everybody", () => {
    const cluster = clusterWith({ metrics: {} });
    const faults = worldlyFaults(cluster, wantedRules(cluster, { ...none, metrics: ["0.0.0.0/0"] }), [7070]);
    expect(faults).toEqual([
      {
        code: "open-to-the-world",
        where: "provider.access.allowWorld",
        what: "this spec opens port 7071 (broker, metrics) to 0.0.0.0/0: to everybody",
        fix: "take the range out of `metrics.from`, or allow it: `allowWorld: [7070, 7071]`",
      },
    ]);
  });

  test("a controller's", () => {
    const faults = worldlyFaults(clusterWith(kraft), [rule({ from: 9000, to: 9100 })], []);
    expect(faults.map(({ what }) => /\((.*)\)/.exec(what)?.[1])).toEqual([
      "controller, controller",
      "broker, internal",
    ]);
  });
});
