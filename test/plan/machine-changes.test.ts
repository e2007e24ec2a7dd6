/** What a plan does to machines that are kctl's to set up: tables of what was seen and what follows. */
import { expect, test } from "vitest";
import type { Change } from "../../src/plan/change.ts";
import { contentDigest } from "../../src/plan/content-digest.ts";
import { makePlan } from "../../src/plan/make-plan.ts";
import type { ObservedHost, ObservedMachine, ObservedState } from "../../src/plan/observed.ts";
import { sshPlatform } from "../../src/providers/ssh/platform.ts";
import { withBlock } from "../../src/render/hosts-block.ts";
import type { DesiredHost } from "../../src/services/desired.ts";
import { nothing, running, world, type World } from "./support/world.ts";

const addresses = { "kafka-1": "10.0.0.1", "kafka-2": "10.0.0.2" };
const spec = {
  provider: { type: "ssh" },
  zookeeper: { version: "3.8.4" },
  nodes: Object.entries(addresses).map(([name, address]) => ({ name, address, roles: ["zookeeper", "broker"] })),
};

function wanted(more: object = {}): World {
  return world({ ...spec, ...more }, null, { platform: sshPlatform("demo", addresses) });
}

test("a machine that is still to be made: what rests on its address is known after up", () => {
  const facts = { privateAddress: null, publicAddress: null, rack: "a", user: "admin" };
  const nodes = { "kafka-1": { ...facts, address: "10.0.0.1", privateAddress: "10.0.0.1" } };
  const spec = { kafka: { version: "3.9.1" }, nodes: [{ group: "kafka", count: 2, roles: ["zookeeper", "broker"] }] };
  const now = world(spec, null, { platform: { ...sshPlatform("demo"), nodes } });
  const observed = { ...nothing, hosts: { "kafka-1": empty("kafka-1"), "kafka-2": empty("kafka-2") } };
  const { changes } = makePlan({ ...now, observed });
  const open = changes.flatMap((change) => {
    if (change.kind === "file" && change.new === "<known after up>") return change.title;
    return change.kind === "machine" && change.step.kind === "hosts" && change.step.new === "<known after up>"
      ? change.title
      : [];
  });
  expect(open.toSorted()).toEqual([
    "create /etc/kctl/demo/broker/server.properties on kafka-2",
    "create /etc/kctl/demo/hosts on kafka-1",
    "create /etc/kctl/demo/hosts on kafka-2",
    "update kctl's block in /etc/hosts on kafka-1",
    "update kctl's block in /etc/hosts on kafka-2",
  ]);
  const properties = changes.find(({ title }) => title.endsWith("server.properties on kafka-2"));
  expect(properties?.diff).toContain("+ broker.rack=<known after up>");
  // The receipt has no holes: it says where machines are.
  expect(now.receipt.next.machines).toMatchObject({
    "kafka-1": { address: "10.0.0.1" },
    "kafka-2": { address: "kafka-2" },
  });
});

/** A machine on which everything is as wanted. */
function setUp({ machine }: DesiredHost): ObservedMachine {
  if (machine === undefined) throw new Error("it is no machine of kctl's");
  return {
    user: true,
    software: Object.fromEntries(machine.software.map(({ folder }) => [folder, true])),
    otherSoftware: {},
    leftovers: [],
    java: { home: "/usr/lib/jvm/17", major: 17 },
    javas: [{ home: "/usr/lib/jvm/17", major: 17 }],
    hostsFile: withBlock("127.0.0.1 localhost\n", machine.hosts),
    resolves: {},
    resolveSeconds: 0,
    sysctl: { ...machine.sysctl },
    units: Object.fromEntries(
      machine.units.map(({ name }) => [name, { active: "active", enabled: true, needsReload: false }]),
    ),
    receipt: null,
    otherReceipts: {},
  };
}

