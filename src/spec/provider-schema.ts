/** The schema of `provider`: where the machines come from, one shape for each type. */
import { z } from "zod";
import { brokerAddress, cidr, cidrOrAuto, port, settings, text } from "./formats.ts";
import { key } from "./key-info.ts";

const type = {
  doc: "Where the machines come from: `local` is this machine, `ssh` are machines that you have, `aws` makes EC2 instances; `external` is a cluster that kctl does not manage.",
  effect: "replace",
  example: "local",
} as const;

const local = z.strictObject({
  type: key(z.literal("local"), type),
  port: key(port.default(9092), {
    doc: "The clients' port of broker 1. Every other port of the cluster moves along with it, so two clusters on one machine differ in this.",
    effect: "restart",
    example: "9192",
  }),
  folder: key(text.default(".kctl"), {
    doc: "Where clusters live, seen from the spec's folder.",
    effect: "replace",
    example: ".kctl",
    also: ["dir", "directory", "path", "root"],
  }),
});

const ssh = z.strictObject({
  type: key(z.literal("ssh"), type),
  user: key(text.optional(), {
    doc: "Who logs in: root, or somebody with sudo.",
    effect: "none",
    example: "root",
    also: ["username", "login"],
  }),
  port: key(port.default(22), { doc: "The port of sshd.", effect: "none", example: "22" }),
  identityFile: key(text.optional(), {
    doc: "The private key.",
    effect: "none",
    example: "~/.ssh/id_ed25519",
    also: ["key", "privateKey", "keyFile"],
  }),
  knownHosts: key(text.optional(), {
    doc: "The file of known host keys. Default: SSH's own.",
    effect: "none",
    example: "~/.ssh/known_hosts",
  }),
  jump: key(text.optional(), {
    doc: "A host to go through.",
    effect: "none",
    example: "bastion.example.com",
    also: ["bastion", "proxyJump"],
  }),
});

/** Images that kctl finds by name; anything else is an AMI's id. */
export const imageNames = ["debian-12", "debian-13", "ubuntu-24.04", "ubuntu-22.04", "amazon-linux-2023"] as const;

const access = z.strictObject({
  ssh: key(z.array(cidrOrAuto).default(["auto"]), {
    doc: "Who may reach port 22. `auto` is the address that you come from.",
    effect: "live",
    orOne: true,
    example: "[203.0.113.0/24]",
  }),
  clients: key(z.array(cidr).default([]), {
    doc: "Who may reach the brokers' port for clients.",
    effect: "live",
    orOne: true,
    example: "[10.0.0.0/8]",
  }),
  via: key(text.optional(), {
    doc: "How kctl reaches the machines: `public`, `private`, or a bastion as `USER@HOST:PORT`. Default: by the public address where an instance has one, else by the private one.",
    effect: "none",
    example: "admin@bastion.example.com",
    also: ["bastion", "jump"],
  }),
  allowWorld: key(z.array(port).default([]), {
    doc: "Ports that may be open to everybody. kctl refuses a world that reaches ZooKeeper, controllers or the brokers' own port unless the port stands here, and does not warn of those that do.",
    effect: "live",
    orOne: true,
    example: "[9092]",
  }),
});

const network = z.strictObject({
  vpc: key(text.optional(), { doc: "The VPC to use.", effect: "replace", example: "vpc-0a1b2c3d4e5f60718" }),
  subnets: key(z.array(text).min(1).optional(), {
    doc: "Its subnets to use. Default: one of each zone.",
    effect: "replace",
    orOne: true,
    example: "[subnet-0a1b2c3d4e5f60718]",
    also: ["subnet"],
  }),
  create: key(cidr.optional(), {
    doc: "Make a VPC of the cluster's own with these addresses, a subnet in each zone; `destroy` removes it.",
    effect: "replace",
    example: "10.20.0.0/16",
  }),
});

