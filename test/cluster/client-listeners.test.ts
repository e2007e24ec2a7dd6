/** What clients are told, at each listener, and what stands behind a name that they are told. */
import { describe, expect, test } from "vitest";
import { clientListeners } from "../../src/cluster/client-listeners.ts";
import { noKnownIds } from "../../src/cluster/known-ids.ts";
import type { Platform } from "../../src/cluster/platform.ts";
import { localPlatform } from "../../src/providers/local/platform.ts";
import { sshPlatform } from "../../src/providers/ssh/platform.ts";
import { specSchema } from "../../src/spec/schema.ts";

const ssh = sshPlatform("demo");
const local = localPlatform("demo", { type: "local", port: 9192, folder: ".kctl" }, "/specs");
const cloud: Platform = {
  ...ssh,
  nodes: {
    n: {
      address: "203.0.113.7",
      privateAddress: "10.20.0.7",
      publicAddress: "203.0.113.7",
      rack: "zone-a",
      user: null,
    },
  },
};

const told = (platform: Platform, kafka: object, node: object = {}) =>
  clientListeners(
    specSchema.parse({
      name: "demo",
      provider: { type: "local" },
      kafka: { version: "3.9.1", ...kafka },
      nodes: [{ name: "n", roles: ["zookeeper", "broker"], ...node }],
    }),
    platform,
    noKnownIds,
  ).map(({ name, advertise, brokers }) => [name, advertise, ...brokers.map((one) => [one.host, one.port, one.behind])]);

const address = { address: "kafka.example.com" };
const addresses = { ...address, publicAddress: "198.51.100.1" };

describe("listeners", () => {
  test.each<readonly [string, Platform, object, object, unknown]>([
    ["this machine's own address", local, {}, {}, [["clients", null, ["127.0.0.1", 9192, "127.0.0.1"]]]],
    [
      "the address of the spec",
      ssh,
      {},
      address,
      [["clients", "address", ["kafka.example.com", 9092, "kafka.example.com"]]],
    ],
    [
      "a name, and the address behind it",
      ssh,
      { clients: { advertise: "name" } },
      address,
      [["clients", "name", ["n", 9092, "kafka.example.com"]]],
    ],
    [
      "another one outside",
      ssh,
      { clients: { advertise: "name" }, external: { advertise: "name", port: 9100 } },
      addresses,
      [
        ["clients", "name", ["n", 9092, "kafka.example.com"]],
        ["external", "name", ["n", 9100, "198.51.100.1"]],
      ],
    ],
    [
      "machines that kctl made",
      cloud,
      { clients: { advertise: "name" }, external: {} },
      {},
      [
        ["clients", "name", ["n", 9092, "10.20.0.7"]],
        ["external", "public", ["203.0.113.7", 9094, "203.0.113.7"]],
      ],
    ],
  ])("%s", (_, platform, kafka, node, wanted) => {
    expect(told(platform, kafka, node)).toEqual(wanted);
  });
});
