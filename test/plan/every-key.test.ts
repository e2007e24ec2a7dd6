/** Changes every key of the spec that is built, one at a time, and expects the plan to name it: no key is dead or silently ignored. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { membersOf } from "../../src/cluster/cluster.ts";
import type { Context } from "../../src/operations/context.ts";
import { destroy } from "../../src/operations/destroy.ts";
import { fetch } from "../../src/operations/fetch.ts";
import { connectorChanges } from "../../src/plan/connector-difference.ts";
import { makePlan, type Plan } from "../../src/plan/make-plan.ts";
import type { ObservedKafka } from "../../src/plan/observed.ts";
import type { Receipt } from "../../src/plan/receipt.ts";
import { withTopicId } from "../../src/plan/topic-changes.ts";
import { platformOf } from "../../src/providers/platform.ts";
import { loadSpec } from "../../src/spec/load.ts";
import type { Spec } from "../../src/spec/schema.ts";
import { isOn, specShape, type Key, type Shape } from "../../src/spec/shape.ts";
import { archiveOf, mirrorOf, temporary } from "../artifacts/support.ts";
import { running, world, type World } from "./support/world.ts";

type Leaf = { readonly path: string; readonly later: string | null; readonly here: boolean };

/** The keys that have no keys below, as `nodes.rack`: lists and tables are one each; of `provider` those of `local`. */
function leavesOf(shape: Shape, above: readonly string[], later: string | null, here: boolean): readonly Leaf[] {
  if (shape.kind === "list" && (shape.item.kind === "map" || shape.item.kind === "choice"))
    return leavesOf(shape.item, above, later, here);
  if (shape.kind === "choice") return leavesOf(shape.options.get("local") ?? { kind: "any" }, above, later, here);
  if (shape.kind !== "map") return [{ path: above.join("."), later, here }];
  return [...shape.keys.values()].flatMap((key: Key) =>
    leavesOf(key.shape, [...above, key.name], later ?? key.info.later ?? null, here && isOn(key, above, "local")),
  );
}

const leaves = leavesOf(specShape(), [], null, true);

type Draft = {
  name: string;
  protected?: boolean;
  prune?: boolean;
  provider: Record<string, unknown>;
  artifacts?: object;
  java?: object;
  kafka: Record<string, unknown>;
  zookeeper?: Record<string, unknown>;
  controller?: Record<string, unknown>;
  connect?: Record<string, unknown>;
  metrics?: boolean | object;
  burrow: Record<string, unknown>;
  connectors?: object[];
  nodes: [Record<string, unknown>, Record<string, unknown>];
  topics: [Record<string, unknown>];
};

const watched = { name: "old", bootstrap: ["a:9092"], zookeeper: ["z:2181"] };

function base(first: string): Draft {
  return {
    name: "demo",
    provider: { type: "local" },
    kafka: { version: "3.9.1", heap: "1GiB", config: { "num.io.threads": "9", "log.retention.ms": "86400000" } },
    ...(first === "zookeeper" ? { zookeeper: { heap: "256MiB" } } : {}),
    nodes: [
      { group: "n", count: 3, roles: [first, "broker"], rack: "r1" },
      { name: "extra", roles: ["broker", "connect", "burrow"], rack: "r2", config: { "background.threads": "12" } },
    ],
    burrow: {
      version: "1.9.5",
      archive: "burrow.tar.gz",
      sha512: "0a".repeat(64),
      clusters: [watched, { name: "last", bootstrap: ["l:9092"] }],
    },
    topics: [{ name: "orders", partitions: 6, replicas: 3, config: { "retention.ms": "1000" } }],
  };
}

type Expected =
  /** Exactly these keys are named by the changes' reasons: no other did change. */
  | { readonly why: readonly string[]; readonly obstacle?: RegExp }
  | { readonly obstacle: RegExp }
  | { readonly refusal: RegExp }
  /** Another cluster: nothing of this one is looked at, and everything is made elsewhere. */
  | { readonly elsewhere: true }
  /** No plan shows it: what does is tested below, by this name. */
  | { readonly otherwise: string };

type Case = Expected & { readonly change: (spec: Draft) => void; readonly only?: "zookeeper" | "controller" };