const bare: ObservedMachine = {
  user: false,
  software: {},
  otherSoftware: {},
  leftovers: [],
  java: null,
  javas: [],
  hostsFile: "127.0.0.1 localhost\n",
  resolves: {},
  resolveSeconds: 0,
  sysctl: { "vm.swappiness": "60", "vm.max_map_count": "65530" },
  units: {},
  receipt: null,
  otherReceipts: {},
};

function empty(node: string): ObservedHost {
  return { node, machine: bare, files: {}, folders: {}, processes: {}, ports: {}, identities: {} };
}

/** Everything runs as wanted, but for what `but` says of kafka-1's machine. */
function settled(now: World, but: Partial<ObservedMachine> = {}): ObservedState {
  const seen = running(now);
  const hosts = now.desired.hosts.map((host): readonly [string, ObservedHost] => {
    const before = seen.hosts[host.node];
    if (before === undefined) throw new Error(`${host.node} was not seen`);
    const owned = <Seen>(all: Readonly<Record<string, Seen>>, wants: readonly { path: string; owner?: object }[]) =>
      Object.fromEntries(wants.map(({ path, owner }) => [path, { ...all[path], owner }])) as Record<string, Seen>;
    const machine = { ...setUp(host), ...(host.node === "kafka-1" ? but : {}) };
    return [
      host.node,
      { ...before, machine, files: owned(before.files, host.files), folders: owned(before.folders, host.folders) },
    ];
  });
  return { ...seen, hosts: Object.fromEntries(hosts) };
}

const steps = (changes: readonly Change[]): readonly string[] =>
  changes.flatMap((change) => (change.kind === "machine" ? change.title : []));

test("nothing is to be done where everything is as wanted", () => {
  const now = wanted();
  const plan = makePlan({ ...now, observed: settled(now) });
  expect(plan.changes.filter(({ kind }) => kind !== "note")).toEqual([]);
  expect(plan.obstacles).toEqual([]);
});

test("a bare machine gets everything, and no server starts before all of it is there and every machine knows all names", () => {
  const now = wanted();
  const hosts = Object.fromEntries(Object.keys(addresses).map((node) => [node, empty(node)]));
  const { changes } = makePlan({ ...now, observed: { ...nothing, hosts } });
  expect(steps(changes).filter((title) => title.endsWith("kafka-1"))).toEqual([
    "create the user kctl on kafka-1",
    "install Java 17 on kafka-1",
    "install zookeeper 3.8.4 on kafka-1",
    "install kafka 3.9.1 on kafka-1",
    "update kctl's block in /etc/hosts on kafka-1",
    "set kernel settings on kafka-1",
    "load and enable kctl-demo-hosts.service on kafka-1",
    "load and enable kctl-demo-zookeeper.service on kafka-1",
    "load and enable kctl-demo-broker.service on kafka-1",
  ]);
  const keys = changes.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  const start = changes.find(({ key }) => key === "start kafka-1/zookeeper");
  const before = start?.after.map(({ key }) => key) ?? [];
  const own = changes.filter(({ node, kind }) => node === "kafka-1" && ["machine", "file", "folder"].includes(kind));
  // It need not wait for what only others run from.
  expect(own.map(({ key }) => key).filter((key) => !before.includes(key))).toEqual([
    "software /opt/kctl/kafka-3.9.1 on kafka-1",
  ]);
  expect(before).toContain("hosts on kafka-2");
  expect(before).not.toContain("java on kafka-2");
  const folder = changes.find(({ key }) => key === "folder kafka-1:/var/lib/kctl/demo/broker");
  expect(folder?.after).toContainEqual({ key: "user on kafka-1", until: "done" });
});

