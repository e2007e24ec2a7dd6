/**
 * The spec's one schema: type, default, unit, doc and effect of every key. TypeScript's type, the JSON Schema,
 * the reference page and the checks of load.ts all come from here.
 */
import { z } from "zod";
import { roles } from "../cluster/cluster.ts";

/** What a change of the key does to a running cluster. */
export type Effect = "none" | "live" | "restart" | "replace";

export type KeyInfo = {
  readonly doc: string;
  readonly effect: Effect;
  readonly unit?: string;
  /** Set while the key's feature is not built: the sentence that refuses it starts with this. */
  readonly later?: string;
  /** Scalars below are taken as they are spelled (`012`, `1e3`), since they go to a file of Kafka's own. */
  readonly verbatim?: boolean;
};

function key<T extends z.ZodType>(schema: T, info: KeyInfo): T {
  return schema.meta(info);
}

const sizeUnits = { MiB: 1, GiB: 1024, TiB: 1024 * 1024 } as const;

/** `512MiB`, `4GiB`; in MiB once read. */
const size = z
  .string()
  .regex(/^[1-9][0-9]{0,6}(MiB|GiB|TiB)$/, "a size such as 512MiB or 4GiB")
  .transform((text) => Number.parseInt(text, 10) * sizeUnits[text.slice(-3) as keyof typeof sizeUnits]);

const durationUnits = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `30s`, `10m`, `4h`, `2d`; in seconds once read. */
export const duration = z
  .string()
  .regex(/^[1-9][0-9]{0,6}[smhd]$/, "a duration such as 30s, 10m or 4h")
  .transform((text) => Number.parseInt(text, 10) * durationUnits[text.slice(-1) as keyof typeof durationUnits]);

const port = z.int().min(1).max(65_535);
const version = z.string().regex(/^[0-9]+\.[0-9]+\.[0-9]+$/, "a version of three numbers, such as 3.9.1");
/** RFC 1123's label, in lower case: what a host may be called. */
const label = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "a host name: lower-case letters, digits and inner hyphens, 63 at most");
/** A cluster's name stands in unit names, paths and tags. */
const clusterName = z
  .string()
  .max(40)
  .regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/, "lower-case letters, digits and inner hyphens, a letter first, 40 at most");
