/** What kctl renders, to the byte: every role, in both modes, for every minor of Kafka that it knows. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { membersOf, type Cluster } from "../../src/cluster/cluster.ts";
import { noKnownIds } from "../../src/cluster/known-ids.ts";
import type { Platform } from "../../src/cluster/platform.ts";
import { resolveCluster } from "../../src/cluster/resolve.ts";
import type { DesiredState } from "../../src/services/desired.ts";
import { burrowFolder } from "../../src/services/burrow-artifact.ts";
import { desiredState } from "../../src/services/desired-state.ts";
import { pluginFolder } from "../../src/services/plugins.ts";
import { templateNames, type ServiceContext } from "../../src/services/service.ts";
import { specSchema } from "../../src/spec/schema.ts";
import { settingInfo } from "../../src/spec/setting-info.ts";
import { valueFault } from "../../src/spec/setting-value.ts";
import { kafkaMinors, minorOf } from "../../src/spec/versions.ts";

const platform: Platform = {
  provider: "local",
  root: "/kctl/demo",
  folders: {
    config: "/kctl/demo/{node}/{role}/config",
    data: "/kctl/demo/{node}/{role}/data",
    log: "/kctl/demo/{node}/{role}/log",
    run: "/kctl/demo/{node}/{role}/run",
  },
  sharedAddress: "127.0.0.1",
  portShift: 0,
  portStep: 10,
  profile: "laptop",
  machine: null,
  nodes: null,
};

let templates: ServiceContext["templates"];
beforeAll(async () => {
  const folder = join(import.meta.dirname, "../../templates");
  const texts = await Promise.all(
    templateNames.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const),
  );
  templates = Object.fromEntries(texts) as ServiceContext["templates"];
});

const both = ["zookeeper", "broker"];
const kraft = ["controller", "broker"];

type Case = {
  readonly spec: object;
  readonly profile?: Platform["profile"];
  /** Controllers that come to a quorum that has voters. */
  readonly joining?: readonly string[];
};

const oneOf = (version: string, roles: readonly string[]): Case => ({
  spec: { kafka: { version }, nodes: [{ name: "solo", roles }] },
});

/** Settings of every kind: live ones and others, of the cluster, of a role, of a node. */
const config = {
  "min.insync.replicas": "2",
  "log.retention.ms": "86400000",
  "num.network.threads": "5",
  "queued.max.requests": "1000",
  "sasl.kerberos.kinit.cmd": "C:\\x",
};

const sha512 = "0123456789abcdef".repeat(8);

const cases: Readonly<Record<string, Case>> = {
  "3.7.2-one-node": oneOf("3.7.2", both),
  "3.8.1-one-node": oneOf("3.8.1", both),
  "3.8.1-three-nodes": { spec: { kafka: { version: "3.8.1" }, nodes: [{ group: "kafka", count: 3, roles: both }] } },
  "3.9.1-five-brokers": {
    spec: {
      kafka: { version: "3.9.1" },
      nodes: [
        { name: "zk", roles: ["zookeeper"] },
        { group: "b", count: 5, roles: ["broker"] },
      ],
    },
  },
  "3.9.2-one-node": oneOf("3.9.2", both),
  "3.9.1-own-zookeeper": {
    spec: {
      kafka: { version: "3.9.1" },
      zookeeper: { version: "3.8.4", config: { tickTime: "500" } },
      nodes: [
        { name: "zk", roles: ["zookeeper"] },
        { name: "b", roles: ["broker"] },
      ],
    },
  },
  "3.9.1-settings": {
    spec: {
      kafka: { version: "3.9.1", heap: "2GiB", jvm: ["-Dx=a b"], config, clients: { port: 19092 } },
      zookeeper: { heap: "768MiB", jvm: ["-Dz=1"], config: { maxClientCnxns: "60", snapCount: "50000" } },
      nodes: [
        { group: "kafka", count: 2, roles: both, rack: "r=1" },
        {
          name: "big",
          roles: both,
          rack: "r2",
          heap: "4GiB",
          config: { "num.io.threads": "16", "log.retention.ms": "3600000", "background.threads": "12" },
        },
      ],
    },
    profile: "server",
  },
  "3.9.1-external": {
    spec: {
      kafka: { version: "3.9.1", external: { port: 9194 } },
      nodes: [{ group: "kafka", count: 2, roles: both }],
    },
  },
  "4.3.1-external": { spec: { kafka: { version: "4.3.1", external: {} }, nodes: [{ name: "solo", roles: kraft }] } },
  "3.9.1-connect": {
    spec: {
      kafka: { version: "3.9.1" },
      connect: { heap: "384MiB", jvm: ["-Dx=1"], config: { "key.converter": "org.example.Converter" } },
      nodes: [
        { name: "solo", roles: [...both, "connect"] },
        { name: "worker", roles: ["connect"] },
      ],
    },
  },
  "4.3.1-connect": {
    spec: {
      kafka: { version: "4.3.1" },
      connect: {
        plugins: [
          { maven: "org.apache.kafka:connect-file:4.3.1" },
          { archive: "https://mirror.example.com/x/debezium-connector-postgres-3.6.1.Final-plugin.tar.gz?t=1", sha512 },
          { file: "libs/own.jar", sha512 },
        ],
      },
      nodes: [
        { group: "kafka", count: 2, roles: kraft },
        { name: "worker", roles: ["connect"] },
      ],
    },
    profile: "server",
  },
  "3.9.1-burrow": {
    spec: {
      kafka: { version: "3.9.1" },
      burrow: { version: "1.9.5", archive: "Burrow_1.9.5_linux_amd64.tar.gz", sha512 },
      nodes: [
        { group: "kafka", count: 2, roles: both },
        { name: "watch", roles: ["burrow"] },
      ],
    },
  },
  "4.3.1-burrow": {
    spec: {
      kafka: { version: "4.3.1" },
      artifacts: { mirror: "mirror" },
      burrow: {
        version: "1.9.6",
        clusters: [
          { name: "old", bootstrap: ["k1.example.com:9092", "[fe80::1]:9092"], zookeeper: ["z1:2181", "z2:2181"] },
          { name: "new", bootstrap: ["10.0.1.5:9092"] },
        ],
      },
      nodes: [{ name: "solo", roles: [...kraft, "burrow"] }],
    },
    profile: "server",
  },
  "3.9.1-metrics": {
    spec: {
      kafka: { version: "3.9.1" },
      burrow: { version: "1.9.5", archive: "b.tar.gz", sha512 },
      metrics: {},
      nodes: [
        { name: "solo", roles: both },
        { name: "worker", roles: ["connect", "burrow"] },
      ],
    },
  },
  "4.3.1-metrics": {
    spec: {
      kafka: { version: "4.3.1" },
      metrics: { version: "1.1.0" },
      nodes: [{ group: "kafka", count: 2, roles: [...kraft, "connect"] }],
    },
    profile: "server",
  },
  "3.9.2-kraft-one-node": oneOf("3.9.2", kraft),
  "4.0.2-one-node": oneOf("4.0.2", kraft),
  "4.1.2-one-node": oneOf("4.1.2", kraft),
  "4.2.2-one-node": oneOf("4.2.2", kraft),
  "4.3.1-one-node": oneOf("4.3.1", kraft),
  "4.3.1-three-nodes": { spec: { kafka: { version: "4.3.1" }, nodes: [{ group: "kafka", count: 3, roles: kraft }] } },
  "4.1.2-settings": {
    spec: {
      kafka: { version: "4.1.2", heap: "2GiB", jvm: ["-Dx=a b"], config, clients: { port: 19092 } },
      controller: {
        heap: "1536MiB",
        jvm: ["-Dc=1"],
        config: { "num.network.threads": "2", "metadata.max.retention.bytes": "52428800" },
      },
      nodes: [
        { group: "kafka", count: 2, roles: kraft, rack: "r1" },
        {
          name: "big",
          roles: kraft,
          rack: "r2",
          heap: "4GiB",
          config: { "num.io.threads": "16", "log.retention.ms": "3600000", "background.threads": "12" },
        },
      ],
    },
    profile: "server",
    joining: ["big/controller"],
  },
};