test("servers do not run as somebody who logs in; a user of kctl's own may have been given a shell since", () => {
  const now = wanted();
  const hosts = { "kafka-1": { ...empty("kafka-1"), machine: { ...bare, user: true, loginShell: "/bin/bash" } } };
  const plan = (made: readonly string[]) => {
    const { next } = now.receipt;
    const machines = {
      "kafka-1": { address: "10.0.0.1", folders: [], files: [], units: [], software: [], made: [...made] },
    };
    return makePlan({ ...now, receipt: { next, former: { ...next, machines } }, observed: { ...nothing, hosts } });
  };
  expect(plan([]).obstacles).toEqual([
    {
      code: "host-io",
      node: "kafka-1",
      what: "kctl on kafka-1 is an account to log in with (its shell is /bin/bash), and the servers would run as it",
      fix: "if it is a person's, rename it; if it is there for Kafka, `usermod --shell /usr/sbin/nologin kctl`",
    },
  ]);
  expect(plan(["user kctl"]).obstacles).toEqual([]);
});

test.each<[string, Partial<ObservedMachine>, readonly string[]]>([
  ["the user is gone", { user: false }, ["create the user kctl on kafka-1"]],
  [
    "the block was edited by hand",
    { hostsFile: "# >>> kctl demo\n10.9.9.9\tkafka-1\n# <<< kctl demo\n127.0.0.1 localhost\n" },
    ["update kctl's block in /etc/hosts on kafka-1"],
  ],
  ["/etc/hosts is missing", { hostsFile: null }, ["update kctl's block in /etc/hosts on kafka-1"]],
  [
    "a kernel setting is another one",
    { sysctl: { "vm.swappiness": "60", "vm.max_map_count": "262144" } },
    ["set kernel settings on kafka-1"],
  ],
  ["a kernel does not have a setting", { sysctl: { "vm.swappiness": null, "vm.max_map_count": "262144" } }, []],
  [
    "the link leads to no Java, and another is there",
    { java: null, javas: [{ home: "/opt/jdk-21", major: 21 }] },
    ["use the Java in /opt/jdk-21 on kafka-1"],
  ],
  ["the Java is too old", { java: { home: "/usr/lib/jvm/7", major: 7 }, javas: [] }, ["install Java 17 on kafka-1"]],
  [
    "half an archive",
    { software: { "/opt/kctl/kafka-3.9.1": false, "/opt/kctl/zookeeper-3.8.4": true } },
    ["install kafka 3.9.1 on kafka-1"],
  ],
  [
    "a transfer that was cut off left something",
    { leftovers: ["abc.keep", "abc.part"] },
    ["remove what a transfer that was cut off left on kafka-1"],
  ],
  [
    "a unit is not enabled, another has to be read again",
    {
      units: {
        "kctl-demo-hosts.service": { active: "active", enabled: true, needsReload: false },
        "kctl-demo-zookeeper.service": { active: "active", enabled: false, needsReload: false },
        "kctl-demo-broker.service": { active: "active", enabled: true, needsReload: true },
      },
    },
    ["load and enable kctl-demo-zookeeper.service on kafka-1", "load and enable kctl-demo-broker.service on kafka-1"],
  ],
])("%s", (_name, but, titles) => {
  const now = wanted();
  const { changes } = makePlan({ ...now, observed: settled(now, but) });
  expect(steps(changes)).toEqual(titles);
  expect(changes.filter(({ kind }) => kind === "process" || kind === "roll")).toEqual([]);
});

test("what has arrived of an archive is gone on with, all else of a transfer that was cut off goes first", () => {
  const now = wanted();
  const software = { "/opt/kctl/kafka-3.9.1": false, "/opt/kctl/zookeeper-3.8.4": true };
  const left = ["abc.keep", "abc.part", "kctl-demo-share-0123abcd.socket"];
  const observed = settled(now, { software, leftovers: left });
  const host = observed.hosts["kafka-1"];
  if (host === undefined) throw new Error("kafka-1 was not seen");
  const broker = { "kafka-1/broker": { state: "absent" } } as const;
  const held: ObservedHost = { ...host, processes: { ...host.processes, ...broker }, ports: { "9092": systemd } };
  const { changes, obstacles } = makePlan({
    ...now,
    observed: { ...observed, hosts: { ...observed.hosts, "kafka-1": held } },
  });
  const sweep = changes.find(({ key }) => key === "leftovers on kafka-1");
  expect(sweep).toMatchObject({ verb: "remove", step: { names: ["abc.keep", "kctl-demo-share-0123abcd.socket"] } });
  const after = (key: string) => changes.find((change) => change.key === key)?.after.map((edge) => edge.key);
  expect(after("software /opt/kctl/kafka-3.9.1 on kafka-1")).toContain("leftovers on kafka-1");
  // Other machines could have the archive at a port of the broker's.
  expect(obstacles).toEqual([]);
  expect(after("start kafka-1/broker")).toContain("leftovers on kafka-1");
});