/** Every leaf that is built must be here: a new key is not forgotten. */
const cases: Readonly<Record<string, readonly Case[]>> = {
  name: [{ change: (spec) => (spec.name = "other"), elsewhere: true }],
  protected: [{ change: (spec) => (spec.protected = true), otherwise: "destroy refuses a protected cluster" }],
  "artifacts.mirror": [
    { change: (spec) => (spec.artifacts = { mirror: "/mirror" }), otherwise: "artifacts come from the mirror" },
  ],
  "java.home": [{ change: (spec) => (spec.java = { home: "/opt/java" }), why: ["java.home"] }],
  "java.version": [{ change: (spec) => (spec.java = { version: 21 }), why: ["java.version"] }],
  "java.profile": [{ change: (spec) => (spec.java = { profile: "server" }), why: ["java.profile"] }],
  "java.archive": [{ change: (spec) => (spec.java = { archive: false }), why: ["java.archive"] }],
  // With another one, other keys come: test/providers has them.
  "provider.type": [],
  "provider.port": [
    { change: (spec) => (spec.provider["port"] = 9192), why: ["provider.port"], obstacle: /ports of n-1/ },
  ],
  "provider.folder": [{ change: (spec) => (spec.provider["folder"] = "elsewhere"), elsewhere: true }],
  "kafka.version": [
    {
      change: (spec) => (spec.kafka["version"] = "3.9.2"),
      why: ["kafka.version"],
      obstacle: /put kafka\.version back/,
    },
  ],
  "kafka.heap": [
    { change: (spec) => (spec.kafka["heap"] = "2GiB"), why: ["kafka.heap"] },
    { change: (spec) => delete spec.kafka["heap"], why: ["kafka.heap"] },
  ],
  "kafka.config": [
    {
      change: (spec) => (spec.kafka["config"] = { "num.io.threads": "10", "log.retention.ms": "86400000" }),
      why: ["kafka.config.num.io.threads"],
    },
    {
      change: (spec) => (spec.kafka["config"] = { "num.io.threads": "9", "log.retention.ms": "3600000" }),
      why: ["kafka.config.log.retention.ms"],
    },
    {
      change: (spec) => (spec.kafka["config"] = { "log.retention.ms": "86400000" }),
      why: ["kafka.config.num.io.threads"],
    },
  ],
  "kafka.jvm": [{ change: (spec) => (spec.kafka["jvm"] = ["-Dx=a b"]), why: ["kafka.jvm"] }],
  "kafka.clients.port": [
    {
      change: (spec) => (spec.kafka["clients"] = { port: 9292 }),
      why: ["kafka.clients.port"],
      obstacle: /clients 9092 to 9292/,
    },
  ],
  "kafka.external.port": [
    { change: (spec) => (spec.kafka["external"] = {}), why: ["kafka.external.port"] },
    { change: (spec) => (spec.kafka["external"] = { port: 9194 }), why: ["kafka.external.port"] },
  ],
  "kafka.external.from": [
    {
      change: (spec) => (spec.kafka["external"] = { from: ["10.0.0.0/8"] }),
      why: ["kafka.external.port"],
    },
  ],
  "zookeeper.version": [
    {
      only: "zookeeper",
      change: (spec) => (spec.zookeeper = { ...spec.zookeeper, version: "3.8.4" }),
      why: ["zookeeper.version"],
    },
  ],
  "zookeeper.heap": [
    { only: "zookeeper", change: (spec) => (spec.zookeeper = { heap: "512MiB" }), why: ["zookeeper.heap"] },
    { only: "zookeeper", change: (spec) => (spec.zookeeper = {}), why: ["zookeeper.heap"] },
  ],
  "zookeeper.config": [
    {
      only: "zookeeper",
      change: (spec) => (spec.zookeeper = { ...spec.zookeeper, config: { tickTime: "1000" } }),
      why: ["zookeeper.config.tickTime"],
    },
  ],
  "zookeeper.jvm": [
    {
      only: "zookeeper",
      change: (spec) => (spec.zookeeper = { ...spec.zookeeper, jvm: ["-Dz=1"] }),
      why: ["zookeeper.jvm"],
    },
  ],
  "controller.heap": [
    { only: "controller", change: (spec) => (spec.controller = { heap: "384MiB" }), why: ["controller.heap"] },
  ],
  "controller.config": [
    {
      only: "controller",
      change: (spec) => (spec.controller = { config: { "num.io.threads": "4" } }),
      why: ["controller.config.num.io.threads"],
    },
  ],
  "controller.jvm": [
    { only: "controller", change: (spec) => (spec.controller = { jvm: ["-XX:+UseZGC"] }), why: ["controller.jvm"] },
  ],
  "connect.heap": [{ change: (spec) => (spec.connect = { heap: "384MiB" }), why: ["connect.heap"] }],
  "connect.config": [
    {
      change: (spec) => (spec.connect = { config: { "offset.flush.interval.ms": "5000" } }),
      why: ["connect.config.offset.flush.interval.ms"],
    },
  ],
  "connect.plugins.maven": [
    { change: (spec) => (spec.connect = { plugins: [{ maven: "org.example:a:1" }] }), why: ["connect.plugins"] },
  ],
  "connect.plugins.archive": [
    {
      change: (spec) => (spec.connect = { plugins: [{ archive: "a.tgz", sha512: "0a".repeat(64) }] }),
      why: ["connect.plugins"],
    },
  ],
  "connect.plugins.file": [
    {
      change: (spec) => (spec.connect = { plugins: [{ file: "a.jar", sha512: "0a".repeat(64) }] }),
      why: ["connect.plugins"],
    },
  ],
  "connect.plugins.sha512": [
    {
      change: (spec) => (spec.connect = { plugins: [{ file: "a.jar", sha512: "0b".repeat(64) }] }),
      why: ["connect.plugins"],
    },
  ],
  "connect.jvm": [{ change: (spec) => (spec.connect = { jvm: ["-Dx=1"] }), why: ["connect.jvm"] }],
  "connectors.name": [
    {
      change: (spec) => (spec.connectors = [{ name: "a", class: "A" }]),
      otherwise: "connectors are made by their own commands",
    },
  ],
  "connectors.class": [
    {
      change: (spec) => (spec.connectors = [{ name: "a", class: "B" }]),
      otherwise: "connectors are made by their own commands",
    },
  ],
  "connectors.config": [
    {
      change: (spec) => (spec.connectors = [{ name: "a", class: "A", config: { "tasks.max": "2" } }]),
      otherwise: "connectors are made by their own commands",
    },
  ],
  "metrics.version": [{ change: (spec) => (spec.metrics = { version: "1.1.0" }), why: ["metrics"] }],
  "burrow.version": [{ change: (spec) => (spec.burrow["version"] = "1.9.6"), why: ["burrow"] }],
  "burrow.archive": [
    {
      change: (spec) => {
        spec.artifacts = { mirror: "/mirror" };
        spec.burrow = { version: "1.9.5", clusters: spec.burrow["clusters"] };
      },
      why: ["burrow"],
    },
  ],
  "burrow.sha512": [{ change: (spec) => (spec.burrow["sha512"] = "0b".repeat(64)), why: ["burrow"] }],
  "burrow.clusters.name": [
    { change: (spec) => (spec.burrow["clusters"] = [{ ...watched, name: "older" }]), why: ["burrow.clusters"] },
    { change: (spec) => delete spec.burrow["clusters"], why: ["burrow.clusters"] },
  ],
  "burrow.clusters.bootstrap": [
    {
      change: ({ burrow }) => {
        const [, last] = burrow["clusters"] as unknown[];
        burrow["clusters"] = [{ ...watched, bootstrap: ["b:9092"] }, last];
      },
      why: ["burrow.clusters"],
    },
  ],
  "burrow.clusters.zookeeper": [
    {
      change: ({ burrow }) => {
        const [, last] = burrow["clusters"] as unknown[];
        burrow["clusters"] = [{ ...watched, zookeeper: ["y:2181"] }, last];
      },
      why: ["burrow.clusters"],
    },
  ],
  "nodes.group": [
    {
      change: (spec) => (spec.nodes[0]["group"] = "m"),
      obstacle: /n-1\/broker belongs to the cluster and is not in the spec/,
    },
  ],
  "nodes.count": [
    { change: (spec) => (spec.nodes[0]["count"] = 5), why: ["nodes"] },
    {
      change: (spec) => (spec.nodes[0]["count"] = 2),
      obstacle: /n-3\/broker belongs to the cluster and is not in the spec/,
    },
  ],
  "nodes.name": [
    {
      change: (spec) => (spec.nodes[1]["name"] = "x"),
      obstacle: /extra\/broker belongs to the cluster and is not in the spec/,
    },
  ],
  "nodes.roles": [
    {
      change: (spec) => {
        const [first = "", ...others] = spec.nodes[0]["roles"] as string[];
        spec.nodes[1]["roles"] = [first, ...others, "connect", "burrow"];
      },
      why: ["nodes"],
    },
  ],
  "nodes.rack": [
    { change: (spec) => (spec.nodes[1]["rack"] = "r3"), why: ["nodes.rack"] },
    {
      change: (spec) => {
        for (const node of spec.nodes) delete node["rack"];
      },
      why: ["nodes.rack"],
    },
  ],
  "nodes.heap": [
    { change: (spec) => (spec.nodes[1]["heap"] = "2GiB"), why: ["nodes.heap"] },
    { change: (spec) => (spec.nodes[0]["heap"] = "768MiB"), why: ["nodes.heap"] },
  ],
  "nodes.config": [
    {
      change: (spec) => (spec.nodes[1]["config"] = { "background.threads": "14" }),
      why: ["nodes.config.background.threads"],
    },
    {
      change: (spec) => (spec.nodes[1]["config"] = { "background.threads": "12", "num.io.threads": "3" }),
      why: ["nodes.config.num.io.threads"],
    },
  ],
  "topics.name": [{ change: (spec) => (spec.topics[0]["name"] = "payments"), why: ["topics.name"] }],
  "topics.partitions": [{ change: (spec) => (spec.topics[0]["partitions"] = 12), why: ["topics.partitions"] }],
  "topics.replicas": [
    {
      change: (spec) => (spec.topics[0]["replicas"] = 2),
      refusal: /orders has 3 replicas a partition, and the spec says 2/,
    },
  ],
  "topics.delete": [
    {
      change: (spec) => (spec.topics[0]["delete"] = true),
      refusal: /topic orders is there, and the spec says that it goes/,
    },
  ],
  prune: [
    {
      change: (spec) => {
        spec.prune = true;
        spec.topics[0]["name"] = "payments";
      },
      refusal: /topic orders is there, and kctl made it, and the spec has it no more/,
    },
  ],
  "topics.config": [
    {
      change: (spec) => (spec.topics[0]["config"] = { "retention.ms": "2000" }),
      why: ["topics.config.retention.ms"],
    },
  ],
};