const cidr = z.string().regex(/^[0-9a-fA-F.:]+\/[0-9]{1,3}$|^auto$/, "a range of addresses such as 10.0.0.0/8");
const config = z.record(z.string().min(1), z.string());
const jvm = z.array(z.string().regex(/^-[^\s"'\\]+$/, "a flag of the JVM, such as -XX:+UseZGC"));
const advertise = z.enum(["name", "address", "private", "public"]);

const local = z.strictObject({
  type: z.literal("local"),
  port: key(port.default(9092), {
    doc: "Clients' port of the first broker; every other port moves along with it.",
    effect: "restart",
  }),
  folder: key(z.string().min(1).default(".kctl"), {
    doc: "Where clusters live, seen from the spec's folder.",
    effect: "replace",
  }),
});

const ssh = z.strictObject({
  type: z.literal("ssh"),
  user: key(z.string().min(1).optional(), { doc: "Who logs in.", effect: "none" }),
  port: key(port.default(22), { doc: "sshd's port.", effect: "none" }),
  identityFile: key(z.string().min(1).optional(), { doc: "The private key.", effect: "none" }),
  knownHosts: key(z.string().min(1).optional(), { doc: "The file of known host keys.", effect: "none" }),
  jump: key(z.string().min(1).optional(), { doc: "A host to go through.", effect: "none" }),
});

const access = z.strictObject({
  ssh: key(z.array(cidr).optional(), { doc: "Who may reach port 22.", effect: "live" }),
  clients: key(z.array(cidr).optional(), { doc: "Who may reach the brokers.", effect: "live" }),
  via: key(z.string().optional(), { doc: "A bastion.", effect: "none" }),
  allowWorld: key(z.array(port).optional(), { doc: "Ports that may be open to anywhere.", effect: "live" }),
});

const aws = z.strictObject({
  type: z.literal("aws"),
  region: key(z.string().min(1), { doc: "The AWS region.", effect: "replace" }),
  profile: key(z.string().min(1).optional(), { doc: "The profile of the AWS configuration.", effect: "none" }),
  image: key(z.string().min(1).optional(), {
    doc: "debian-12, ubuntu-24.04, amazon-linux-2023 or an AMI id.",
    effect: "replace",
  }),
  access: key(access.optional(), { doc: "Who may reach what.", effect: "live" }),
  network: key(z.unknown().optional(), { doc: "The VPC and its subnets.", effect: "replace" }),
  zones: key(z.array(z.string()).optional(), {
    doc: "Availability zones, in the order in which nodes are spread.",
    effect: "replace",
  }),
  keyPair: key(z.string().optional(), { doc: "The key pair.", effect: "replace" }),
  tags: key(z.record(z.string(), z.string()).optional(), { doc: "Tags of your own on everything.", effect: "live" }),
  instanceProfile: key(z.string().optional(), { doc: "The instances' IAM profile.", effect: "live" }),
  prices: key(z.unknown().optional(), { doc: "Prices, for estimates.", effect: "none" }),
});

export const provider = z.discriminatedUnion("type", [local, ssh, aws]);

const clients = z.strictObject({
  port: key(port.default(9092), { doc: "The port that clients come to.", effect: "restart" }),
  advertise: key(advertise.optional(), {
    doc: "Which address brokers tell clients. Default: 127.0.0.1 on local, `address` on ssh, `private` on aws.",
    effect: "restart",
    later: "advertising another address",
  }),
});

const external = z.strictObject({
  port: key(port.default(9094), { doc: "The port of the external listener.", effect: "restart" }),
  advertise: key(advertise.default("public"), { doc: "Which address it tells.", effect: "restart" }),
  from: key(z.array(cidr).optional(), { doc: "Who may reach it.", effect: "live" }),
});

const heap = { doc: "The heap of each server's JVM.", effect: "restart", unit: "size" } as const;
const jvmDoc = { doc: "Further flags of the JVM, after kctl's own.", effect: "restart" } as const;

const kafka = z.strictObject({
  version: key(version, {
    doc: "The version of Kafka. It has no default, so that it never changes under you.",
    effect: "restart",
  }),
  heap: key(size.optional(), heap),
  config: key(config.default({}), {
    doc: "Settings of the brokers, as they are spelled in server.properties.",
    effect: "restart",
    verbatim: true,
  }),
  jvm: key(jvm.default([]), jvmDoc),
  clients: key(clients.prefault({}), { doc: "The listener for clients.", effect: "restart" }),
  external: key(external.optional(), {
    doc: "A second listener for clients outside.",
    effect: "restart",
    later: "an external listener",
  }),
});

const zookeeper = z.strictObject({
  version: key(version.optional(), {
    doc: "The version of ZooKeeper. Default: the one in Kafka's own libs.",
    effect: "restart",
  }),
  heap: key(size.optional(), heap),
  config: key(config.default({}), { doc: "Settings of zoo.cfg.", effect: "restart", verbatim: true }),
  jvm: key(jvm.default([]), jvmDoc),
});

const controller = z.strictObject({
  heap: key(size.optional(), heap),
  config: key(config.default({}), { doc: "Settings of the KRaft controllers.", effect: "restart", verbatim: true }),
  jvm: key(jvm.default([]), jvmDoc),
});

const volume = z.strictObject({
  size: key(size, { doc: "The data volume's size; it can grow.", effect: "live" }),
  type: key(z.string().default("gp3"), { doc: "The volume's type.", effect: "live" }),
  iops: key(z.int().positive().optional(), { doc: "Provisioned IOPS.", effect: "live" }),
  throughput: key(z.int().positive().optional(), { doc: "Throughput in MiB/s.", effect: "live" }),
});

const remote = "machines of your own or on EC2";

const node = z.strictObject({
  group: key(label.optional(), { doc: "Makes `count` nodes called GROUP-1, GROUP-2 and so on.", effect: "replace" }),
  count: key(z.int().min(1).max(1000).optional(), { doc: "How many nodes the group has.", effect: "live" }),
  name: key(label.optional(), { doc: "The name of a single node.", effect: "replace" }),
  roles: key(z.array(z.enum(roles)).min(1), {
    doc: "What runs on the node; each role is a process of its own.",
    effect: "live",
  }),
  rack: key(z.string().min(1).optional(), { doc: "broker.rack: replicas are spread over racks.", effect: "restart" }),
  heap: key(size.optional(), {
    doc: "The heap of the node's JVMs, over the cluster's.",
    effect: "restart",
    unit: "size",
  }),
  config: key(config.default({}), {
    doc: "Settings of the node's broker, over the cluster's.",
    effect: "restart",
    verbatim: true,
  }),
  address: key(z.string().min(1).optional(), { doc: "Where the machine is.", effect: "replace", later: remote }),
  privateAddress: key(z.string().min(1).optional(), { doc: "Its address inside.", effect: "restart", later: remote }),
  publicAddress: key(z.string().min(1).optional(), { doc: "Its address outside.", effect: "restart", later: remote }),
  user: key(z.string().min(1).optional(), { doc: "Who logs in here.", effect: "none", later: remote }),
  instanceType: key(z.union([z.string(), z.array(z.string()).min(1)]).optional(), {
    doc: "EC2's instance type, or several in order of preference.",
    effect: "replace",
    later: remote,
  }),
  volume: key(volume.optional(), { doc: "The data volume.", effect: "live", later: remote }),
  image: key(z.string().min(1).optional(), { doc: "The machine's image.", effect: "replace", later: remote }),
  spot: key(z.boolean().optional(), { doc: "A spot instance, for test clusters.", effect: "replace", later: remote }),
  zone: key(z.string().min(1).optional(), { doc: "The availability zone.", effect: "replace", later: remote }),
  dataDirs: key(z.array(z.string().min(1)).min(1).optional(), {
    doc: "Folders for the broker's data, one for each disk.",
    effect: "replace",
    later: "data folders of your choice",
  }),
});

const topic = z.strictObject({
  name: key(
    z
      .string()
      .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/, "letters, digits, dots, hyphens and underscores, 249 at most"),
    { doc: "The topic's name.", effect: "replace" },
  ),
  partitions: key(z.int().min(1).optional(), { doc: "How many partitions; they can grow.", effect: "live" }),
  replicas: key(z.int().min(1).optional(), { doc: "How many copies of each partition.", effect: "live" }),
  config: key(config.default({}), { doc: "The topic's settings.", effect: "live", verbatim: true }),
  delete: key(z.boolean().optional(), { doc: "Delete the topic.", effect: "live" }),
});

export const specSchema = z.strictObject({
  name: key(clusterName, { doc: "The cluster's name.", effect: "replace" }),
  protected: key(z.boolean().default(false), { doc: "`destroy` refuses while this is true.", effect: "none" }),
  ttl: key(duration.optional(), {
    doc: "How long the cluster is meant to live.",
    effect: "none",
    unit: "duration",
    later: "a cluster's time to live",
  }),
  artifacts: key(
    z
      .strictObject({
        mirror: key(z.string().min(1), {
          doc: "A URL or a folder to take artifacts from before any other source.",
          effect: "none",
        }),
      })
      .optional(),
    { doc: "Where artifacts come from.", effect: "none" },
  ),
  java: key(
    z
      .strictObject({
        home: key(z.string().min(1).optional(), { doc: "The Java to use: a folder with bin/java.", effect: "restart" }),
        version: key(z.int().min(8).max(99).optional(), { doc: "The Java version to look for.", effect: "restart" }),
      })
      .optional(),
    { doc: "Which Java runs the servers.", effect: "restart" },
  ),
  sysctl: key(config.optional(), {
    doc: "Kernel settings of the hosts.",
    effect: "live",
    verbatim: true,
    later: remote,
  }),
  provider: key(provider, { doc: "Where the machines come from.", effect: "replace" }),
  kafka: key(kafka, { doc: "Kafka.", effect: "restart" }),
  zookeeper: key(zookeeper.prefault({}), { doc: "The ZooKeeper ensemble.", effect: "restart" }),
  controller: key(controller.optional(), { doc: "The KRaft controllers.", effect: "restart", later: "KRaft" }),
  nodes: key(z.array(node).min(1), { doc: "The machines and what runs on them.", effect: "live" }),
  topics: key(z.array(topic).optional(), { doc: "Topics.", effect: "live", later: "managing topics" }),
  burrow: key(z.unknown().optional(), { doc: "Burrow.", effect: "restart", later: "Burrow" }),
  connect: key(z.unknown().optional(), { doc: "Kafka Connect.", effect: "restart", later: "Kafka Connect" }),
  connectors: key(z.unknown().optional(), { doc: "Connectors.", effect: "live", later: "Kafka Connect" }),
  metrics: key(z.boolean().optional(), { doc: "Metrics.", effect: "restart", later: "metrics" }),
});

export type Spec = z.output<typeof specSchema>;