const systemd = { pid: 1, command: "systemd" };

test("a Java that the spec names is the only one that will do", () => {
  const now = wanted({ java: { home: "/opt/mine" } });
  expect(steps(makePlan({ ...now, observed: settled(now) }).changes)).toEqual([
    "use the Java in /opt/mine on kafka-1",
    "use the Java in /opt/mine on kafka-2",
  ]);
});

test("a file or folder of another owner is given its own again", () => {
  const now = wanted();
  const seen = settled(now);
  const host = seen.hosts["kafka-1"];
  const file = "/etc/kctl/demo/broker/server.properties";
  const folder = "/var/lib/kctl/demo/broker";
  if (host === undefined) throw new Error("kafka-1 was not seen");
  const other = { user: "ann", group: "ann" };
  const changed: ObservedHost = {
    ...host,
    files: { ...host.files, [file]: { ...host.files[file], owner: other } as ObservedHost["files"][string] },
    folders: {
      ...host.folders,
      [folder]: { ...host.folders[folder], owner: other } as ObservedHost["folders"][string],
    },
  };
  const { changes } = makePlan({ ...now, observed: { ...seen, hosts: { ...seen.hosts, "kafka-1": changed } } });
  expect(changes.filter(({ kind }) => kind !== "note").map(({ title }) => title)).toEqual([
    `update folder ${folder} on kafka-1`,
    `update ${file} on kafka-1`,
  ]);
});

test("a receipt that a machine lacks is written again, though it says nothing new", () => {
  const now = wanted();
  const observed = { ...settled(now), receiptBehind: ["kafka-2"] };
  expect(makePlan({ ...now, observed }).changes.filter(({ kind }) => kind === "receipt")).toMatchObject([
    { title: "update the receipt on kafka-2", diff: [] },
  ]);
});

test.each<[string, string, (content: string) => string, readonly string[]]>([
  [
    "what a server reads when it starts",
    "server.properties",
    (text) => `${text}queued.max.requests=7\n`,
    ["kafka-1/broker"],
  ],
  ["a line that is gone", "server.properties", (text) => text.replace(/^log\.dirs=.*\n/m, ""), ["kafka-1/broker"]],
  ["a comment", "server.properties", (text) => `${text}# mine\n`, []],
  ["a setting that brokers change while they run", "server.properties", (text) => `${text}log.cleaner.threads=2\n`, []],
  ["the heap", "jvm.args", (text) => text.replace("-Xmx1024m", "-Xmx1g"), ["kafka-1/broker"]],
])(
  "a file that was edited by hand, %s: put back, and who reads it restarts, and nobody else",
  (_what, name, edit, members) => {
    const now = wanted();
    const seen = settled(now);
    const path = `/etc/kctl/demo/broker/${name}`;
    const host = seen.hosts["kafka-1"];
    const file = host?.files[path];
    if (host === undefined || file?.kind !== "file") throw new Error(`${path} was not seen`);
    const content = edit(file.content ?? "");
    const edited = { ...host, files: { ...host.files, [path]: { ...file, content, digest: contentDigest(content) } } };
    const { changes } = makePlan({ ...now, observed: { ...seen, hosts: { ...seen.hosts, "kafka-1": edited } } });
    expect(changes.flatMap((change) => (change.kind === "file" ? change.title : []))).toEqual([
      `update ${path} on kafka-1`,
    ]);
    expect(changes.flatMap((change) => (change.kind === "roll" ? change.members : []))).toEqual(members);
  },
);
