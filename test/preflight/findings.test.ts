/** Every finding by its id: facts that bring it about, and facts as near to them as can be that do not. */
import { describe, expect, test } from "vitest";
import { noKnownIds } from "../../src/cluster/known-ids.ts";
import { resolveCluster } from "../../src/cluster/resolve.ts";
import type { ObservedHost, ObservedMachine } from "../../src/plan/observed.ts";
import type { Finding } from "../../src/preflight/finding.ts";
import { findings, type Seen } from "../../src/preflight/findings.ts";
import type { DiskFacts, HostFacts } from "../../src/preflight/host-facts.ts";
import { pathsOf } from "../../src/preflight/paths.ts";
import { sshPlatform } from "../../src/providers/ssh/platform.ts";
import { withBlock } from "../../src/render/hosts-block.ts";
import type { DesiredHost, HostsBlock } from "../../src/services/desired.ts";
import { specSchema } from "../../src/spec/schema.ts";

const names = ["a", "b", "c"];
const address = (node: string): string => `10.0.0.${names.indexOf(node) + 1}`;

const cluster = resolveCluster(
  specSchema.parse({
    name: "demo",
    provider: { type: "ssh" },
    kafka: { version: "3.9.1" },
    nodes: names.map((name) => ({ name, address: address(name), roles: ["zookeeper", "broker"] })),
  }),
  sshPlatform("demo"),
  noKnownIds,
);
const paths = pathsOf(cluster, {});

const disk: DiskFacts = {
  name: "data",
  path: "/var/lib",
  device: "/dev/sda1",
  freeMiB: 50_000,
  freeInodes: 1_000_000,
  type: "ext2/ext3",
  writable: true,
};

const debian = { id: "debian", like: [], version: "12", title: "Debian GNU/Linux 12" };

/** A machine without fault. */
const good = (node: string): HostFacts => ({
  kernel: "Linux",
  architecture: "x86_64",
  os: debian,
  memoryMiB: 8000,
  swapMiB: 0,
  hugePages: "madvise",
  openFiles: { kernel: 1_048_576, user: 1_048_576 },
  disks: [disk, { ...disk, name: "logs" }],
  clock: { ahead: 0.01, within: 0.02 },
  missing: [],
  fetches: true,
  packages: "apt-get",
  systemd: true,
  selinuxEnforcing: false,
  reaches: paths
    .filter(({ from }) => from === node)
    .map(({ address: to, port }) => ({ address: to, port, answer: "closed", said: "Connection refused" })),
});

const block: HostsBlock = {
  cluster: "demo",
  entries: names.map((name) => ({ address: address(name), names: [name, `${name}.demo`] })),
};

const machine: ObservedMachine = {
  user: false,
  software: {},
  otherSoftware: {},
  leftovers: [],
  java: null,
  javas: [{ home: "/usr/lib/jvm/17", major: 17 }],
  hostsFile: "127.0.0.1\tlocalhost\n127.0.1.1\ta\n",
  resolves: { a: "127.0.1.1", b: null, c: null },
  resolveSeconds: 0.02,
  sysctl: {},
  units: {},
  receipt: null,
  otherReceipts: {},
};

const nothing = { folders: [], files: [], processes: [], storedIds: [], storage: [] };

const desired = (home: string | null = null): DesiredHost => ({
  ...nothing,
  node: "a",
  machine: {
    user: "kctl",
    software: [],
    java: { link: "/etc/kctl/demo/java", unpacked: "/opt/kctl/java-17", least: 11, best: 17, most: null, home },
    hosts: block,
    sysctl: {},
    units: [],
    volume: null,
  },
});

const observed = (seen: Partial<ObservedMachine>): ObservedHost => ({
  node: "a",
  files: {},
  folders: {},
  processes: {},
  ports: {},
  identities: {},
  machine: { ...machine, ...seen },
});

type World = {
  readonly a?: Partial<HostFacts>;
  readonly b?: Partial<HostFacts>;
  readonly seen?: Partial<ObservedMachine>;
  readonly java?: string;
  readonly faults?: Seen["faults"];
};

const found = ({ a = {}, b = {}, seen = {}, java, faults = [] }: World): readonly Finding[] =>
  findings({
    cluster,
    facts: new Map([
      ["a", { ...good("a"), ...a }],
      ["b", { ...good("b"), ...b }],
      ["c", good("c")],
    ]),
    shared: null,
    paths,
    desired: [desired(java ?? null)],
    observed: { a: observed(seen) },
    faults,
  });