function loaded(draft: Draft): Spec {
  const result = loadSpec(JSON.stringify(draft), { file: "kctl.yaml", env: {} });
  if (!result.ok) throw new Error(result.faults.map(({ what }) => what).join("\n"));
  return result.spec;
}

function worldOf(draft: Draft, former: Receipt | null = null, kafka?: ObservedKafka): World {
  const spec = loaded(draft);
  const { home, version } = spec.java ?? {};
  const java = home ?? (version === undefined ? "/java" : `/jdk-${version}`);
  const around = { platform: platformOf(spec, "/k"), java: `${java}/bin/java` };
  return world(draft, former, kafka === undefined ? around : { ...around, kafka });
}

/** What Kafka says when everything is as this world wants it. */
function kafkaOf({ cluster, desired }: World): ObservedKafka {
  const layers = desired.liveSettings.map(({ broker, settings }) => {
    const its = Object.entries(settings).map(([name, { value }]) => [
      name,
      { broker: null, cluster: null, file: value, default: null },
    ]);
    return [broker, Object.fromEntries(its) as Record<string, never>] as const;
  });
  const controllers = membersOf(cluster, "controller").map(({ id }) => id);
  return {
    state: "known",
    silent: [],
    topics: desired.topics.map(({ name, partitions, replicas, config }) => ({
      name,
      id: `id of ${name}`,
      internal: false,
      partitions: Array.from({ length: partitions ?? 1 }, (_, partition) => {
        const ids = Array.from({ length: replicas ?? 1 }, (_, index) => index + 1);
        return { partition, replicas: ids, isr: ids };
      }),
      settings: config,
      minIsr: 1,
    })),
    settings: { brokers: new Map(layers), elr: false },
    voters: controllers.length === 0 ? null : controllers,
  };
}

