/**
 * The spec's one schema: type, default, unit, doc and effect of every key. TypeScript's type, the JSON Schema,
 * the reference page and the checks of load.ts all come from here.
 */
import { z } from "zod";
import { advertise, cidr, clusterName, duration, port, settings, text, topicName, version } from "./formats.ts";
import { burrow } from "./burrow-schema.ts";
import { connect, connector } from "./connect-schema.ts";
import { ec2, key, remote } from "./key-info.ts";
import { metrics } from "./metrics-schema.ts";
import { node } from "./node-schema.ts";
import { provider } from "./provider-schema.ts";
import { config, heap, jvm } from "./section-keys.ts";
import { newestKafkas } from "./versions.ts";

const clients = z.strictObject({
  port: key(port.default(9092), {
    doc: "The port that clients come to. On `local` it is the first broker's, moved along by `provider.port`.",
    effect: "restart",
    example: "9092",
  }),
  advertise: key(advertise.optional(), {
    doc: "Which address brokers tell clients. Default: 127.0.0.1 on local, `address` on ssh, `private` on aws.",
    effect: "restart",
    on: remote,
    example: "private",
  }),
});

const external = z.strictObject({
  port: key(port.default(9094), {
    doc: "Its port. On `local` it moves along with `provider.port`, as all do.",
    effect: "restart",
    example: "9094",
  }),
  advertise: key(advertise.default("public"), {
    doc: "Which address it tells clients: the node's `publicAddress`, `privateAddress`, `address` or name.",
    effect: "restart",
    on: remote,
    example: "public",
  }),
  from: key(z.array(cidr).optional(), {
    doc: "Who may reach it, where kctl makes the rules of the network; elsewhere firewalls of your own decide, and kctl warns of that.",
    effect: "live",
    orOne: true,
    example: "[203.0.113.0/24]",
  }),
});

const kafka = z.strictObject({
  version: key(version, {
    doc: "The version of Kafka, in full. It has no default: a newer kctl never moves your cluster to another Kafka by itself.",
    effect: "restart",
    example: "3.9.1",
  }),
  heap: heap("broker", "512MiB on `local`"),
  config: config("Settings of the brokers, as they are spelled in server.properties, and taken as they are written."),
  jvm,
  clients: key(clients.prefault({}), { doc: "The listener for clients.", effect: "restart" }),
  external: key(external.optional(), {
    doc: "A second listener, for clients outside, which are told other addresses than those that `clients` serves. `external: {}` is enough. It is as open as the network lets it be.",
    effect: "restart",
  }),
});

const zookeeper = z.strictObject({
  version: key(version.optional(), {
    doc: "The version of ZooKeeper, in full. Default: the one that this Kafka brings.",
    effect: "restart",
    example: "3.8.4",
  }),
  heap: heap("ZooKeeper server", "128MiB on `local`"),
  config: config("Settings of the ZooKeeper servers, as they are spelled in zoo.cfg, and taken as they are written."),
  jvm,
});

const controller = z.strictObject({
  heap: heap("controller", "256MiB on `local`"),
  config: config("Settings of the KRaft controllers, over those of `kafka.config`, which hold for them too."),
  jvm,
});

const topic = z.strictObject({
  name: key(topicName, { doc: "The topic's name.", effect: "replace", example: "orders" }),
  partitions: key(z.int().min(1).optional(), {
    doc: "How many partitions; they can grow. Default: Kafka's `num.partitions` where it is created.",
    effect: "live",
    example: "6",
  }),
  replicas: key(z.int().min(1).optional(), {
    doc: "How many copies of each partition; `kctl topics apply` moves them. Default: Kafka's `default.replication.factor` where it is created.",
    effect: "live",
    example: "3",
    also: ["replicationFactor"],
  }),
  config: config("The topic's settings.", "live"),
  delete: key(z.boolean().optional(), {
    doc: "Delete the topic, with its records: `kctl topics apply` does, after a question; `up` does not.",
    effect: "live",
    example: "true",
  }),
});

const artifacts = z.strictObject({
  mirror: key(text, {
    doc: "A URL or a folder to take artifacts from before any other source: archives with a .sha512 beside each, named as in the cache's archives/.",
    effect: "none",
    example: "https://mirror.example.com/apache",
    also: ["url", "source"],
  }),
});

