/** The schema of `provider`: where the machines come from, one shape for each type. */
import { z } from "zod";
import { cidr, port, settings, text } from "./formats.ts";
import { key } from "./key-info.ts";

const type = {
  doc: "Where the machines come from: `local` is this machine, `ssh` are machines that you have.",
  effect: "replace",
  example: "local",
  laterValues: { aws: "the provider `aws`" },
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

const access = z.strictObject({
  ssh: key(z.array(cidr).optional(), { doc: "Who may reach port 22.", effect: "live", example: "[203.0.113.0/24]" }),
  clients: key(z.array(cidr).optional(), {
    doc: "Who may reach the brokers.",
    effect: "live",
    example: "[10.0.0.0/8]",
  }),
  via: key(text.optional(), { doc: "A bastion to come through.", effect: "none", example: "bastion.example.com" }),
  allowWorld: key(z.array(port).optional(), {
    doc: "Ports that may be open to anywhere.",
    effect: "live",
    example: "[9094]",
  }),
});

const aws = z.strictObject({
  type: key(z.literal("aws"), type),
  region: key(text, { doc: "The AWS region.", effect: "replace", example: "eu-central-1" }),
  profile: key(text.optional(), { doc: "The profile of the AWS configuration.", effect: "none", example: "default" }),
  image: key(text.optional(), {
    doc: "`debian-12`, `ubuntu-24.04`, `amazon-linux-2023` or an AMI id.",
    effect: "replace",
    example: "debian-12",
    also: ["ami"],
  }),
  access: key(access.optional(), { doc: "Who may reach what.", effect: "live" }),
  network: key(z.unknown().optional(), {
    doc: "The VPC and its subnets.",
    effect: "replace",
    also: ["vpc", "subnets", "subnet"],
  }),
  zones: key(z.array(text).optional(), {
    doc: "Availability zones, in the order in which nodes are spread over them.",
    effect: "replace",
    example: "[eu-central-1a]",
    also: ["availabilityZones", "azs"],
  }),
  keyPair: key(text.optional(), { doc: "An EC2 key pair of yours.", effect: "replace", example: "ops" }),
  tags: key(settings.optional(), {
    doc: "Tags of your own on everything that is made.",
    effect: "live",
    verbatim: true,
  }),
  instanceProfile: key(text.optional(), { doc: "The instances' IAM profile.", effect: "live", example: "kafka" }),
  prices: key(z.unknown().optional(), { doc: "Prices, for estimates.", effect: "none" }),
});

export const provider = z.discriminatedUnion("type", [local, ssh, aws]);