const fieldsOf = ({ changes }: Plan): readonly string[] =>
  [...new Set(changes.flatMap(({ why }) => why.map(({ field }) => field)))].toSorted();

/** What is told by the tests at the end of this file. */
const others = [
  "destroy refuses a protected cluster",
  "artifacts come from the mirror",
  "connectors are made by their own commands",
];

test("every key that is built has its case, and nothing else has", () => {
  const built = leaves.filter(({ later, here }) => later === null && here).map(({ path }) => path);
  expect(Object.keys(cases).toSorted()).toEqual(built.toSorted());
  const without = Object.keys(cases).filter((path) => cases[path]?.length === 0);
  expect(without).toEqual(["provider.type"]);
});

test("what is not built says so itself", () => {
  const waiting = leaves.filter(({ later }) => later !== null).map(({ path }) => path);
  expect(waiting).toEqual(expect.arrayContaining(["nodes.dataDirs"]));
});

test("what is for machines of another kind says so itself", () => {
  const elsewhere = leaves.filter(({ here }) => !here).map(({ path }) => path);
  expect(elsewhere).toEqual(
    expect.arrayContaining([
      "ttl",
      "sysctl",
      "nodes.address",
      "nodes.volume.size",
      "metrics.from",
      "kafka.external.advertise",
    ]),
  );
});