function desiredOf({ spec, profile, joining = [] }: Case): {
  readonly cluster: Cluster;
  readonly desired: DesiredState;
} {
  const parsed = specSchema.parse({ name: "demo", provider: { type: "local" }, ...spec });
  const at = { ...platform, profile: profile ?? platform.profile };
  const cluster = resolveCluster(parsed, at, noKnownIds);
  const voters = membersOf(cluster, "controller").filter(({ key }) => !joining.includes(key));
  const desired = desiredState({
    cluster,
    platform: at,
    java: "/java/bin/java",
    software: (artifact) => {
      if (artifact.name === "connect-plugin") return `/cache/${pluginFolder(artifact)}`;
      return `/cache/${artifact.name === "burrow" ? burrowFolder(artifact) : `${artifact.name}-${artifact.version}`}`;
    },
    classArchive: (artifact) => `/cache/class-archives/${artifact.name}-${artifact.version}.jsa`,
    templates,
    identity: {
      clusterId: "CLUSTER-ID",
      directoryIds: Object.fromEntries(voters.map(({ key, id }) => [key, `DIRECTORY-ID-OF-${id}`])),
    },
  });
  return { cluster, desired };
}

describe.each(Object.entries(cases))("what %s renders", (name, golden) => {
  test("every file and command, to the byte", async () => {
    const text = desiredOf(golden).desired.hosts.flatMap(({ files, processes, storage }) => [
      ...files.map(({ path, mode, content }) => `==> ${path} (${mode.toString(8)}) <==\n${content}`),
      ...storage.map(({ member, argv }) => `==> ${member}: storage <==\n${argv.join("\n")}\n`),
      ...processes.map(
        ({ key, argv }) => `==> ${key}: command <==\n${argv.join("\n").replace(/inputs=[0-9a-f]{24}/, "inputs=…")}\n`,
      ),
    ]);
    await expect(text.join("\n")).toMatchFileSnapshot(join(import.meta.dirname, `../golden/${name}.txt`));
  });

  test("settings that this Kafka knows, with values that it takes", () => {
    const { cluster, desired } = desiredOf(golden);
    const minor = minorOf(cluster.kafkaVersion);
    const servers = desired.hosts.flatMap(({ files }) =>
      files.filter(({ path }) => path.endsWith("/server.properties")),
    );
    const lines = servers.flatMap(({ path, content }) =>
      content
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => [path, line] as const),
    );
    expect(lines.length).toBeGreaterThan(servers.length * 8);
    const wrong = lines.flatMap(([path, line]) => {
      const [, key = "", value = ""] = /^([a-z.]+)=(.*)$/.exec(line) ?? [];
      const info = settingInfo(minor, key);
      const fault = info === null ? "not known" : valueFault(info, value);
      return fault === null ? [] : [[path, line, fault]];
    });
    expect(wrong).toEqual([]);
  });
});

test("every minor has what it renders here, in each of its modes", () => {
  const shown = Object.values(cases).map((golden) => {
    const { kafkaVersion, quorum } = desiredOf(golden).cluster;
    return `${minorOf(kafkaVersion)} ${quorum}`;
  });
  const all = kafkaMinors.flatMap(({ minor, modes }) => modes.map((mode) => `${minor} ${mode}`));
  expect([...new Set(shown)].toSorted()).toEqual(all.toSorted());
});
