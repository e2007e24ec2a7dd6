/** The schema of Burrow: which one, where from, and what it watches. */
import { z } from "zod";
import { brokerAddress, clusterName, sha512, text, version } from "./formats.ts";
import { key } from "./key-info.ts";

const cluster = z.strictObject({
  name: key(clusterName, {
    doc: "What Burrow calls it.",
    effect: "restart",
    example: "payments",
  }),
  bootstrap: key(z.array(brokerAddress).min(1), {
    doc: "Some of its brokers. Burrow starts only once one of them answers.",
    effect: "restart",
    orOne: true,
    example: "[10.0.1.5:9092, 10.0.1.6:9092]",
    also: ["brokers", "servers", "bootstrapServers"],
  }),
  zookeeper: key(z.array(brokerAddress).default([]), {
    doc: "Its ZooKeeper servers, where old consumers still keep offsets.",
    effect: "restart",
    orOne: true,
    example: "[10.0.1.5:2181]",
    also: ["zookeepers", "zookeeperServers"],
  }),
});

export const burrow = z.strictObject({
  version: key(version, { doc: "The version of Burrow: 1.9.5 or later.", effect: "restart", example: "1.9.5" }),
  archive: key(text.optional(), {
    doc: "Its release for the machines that run it, a .tar.gz: a path or a web address. Without it `artifacts.mirror` has `burrow-VERSION.tar.gz`.",
    effect: "restart",
    example: "downloads/Burrow_1.9.5_linux_amd64.tar.gz",
    also: ["url", "path", "file"],
  }),
  sha512: key(sha512.optional(), {
    doc: "What the archive must be.",
    effect: "restart",
    also: ["digest", "checksum"],
  }),
  clusters: key(z.array(cluster).default([]), {
    doc: "Clusters that it watches beside this one.",
    effect: "restart",
    example: "[{ name: payments, bootstrap: [10.0.1.5:9092] }]",
    also: ["cluster", "watch"],
  }),
});