function receiptOf(ports: Readonly<Record<string, number>>): string {
  const machines = { "x-1": { address: address("a"), folders: [], files: [], units: [], software: [], made: [] } };
  return JSON.stringify({
    schema: 1,
    cluster: "other",
    provider: "ssh",
    kafkaVersion: "3.9.1",
    java: "",
    cache: "",
    clusterId: null,
    directoryIds: {},
    formatted: [],
    members: {},
    highest: {},
    folders: [],
    files: [],
    machines,
    ports: { "x-1/broker": ports, "a/broker": { clients: 9092 } },
  });
}

/** Of the way to one port of another node, the others closed as where nothing runs yet. */
function reaches(to: string, port: number, answer: "open" | "silent" | "unreachable", said = ""): Partial<HostFacts> {
  return {
    reaches: (good("a").reaches ?? []).map((one) =>
      one.address === address(to) && one.port === port ? { ...one, answer, said } : one,
    ),
  };
}

const os = (id: string, version: string): Partial<HostFacts> => ({ os: { id, like: [], version, title: id } });
const disks = (...changed: readonly Partial<DiskFacts>[]): Partial<HostFacts> => ({
  disks: changed.map((one) => ({ ...disk, ...one })),
});
const written = withBlock(machine.hostsFile, block);
const fault = (code: "port-taken" | "identity-conflict" | "ssh-unreachable"): World => ({
  faults: [{ code, node: "a", what: "what it is", fix: "what to do" }],
});

type Row = readonly [id: string, level: Finding["level"], world: World, near: World, measured: string];