const java = z.strictObject({
  home: key(text.optional(), {
    doc: "The Java to use: a folder with `bin/java`.",
    effect: "restart",
    example: "/usr/lib/jvm/java-17-openjdk",
    also: ["path"],
  }),
  version: key(z.int().min(8).max(99).optional(), {
    doc: "The major version of the Java to look for, and to fetch where there is none.",
    effect: "restart",
    example: "17",
  }),
  profile: key(z.enum(["laptop", "server"]).optional(), {
    doc: "How the JVMs are set up: `laptop` starts soonest and stays smallest (serial collector, C1), `server` is for production (G1, C2, the whole heap from the start). Default: `laptop` on local.",
    effect: "restart",
    example: "server",
  }),
  archive: key(z.boolean().default(true), {
    doc: "Start servers from an archive of their loaded classes (AppCDS), made once for each Kafka and Java and kept in the cache: they start in about two thirds of the time. From Java 11 on.",
    effect: "restart",
    example: "false",
    also: ["cds", "appcds", "classDataSharing"],
  }),
});

export const specSchema = z.strictObject({
  name: key(clusterName, { doc: "The cluster's name.", effect: "replace", example: "demo", also: ["cluster"] }),
  protected: key(z.boolean().default(false), {
    doc: "`destroy` refuses while this is true.",
    effect: "none",
    example: "true",
  }),
  ttl: key(duration.optional(), {
    doc: "How long the cluster is meant to live: its machines end themselves then, whether or not anybody remembers them.",
    effect: "live",
    unit: "duration",
    on: ec2,
    example: "4h",
  }),
  artifacts: key(artifacts.optional(), { doc: "Where artifacts come from.", effect: "none", also: ["mirror"] }),
  java: key(java.optional(), {
    doc: "Which Java runs the servers. Default: JAVA_HOME's, the one on PATH, one in the usual places, else a Temurin JRE that kctl fetches. On machines of their own: one that is there, else the distribution's package, else such a JRE.",
    effect: "restart",
    also: ["jdk", "jre"],
  }),
  sysctl: key(settings.optional(), {
    doc: "Kernel settings of the hosts.",
    effect: "live",
    verbatim: true,
    on: remote,
  }),
  provider: key(provider, {
    doc: "Where the machines come from.",
    effect: "replace",
    example: "{ type: local }",
    also: ["platform", "cloud"],
  }),
  kafka: key(kafka, { doc: "The brokers.", effect: "restart", also: ["broker", "brokers"] }),
  zookeeper: key(zookeeper.prefault({}), { doc: "The ZooKeeper servers.", effect: "restart", also: ["zk"] }),
  controller: key(controller.optional(), {
    doc: "The KRaft controllers.",
    effect: "restart",
    also: ["controllers", "kraft"],
  }),
  nodes: key(z.array(node).min(1), {
    doc: "The machines, and what runs on each.",
    effect: "live",
    example: "[{ group: kafka, count: 3, roles: [zookeeper, broker] }]",
    also: ["hosts", "servers", "machines", "instances", "groups", "node"],
  }),
  topics: key(z.array(topic).optional(), {
    doc: "Topics as they should be. Those that are not here are left alone.",
    effect: "live",
  }),
  prune: key(z.boolean().default(false), {
    doc: "Delete topics that kctl made and that are no longer among `topics`: `kctl topics apply` does, after a question; `up` does not.",
    effect: "live",
    example: "true",
  }),
  burrow: key(burrow.optional(), {
    doc: "Burrow, which watches the lag of consumer groups: it runs on the nodes with the role `burrow`.",
    effect: "restart",
    also: ["lag", "lagMonitor"],
  }),
  connect: key(connect.optional(), {
    doc: "The workers of Kafka Connect: they run on the nodes with the role `connect`.",
    effect: "restart",
    also: ["kafkaConnect", "worker", "workers"],
  }),
  connectors: key(z.array(connector).optional(), {
    doc: "Connectors as `kctl connectors apply` makes them. Those that are not here are left alone.",
    effect: "live",
    example:
      "[{ name: orders-to-file, class: org.apache.kafka.connect.file.FileStreamSinkConnector, config: { topics: orders, file: /tmp/orders.txt } }]",
    also: ["connector"],
  }),
  metrics: key(metrics.optional(), {
    doc: "Every JVM tells Prometheus its metrics, by the JMX exporter: ZooKeeper servers on port 7070, brokers on 7071, controllers on 7072, workers of Connect on 7073. `kctl metrics` writes what Prometheus and Grafana need.",
    effect: "restart",
    orTrue: true,
    example: "true",
    also: ["prometheus", "jmx", "jmxExporter", "monitoring", "exporter"],
  }),
});

/** Of a cluster that kctl does not manage: it has no nodes, and its version only says which settings topics may have. */
export const externalSchema = specSchema.extend({
  kafka: kafka.extend({ version: version.default(newestKafkas().at(-1) ?? "") }).prefault({}),
  nodes: z.array(node).max(0).default([]),
});

export type Spec = z.output<typeof specSchema>;