const aws = z.strictObject({
  type: key(z.literal("aws"), type),
  region: key(text, { doc: "The AWS region.", effect: "replace", example: "eu-central-1" }),
  profile: key(text.optional(), { doc: "The profile of the AWS configuration.", effect: "none", example: "default" }),
  image: key(text.default("debian-12"), {
    doc: `What the machines start from: ${imageNames.map((name) => `\`${name}\``).join(", ")} (the newest of its makers'), or an AMI's id. A machine that is there keeps its own.`,
    effect: "replace",
    example: "debian-12",
    also: ["ami"],
  }),
  access: key(access.prefault({}), { doc: "Who may reach what.", effect: "live" }),
  network: key(network.optional(), {
    doc: "The VPC and its subnets: given ones, or one of the cluster's own. Default: the account's default VPC.",
    effect: "replace",
    also: ["vpc", "subnets", "subnet"],
  }),
  zones: key(z.array(text).min(1).optional(), {
    doc: "Availability zones, in the order in which nodes are spread over them. Default: those that the region offers you.",
    effect: "replace",
    orOne: true,
    example: "[eu-central-1a]",
    also: ["availabilityZones", "azs"],
  }),
  placement: key(z.enum(["zones", "spread", "partition"]).default("zones"), {
    doc: "How machines are kept apart: over `zones`, and with `spread` or `partition` in a placement group besides, so that no two share hardware. Machines that are there stay where they are.",
    effect: "replace",
    example: "spread",
    also: ["placementGroup"],
  }),
  keyPair: key(text.optional(), {
    doc: "An EC2 key pair of yours by name, or the file of a public key to import (with a `/` in it, or ending in `.pub`). Default: kctl makes one.",
    effect: "replace",
    example: "~/.ssh/id_ed25519.pub",
    also: ["key", "keyName", "sshKey"],
  }),
  tags: key(settings.default({}), {
    doc: "Tags of your own on everything that is made, also on what is there already; one that is taken out here stays where it is.",
    effect: "live",
    verbatim: true,
  }),
  instanceProfile: key(text.optional(), {
    doc: "The instances' IAM profile, by name or ARN; machines that are there keep theirs.",
    effect: "replace",
    example: "kafka",
  }),
  terminationProtection: key(z.boolean().default(false), {
    doc: "EC2 refuses to terminate the machines, whoever asks; kctl takes the protection off where a plan says so.",
    effect: "live",
    example: "true",
    also: ["disableApiTermination"],
  }),
  prices: key(z.record(z.string(), z.number().positive()).default({}), {
    doc: "What things cost, for `plan`: an instance type in USD an hour, a volume type in USD for a GiB and month (`gp3-iops` and `gp3-throughput`: for one more of those than come with it).",
    effect: "none",
    example: "{ m7g.large: 0.1004, gp3: 0.0912 }",
  }),
});

const tls = z.strictObject({
  ca: key(text.optional(), {
    doc: "The file with the certificates of the authorities that may have signed the brokers' (PEM). Default: those that Node.js brings.",
    effect: "none",
    example: "ca.pem",
    also: ["caFile", "truststore", "ssl.ca.location"],
  }),
  cert: key(text.optional(), {
    doc: "The file of the certificate by which brokers know who comes (PEM), with the further ones of its chain.",
    effect: "none",
    example: "client.pem",
    also: ["certificate", "certFile", "ssl.certificate.location"],
  }),
  key: key(text.optional(), {
    doc: "The file of its private key (PEM, without a passphrase).",
    effect: "none",
    example: "client-key.pem",
    also: ["keyFile", "ssl.key.location"],
  }),
});

const secret = z.strictObject({
  file: key(text.optional(), {
    doc: "The file that has it; a line break at its end is no part of it.",
    effect: "none",
    example: "/run/secrets/kafka-password",
    also: ["path"],
  }),
  env: key(text.optional(), {
    doc: "The environment variable that has it.",
    effect: "none",
    example: "KAFKA_PASSWORD",
    also: ["variable", "environment"],
  }),
});

const sasl = z.strictObject({
  mechanism: key(z.enum(["plain", "scram-sha-256", "scram-sha-512"]), {
    doc: "How the password is proved. `plain` sends it, so that it wants `tls`.",
    effect: "none",
    example: "scram-sha-512",
    also: ["type"],
  }),
  username: key(text, {
    doc: "Who logs in; of a SaaS Kafka, the API key.",
    effect: "none",
    example: "alice",
    also: ["user", "login"],
  }),
  password: key(
    z.strictObject({ secret: key(secret, { doc: "Where it lies: one of these.", effect: "none", secret: true }) }),
    {
      doc: "The password, or the API key's secret; never itself.",
      effect: "none",
      secret: true,
      example: "{ secret: { env: KAFKA_PASSWORD } }",
      also: ["pass"],
    },
  ),
});

const external = z.strictObject({
  type: key(z.literal("external"), type),
  bootstrap: key(z.array(brokerAddress).min(1), {
    doc: "Brokers to begin with; they name the others.",
    effect: "none",
    orOne: true,
    example: "[broker.example.com:9092]",
    also: ["bootstrapServers", "bootstrap.servers", "brokers", "servers"],
  }),
  tls: key(tls.optional(), {
    doc: "Speak TLS with the brokers, which must have certificates for the names by which they are reached. `true` where its keys' defaults will do.",
    effect: "none",
    orTrue: true,
    example: "true",
    also: ["ssl"],
  }),
  sasl: key(sasl.optional(), { doc: "Log in.", effect: "none", also: ["auth", "login"] }),
});

export const provider = z.discriminatedUnion("type", [local, ssh, aws, external]);