const rows: readonly Row[] = [
  ["system", "warning", { a: os("debian", "10") }, { a: os("debian", "11") }, "debian"],
  ["system", "warning", { a: os("ubuntu", "18.04") }, { a: os("ubuntu", "20.04") }, "ubuntu"],
  ["system", "warning", { a: os("amzn", "2") }, { a: os("amzn", "2023") }, "amzn"],
  ["system", "warning", { a: os("rhel", "7.9") }, { a: os("rocky", "8.10") }, "rhel"],
  ["system", "warning", { a: os("arch", "") }, { a: os("debian", "") }, "arch"],
  ["system", "error", { a: { kernel: "FreeBSD", os: null } }, {}, "FreeBSD"],
  ["architecture", "warning", { a: { architecture: "s390x" } }, { a: { architecture: "aarch64" } }, "s390x"],
  ["systemd", "error", { a: { systemd: false } }, {}, "no /run/systemd/system"],
  ["programs", "error", { a: { missing: ["tar", "awk"] } }, {}, "2 missing"],
  ["fetcher", "warning", { a: { fetches: false } }, {}, "neither"],
  ["packages", "warning", { a: { packages: null } }, { a: { packages: "dnf" } }, "none of apt-get, dnf, yum"],
  ["selinux", "warning", { a: { selinuxEnforcing: true } }, {}, "enforcing"],
  // 512 and 1024 of heap.
  ["memory", "error", { a: { memoryMiB: 1535 } }, { a: { memoryMiB: null } }, "1535 MiB of memory"],
  ["memory", "warning", { a: { memoryMiB: 2559 } }, { a: { memoryMiB: 2560 } }, "2559 MiB of memory"],
  ["swap", "warning", { a: { swapMiB: 0.5 } }, { a: { swapMiB: null } }, "1 MiB of swap"],
  ["huge-pages", "warning", { a: { hugePages: "always" } }, { a: { hugePages: "never" } }, "always"],
  [
    "open-files",
    "error",
    { a: { openFiles: { kernel: 65_536, user: 1_000_000 } } },
    { a: { openFiles: { kernel: 128_000, user: 1024 } } },
    "65536",
  ],
  ["disk-space", "error", { a: disks({ freeMiB: 511 }) }, { a: disks({ freeMiB: 5120 }) }, "511 MiB free"],
  ["disk-space", "warning", { a: disks({ freeMiB: 5119 }) }, { a: disks({ freeMiB: 5120 }) }, "5119 MiB free"],
  ["disk-inodes", "error", { a: disks({ freeInodes: 0 }) }, { a: disks({ freeInodes: null }) }, "0 inodes free"],
  [
    "disk-inodes",
    "warning",
    { a: disks({ freeInodes: 9999 }) },
    { a: disks({ freeInodes: 10_000 }) },
    "9999 inodes free",
  ],
  ["disk-read-only", "error", { a: disks({ writable: false }) }, {}, "read-only"],
  ["file-system", "warning", { a: disks({ type: "nfs" }) }, { a: disks({ type: "xfs" }) }, "nfs"],
  [
    "file-system",
    "warning",
    { a: disks({ type: "tmpfs" }) },
    { a: disks({}, { name: "logs", type: "tmpfs" }) },
    "tmpfs",
  ],
  [
    "clocks-apart",
    "error",
    { a: { clock: { ahead: 4, within: 0.1 } }, b: { clock: { ahead: -4, within: 0.1 } } },
    { a: { clock: { ahead: 4, within: 0.1 } }, b: { clock: { ahead: -1, within: 0.1 } } },
    "a is 8.0 s ahead",
  ],
  [
    "name",
    "error",
    { seen: { hostsFile: written, resolves: { a: address("a"), b: "10.9.9.9", c: address("c") } } },
    { seen: { hostsFile: written, resolves: { a: address("a"), b: address("b"), c: null } } },
    "10.9.9.9",
  ],
  [
    "name",
    "error",
    { seen: { hostsFile: written, resolves: { a: "127.0.1.1", b: "127.0.1.1", c: null } } },
    // Debian's own line, which gives a machine's own name that address.
    { seen: { hostsFile: written, resolves: { a: "127.0.1.1", b: null, c: null } } },
    "127.0.1.1",
  ],
  [
    "name",
    "warning",
    { seen: { resolves: { a: "127.0.1.1", b: "10.9.9.9", c: null } } },
    { seen: { resolves: { a: "127.0.1.1", b: address("b"), c: null } } },
    "10.9.9.9",
  ],
  [
    "hosts-line",
    "warning",
    { seen: { hostsFile: "10.9.9.9 b.demo\n" } },
    { seen: { hostsFile: `${address("b")} b.demo\n10.9.9.9 other\n` } },
    "10.9.9.9",
  ],
  ["resolver", "warning", { seen: { resolveSeconds: 10.01 } }, { seen: { resolveSeconds: 1 } }, "10.0 s"],
  ["java-home", "error", { java: "/opt/j", seen: { javas: [] } }, { java: "/opt/j" }, "none"],
  [
    "ports-of-another-cluster",
    "error",
    { seen: { otherReceipts: { other: receiptOf({ clients: 9091 }) } } },
    // Its server `a` is on another machine: this one it calls x-1.
    { seen: { otherReceipts: { other: receiptOf({ clients: 9192 }) } } },
    "9091",
  ],
  [
    "receipt-of-another-cluster",
    "warning",
    { seen: { otherReceipts: { other: "{" } } },
    { seen: { otherReceipts: { other: receiptOf({}) } } },
    "damaged, or written by a newer kctl",
  ],
  [
    "unreachable-port",
    "error",
    { a: reaches("b", 2888, "silent") },
    { a: reaches("b", 2888, "open", "open") },
    "no answer on port 2888",
  ],
  [
    "unreachable-port",
    "error",
    { a: reaches("c", 9091, "unreachable", "No route to host") },
    {},
    "rejected (No route to host) on port 9091",
  ],
  ["reach-untried", "warning", { a: { reaches: null } }, {}, "neither"],
  ["port-taken", "error", fault("port-taken"), {}, "taken"],
  ["identity-conflict", "error", fault("identity-conflict"), {}, "another's data, or none"],
  ["ssh-unreachable", "error", fault("ssh-unreachable"), {}, "an error"],
];

test("where a data volume is yet to be mounted, what is free in its place says nothing; where logs go it does", () => {
  const volume = {
    id: "vol-1",
    device: "/dev/disk/by-id/x",
    uuid: "0f7a3f5e-6c1d-5a3b-9d2e-4b1c8a7e6f50",
    mountPoint: "/var/lib/kctl/demo",
    unit: "var-lib-kctl-demo.mount",
    sizeBytes: 2 ** 30,
  };
  const seen = { mounts: [], inPlace: null, fileSystemBytes: null, hides: [] };
  const device = { path: "/dev/nvme1n1", bytes: 2 ** 30, content: { kind: "own" } } as const;
  const its = desired();
  if (its.machine === undefined) throw new Error("it is a machine of kctl's");
  const ids = (mounts: readonly string[], name: string): readonly string[] =>
    findings({
      cluster,
      facts: new Map([
        ["a", { ...good("a"), ...disks({ name, freeMiB: 100 }) }],
        ["b", good("b")],
        ["c", good("c")],
      ]),
      shared: null,
      paths,
      desired: [{ ...its, machine: { ...its.machine, volume } } as DesiredHost],
      observed: { a: observed({ volume: { ...seen, device, mounts } }) },
      faults: [],
    }).map(({ id }) => id);
  expect(ids([], "data")).toEqual([]);
  expect(ids([], "logs")).toEqual(["disk-space"]);
  expect(ids(["/var/lib/kctl/demo"], "data")).toEqual(["disk-space"]);
});