describe.each(["zookeeper", "controller"] as const)("with a %s", (first) => {
  const draft = base(first);
  const now = worldOf(draft);
  const kafka = kafkaOf(now);
  const { next } = now.receipt;
  const topics = Object.keys(next.topics).reduce((all, name) => withTopicId(all, name, `id of ${name}`), next.topics);
  const settled = worldOf(draft, { ...next, topics }, kafka);

  test("nothing is to be done where everything is as wanted", () => {
    expect(makePlan({ ...settled, observed: running(settled, kafka) })).toEqual({
      changes: [],
      obstacles: [],
      refusals: [],
      isPartial: false,
    });
  });

  const all = Object.entries(cases).flatMap(([path, several]) =>
    several
      .filter(({ only }) => only === undefined || only === first)
      .map((one, index) => [`${path}${index === 0 ? "" : `, case ${index + 1}`}`, one] as const),
  );
  test.each(all)("a change of %s is named", (_, one) => {
    const edited = structuredClone(draft);
    one.change(edited);
    expect(edited).not.toEqual(draft);
    if ("elsewhere" in one) {
      const there = worldOf(edited);
      expect(there.root).not.toBe(now.root);
      for (const { folders, files } of there.desired.hosts)
        for (const { path } of [...folders, ...files]) expect(path.startsWith(`${there.root}/`), path).toBe(true);
      return;
    }
    const wanted = worldOf(edited, settled.receipt.next, kafka);
    const plan = makePlan({ ...wanted, observed: running(settled, kafka) });
    const texts = (faults: Plan["obstacles"]): string => faults.map(({ what, fix }) => `${what}; ${fix}`).join("\n");
    if ("why" in one) expect(fieldsOf(plan)).toEqual(one.why.toSorted());
    if ("why" in one) expect(plan.changes.length).toBeGreaterThan(0);
    if ("obstacle" in one && one.obstacle !== undefined) expect(texts(plan.obstacles)).toMatch(one.obstacle);
    else expect(plan.obstacles).toEqual([]);
    if ("refusal" in one) expect(texts(plan.refusals)).toMatch(one.refusal);
    else expect(plan.refusals).toEqual([]);
    if ("otherwise" in one) {
      expect(plan.changes).toEqual([]);
      expect(others).toContain(one.otherwise);
    }
  });
});

async function contextWith(draft: object): Promise<Context> {
  const cwd = await temporary();
  await writeFile(join(cwd, "kctl.yaml"), JSON.stringify(draft));
  return {
    specFile: "kctl.yaml",
    cwd,
    env: { KCTL_CACHE: join(cwd, "cache") },
    platform: process.platform,
    home: cwd,
    emit: () => undefined,
    signal: new AbortController().signal,
    concurrency: 1,
    timeoutSeconds: 1,
    ask: null,
    askSecret: null,
    atEnd: () => undefined,
  };
}

test("destroy refuses a protected cluster", async () => {
  const context = await contextWith({ ...base("zookeeper"), protected: true });
  await expect(destroy(context, { yes: true, keepData: false, keepLogs: null })).rejects.toThrow("demo is protected");
});

test("artifacts come from the mirror", async () => {
  const archive = await archiveOf({ name: "kafka", version: "3.9.1" }, 1000);
  const draft: Partial<Draft> = { ...base("controller"), artifacts: { mirror: await mirrorOf(archive) } };
  delete draft.burrow;
  draft.nodes?.splice(1, 1);
  const context = await contextWith(draft);
  const { artifacts } = await fetch(context);
  expect(artifacts).toMatchObject([
    { name: "kafka", version: "3.9.1", source: expect.stringContaining(archive.file) as string },
  ]);
});

test("connectors are made by their own commands", () => {
  const wanted = { name: "a", config: { "connector.class": "B", "tasks.max": "2" } };
  expect(connectorChanges([wanted], [])).toMatchObject([
    { verb: "create", diff: ["+connector.class=B", "+tasks.max=2"] },
  ]);
});
