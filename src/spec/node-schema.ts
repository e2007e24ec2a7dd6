/** The schema of one entry of `nodes`: a group of alike machines, or a single one. */
import { z } from "zod";
import { label, roles, settings, size, text } from "./formats.ts";
import { ec2, key, remote } from "./key-info.ts";

/** The types that kctl makes. */
export const volumeTypes = ["gp3", "gp2", "io2", "st1"] as const;

const volume = z.strictObject({
  size: key(size, {
    doc: "The data volume's size; it can grow.",
    effect: "live",
    unit: "size",
    example: "200GiB",
  }),
  type: key(z.enum(volumeTypes).default("gp3"), { doc: "The volume's type.", effect: "live", example: "gp3" }),
  iops: key(z.int().min(1).optional(), {
    doc: "Provisioned IOPS, for `gp3` (where more than its 3000 are wanted) and `io2`.",
    effect: "live",
    example: "6000",
  }),
  throughput: key(z.int().min(1).optional(), {
    doc: "Throughput of a `gp3` volume, where more than its 125 MiB/s are wanted.",
    effect: "live",
    unit: "MiB/s",
    example: "250",
  }),
});

export const node = z.strictObject({
  group: key(label.optional(), {
    doc: "Makes `count` nodes called GROUP-1, GROUP-2 and so on. A node has either `group` or `name`.",
    effect: "replace",
    example: "kafka",
  }),
  count: key(z.int().min(1).max(1000).optional(), {
    doc: "How many nodes the group has.",
    effect: "live",
    example: "3",
    also: ["replicas", "number", "instances"],
  }),
  name: key(label.optional(), {
    doc: "The name of a single node.",
    effect: "replace",
    example: "kafka-1",
    also: ["host", "hostname", "id"],
  }),
  roles: key(z.array(z.enum(roles)).min(1), {
    doc: "What runs on the node; each role is a process of its own.",
    effect: "live",
    example: "[zookeeper, broker]",
    also: ["role", "services", "type"],
  }),
  rack: key(text.optional(), {
    doc: "The node's rack or zone, Kafka's broker.rack: copies of a partition are spread over racks.",
    effect: "restart",
    example: "rack-a",
  }),
  heap: key(size.optional(), {
    doc: "The heap of each JVM on this node, over the one that `kafka`, `zookeeper` and the others give.",
    effect: "restart",
    unit: "size",
    example: "1GiB",
    also: ["memory", "mem", "xmx"],
  }),
  config: key(settings.default({}), {
    doc: "Settings of this node's broker, over those of `kafka.config`.",
    effect: "restart",
    verbatim: true,
    also: ["settings", "properties"],
  }),
  address: key(text.optional(), {
    doc: "Where the machine is: an IP address or a DNS name.",
    effect: "replace",
    on: ["ssh"],
    example: "10.0.0.11",
    also: ["ip"],
  }),
  privateAddress: key(text.optional(), { doc: "Its address inside.", effect: "restart", on: ["ssh"] }),
  publicAddress: key(text.optional(), { doc: "Its address outside.", effect: "restart", on: ["ssh"] }),
  user: key(text.optional(), {
    doc: "Who logs in here, over `provider.user`; on aws, over what kctl knows of the image.",
    effect: "none",
    on: remote,
  }),
  instanceType: key(z.array(text).min(1).optional(), {
    doc: "EC2's instance type, or several in order of preference: the next is taken where one cannot be had. Every node on aws has it.",
    effect: "replace",
    on: ec2,
    orOne: true,
    example: "m7g.large",
  }),
  volume: key(volume.optional(), {
    doc: "The data volume, apart from the machine's own disk.",
    effect: "live",
    on: ec2,
    also: ["disk"],
  }),
  rootSize: key(size.optional(), {
    doc: "Of the machine's own disk, for those that are made from then on: 16GiB by default.",
    effect: "replace",
    unit: "size",
    on: ec2,
    example: "32GiB",
    also: ["rootDisk", "rootVolume"],
  }),
  image: key(text.optional(), {
    doc: "The machine's image, over `provider.image`.",
    effect: "replace",
    on: ec2,
    also: ["ami"],
  }),
  spot: key(z.boolean().optional(), {
    doc: "A spot instance, for clusters that may vanish.",
    effect: "replace",
    on: ec2,
  }),
  zone: key(text.optional(), {
    doc: "The availability zone. Default: those of `provider.zones` in turn.",
    effect: "replace",
    on: ec2,
    example: "eu-central-1a",
  }),
  dataDirs: key(z.array(text).min(1).optional(), {
    doc: "Folders for the broker's data, one for each disk.",
    effect: "replace",
    later: "choosing data folders",
    example: "[/data/1, /data/2]",
    also: ["dataDir", "logDirs", "disks"],
  }),
});