describe("a finding", () => {
  test("machines without fault have none", () => {
    expect(found({})).toEqual([]);
  });

  test.each(rows)("%s (%s)", (id, level, world, near, measured) => {
    const all = found(world);
    expect(all.map((one) => [one.node, one.id, one.level, one.measured])).toEqual([["a", id, level, measured]]);
    for (const text of [all[0]?.what, all[0]?.wanted, all[0]?.fix]) expect(text).toMatch(/\S/);
    expect(found(near)).toEqual([]);
  });

  test("a firewall is named with the pair, the address and every port that it closes", () => {
    const closed = (good("a").reaches ?? []).map((one) =>
      one.address === address("b") ? { ...one, answer: "silent" as const, said: "" } : one,
    );
    const [one, ...others] = found({ a: { reaches: closed } });
    expect(others).toEqual([]);
    expect(one?.what).toBe(
      "a does not reach b (10.0.0.2) on 2888 (b/zookeeper's peer port), 3888 (b/zookeeper's election port), 2181 (b/zookeeper's client port), 9091 (b/broker's internal port): a firewall is in between",
    );
    expect(one?.measured).toBe("no answer on ports 2181, 2888, 3888, 9091, which are all that were tried");
  });

  test("a clock that is wrong here only is no matter between the hosts", () => {
    const clocks = (ahead: number, within: number): readonly Finding[] =>
      findings({
        cluster,
        shared: null,
        paths: [],
        desired: [],
        observed: {},
        faults: [],
        facts: new Map(
          names.map((name) => [
            name,
            {
              ...good(name),
              clock: {
                ahead,
                within,
              },
            },
          ]),
        ),
      });
    expect(clocks(-5.2, 0.1).map(({ node, id, level, measured }) => [node, id, level, measured])).toEqual(
      names.map((name) => [name, "clock", "warning", "5.2 s behind"]),
    );
    // It took so long to answer that it may be right.
    expect(clocks(-5.2, 0.3)).toEqual([]);
  });

  test("nothing is said of the way to a machine that cannot be asked", () => {
    const facts = new Map([["a", { ...good("a"), ...reaches("b", 2888, "silent") }]]);
    expect(findings({ cluster, facts, shared: null, paths, desired: [], observed: {}, faults: [] })).toEqual([]);
  });

  test("errors come first, node by node, and what two looks tell is told once", () => {
    const twice = fault("ssh-unreachable").faults ?? [];
    const all = found({ a: { swapMiB: 10, systemd: false }, b: { systemd: false }, faults: [...twice, ...twice] });
    expect(all.map(({ node, id }) => [node, id])).toEqual([
      ["a", "ssh-unreachable"],
      ["a", "systemd"],
      ["a", "swap"],
      ["b", "systemd"],
    ]);
  });

  test("where the nodes share a machine, the heaps of all count, and nothing that kctl would set up", () => {
    const shared = { ...good("a"), memoryMiB: 4000, systemd: false, missing: ["awk"], fetches: false, packages: null };
    const all = findings({
      cluster,
      facts: new Map(),
      paths: [],
      desired: [],
      observed: {},
      faults: [],
      shared: {
        ...shared,
        openFiles: {
          kernel: 1,
          user: 1024,
        },
      },
    });
    expect(all.map(({ node, id, level, measured }) => [node, id, level, measured])).toEqual([
      [null, "memory", "error", "4000 MiB of memory"],
      [null, "open-files", "warning", "1024"],
    ]);
  });
});

test("nodes reach what their services declare, in KRaft too", () => {
  const kraft = resolveCluster(
    specSchema.parse({
      name: "demo",
      provider: { type: "ssh" },
      kafka: { version: "4.3.1" },
      nodes: [
        { name: "a", address: "10.0.0.1", roles: ["controller", "broker"] },
        { name: "b", address: "10.0.0.2", roles: ["broker"] },
      ],
    }),
    sshPlatform("demo"),
    noKnownIds,
  );
  const told = pathsOf(kraft, { b: "192.168.0.2" }).map(
    ({ from, to, address: at, port }) => `${from} ${to} ${at} ${port}`,
  );
  expect(told.toSorted()).toEqual(["a b 192.168.0.2 9091", "b a 10.0.0.1 9091", "b a 10.0.0.1 9093"]);
});
