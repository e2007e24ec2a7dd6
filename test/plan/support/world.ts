/** Worlds for tests of plans: what a spec wants, and machines on which everything is as some spec wanted it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { noKnownIds } from "../../../src/cluster/known-ids.ts";
import type { Platform } from "../../../src/cluster/platform.ts";
import { resolveCluster } from "../../../src/cluster/resolve.ts";
import { contentDigest } from "../../../src/plan/content-digest.ts";
import { kafkaChanges } from "../../../src/plan/kafka-changes.ts";
import type { PlanInput } from "../../../src/plan/make-plan.ts";
import type { ObservedHost, ObservedKafka, ObservedState } from "../../../src/plan/observed.ts";
import { identityOf, knownIdsOf, nextReceipt, receiptText, type Receipt } from "../../../src/plan/receipt.ts";
import type { DesiredHost } from "../../../src/services/desired.ts";
import { burrowFolder } from "../../../src/services/burrow-artifact.ts";
import { desiredState } from "../../../src/services/desired-state.ts";
import { specSchema } from "../../../src/spec/schema.ts";

export const platform: Platform = {
  provider: "local",
  root: "/k",
  folders: {
    config: "/k/{node}/{role}/config",
    data: "/k/{node}/{role}/data",
    log: "/k/{node}/{role}/log",
    run: "/k/{node}/{role}/run",
  },
  sharedAddress: "127.0.0.1",
  portShift: 0,
  portStep: 10,
  profile: "laptop",
  machine: null,
  nodes: null,
};

const templates = {
  "kafka-log4j.properties": "broker",
  "kafka-log4j2.yaml": "broker",
  "connect-log4j.properties": "connect",
  "connect-log4j2.yaml": "connect",
  "burrow.toml": readFileSync(join(import.meta.dirname, "../../../templates/burrow.toml"), "utf8"),
  "zookeeper-log4j.properties": "zookeeper",
  "zookeeper-logback.xml": "",
  "server.service": "",
  "hosts.service": "",
  "restore-hosts.sh": "",
  "volume.mount": "",
  "metrics-kafka.yaml": "kafka",
  "metrics-zookeeper.yaml": "zookeeper",
  "metrics-connect.yaml": "connect",
};

export type World = Omit<PlanInput, "observed">;

/** What is not in the spec's own text: the machine, and what Kafka says of itself. */
export type Around = { readonly platform?: Platform; readonly java?: string; readonly kafka?: ObservedKafka };

export function world(
  spec: object = {},
  former: Receipt | null = null,
  { platform: at = platform, java = "/java", kafka: seen = { state: "new" } }: Around = {},
  texts: Partial<typeof templates> = {},
): World {
  const parsed = specSchema.parse({
    name: "demo",
    provider: { type: "local" },
    kafka: { version: "3.9.1" },
    nodes: [{ group: "n", count: 3, roles: ["zookeeper", "broker"] }],
    ...spec,
  });
  const cluster = resolveCluster(parsed, at, former === null ? noKnownIds : knownIdsOf(former));
  let ids = 0;
  const identity = identityOf(cluster, former, null, () => `fresh-${++ids}`);
  const desired = desiredState({
    cluster,
    platform: at,
    java,
    software: (artifact) => {
      if (artifact.name === "burrow") return `/cache/${burrowFolder(artifact)}`;
      return artifact.name === "zookeeper"
        ? `/cache/zookeeper-${artifact.version}-bin`
        : `/cache/${artifact.name}-${artifact.version}`;
    },
    classArchive: ({ name }) => (parsed.java?.archive === false ? null : `/cache/${name}.jsa`),
    templates: { ...templates, ...texts },
    identity,
  });
  const kafka = kafkaChanges({ cluster, desired, kafka: seen, former });
  const made = { java, cache: "/cache", identity };
  const next = nextReceipt({ cluster, desired, made, stored: {}, kafka: kafka.receipt }, former);
  return { root: at.root, cluster, desired, kafka, receipt: { former, next } };
}

export const nothing: ObservedState = {
  artifacts: {},
  classArchives: {},
  hosts: {},
  receipt: null,
  kafka: { state: "new" },
};

/** A host on which everything is as wanted. */
function asWanted(
  { node, files, folders, processes, storedIds }: DesiredHost,
  ids: Readonly<Record<string, number>>,
): ObservedHost {
  return {
    node,
    files: Object.fromEntries(
      files.map(({ path, content, mode }) => [path, { kind: "file", digest: contentDigest(content), mode, content }]),
    ),
    folders: Object.fromEntries(folders.map(({ path, mode }) => [path, { kind: "folder", mode }])),
    processes: Object.fromEntries(
      processes.map(({ key, inputs, argv }, index) => [
        key,
        { state: "running", pid: 100 + index, birth: "b", inputs, program: argv[0] ?? null },
      ]),
    ),
    ports: {},
    identities: Object.fromEntries(
      storedIds.map(({ member }) => [member, { id: ids[member] ?? null, clusterId: null, directoryId: null }]),
    ),
  };
}

/** Everything runs and is as wanted; `kafka` is what Kafka says. */
export function running(
  { desired, receipt }: World,
  kafka: ObservedKafka = { state: "unknown", silent: [] },
): ObservedState {
  return {
    artifacts: Object.fromEntries(desired.artifacts.map(({ name, version }) => [`${name} ${version}`, true])),
    classArchives: Object.fromEntries(desired.classArchives.map(({ path }) => [path, true])),
    hosts: Object.fromEntries(desired.hosts.map((host) => [host.node, asWanted(host, receipt.next.members)])),
    receipt: receiptText(receipt.next),
    kafka,
  };
}

/** The same state, with one host changed. */
export function changed(
  state: ObservedState,
  node: string,
  change: (host: ObservedHost) => Partial<ObservedHost>,
): ObservedState {
  const host = state.hosts[node];
  if (host === undefined) throw new Error(`no host ${node}`);
  return { ...state, hosts: { ...state.hosts, [node]: { ...host, ...change(host) } } };
}
