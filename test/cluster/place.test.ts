/** Where nodes are and what clients are told: of machines in the spec, of machines that a provider makes, and of those it has not made yet. */
import { describe, expect, test } from "vitest";
import { noKnownIds } from "../../src/cluster/known-ids.ts";
import { knownAfterUp } from "../../src/cluster/known-after-up.ts";
import type { NodeFacts, Platform } from "../../src/cluster/platform.ts";
import { portProblems } from "../../src/cluster/ports.ts";
import { namesOfNodes, resolveCluster } from "../../src/cluster/resolve.ts";
import { localPlatform } from "../../src/providers/local/platform.ts";
import { sshPlatform } from "../../src/providers/ssh/platform.ts";
import { specSchema } from "../../src/spec/schema.ts";

const made: NodeFacts = {
  address: "203.0.113.7",
  privateAddress: "10.20.0.7",
  publicAddress: "203.0.113.7",
  rack: "zone-a",
  user: "admin",
};
const wanted: NodeFacts = { address: null, privateAddress: null, publicAddress: null, rack: "zone-b", user: "admin" };

const making = (nodes: Readonly<Record<string, NodeFacts>>): Platform => ({ ...sshPlatform("demo"), nodes });

const ssh = sshPlatform("demo");
const local = localPlatform("demo", { type: "local", port: 9192, folder: ".kctl" }, "/specs");
const aboard = making({ n: made });
const inside = making({ n: { ...made, address: made.privateAddress, publicAddress: null } });
const planned = making({ n: wanted });
const absent = making({});

const addresses = { address: "n.example.com", privateAddress: "192.168.0.1", publicAddress: "198.51.100.1" };

const oneNode = (kafka: object, node: object) =>
  specSchema.parse({
    name: "demo",
    provider: { type: "local" },
    kafka: { version: "3.9.1", ...kafka },
    nodes: [{ name: "n", roles: ["zookeeper", "broker"], ...node }],
  });

function brokerOf(platform: Platform, kafka: object = {}, node: object = {}) {
  const cluster = resolveCluster(oneNode(kafka, node), platform, noKnownIds);
  const broker = cluster.members.find(({ role }) => role === "broker");
  if (broker === undefined) throw new Error("there is no broker");
  return { ...broker, user: cluster.nodes[0]?.user };
}

describe("where a node is, its rack and who logs in", () => {
  test.each<[string, Platform, object, object]>([
    ["local", local, addresses, { address: "127.0.0.1", rack: null, user: null }],
    ["ssh", ssh, addresses, { address: "n.example.com", rack: null, user: null }],
    ["ssh, no address", ssh, {}, { address: "n", rack: null, user: null }],
    ["made", aboard, {}, { address: "203.0.113.7", rack: "zone-a", user: "admin" }],
    ["made, but the spec says", aboard, { rack: "r", user: "me" }, { address: "203.0.113.7", rack: "r", user: "me" }],
    ["to be made in a zone", planned, {}, { address: knownAfterUp, rack: "zone-b", user: "admin" }],
    ["to be made", absent, {}, { address: knownAfterUp, rack: knownAfterUp, user: null }],
    ["to be made, racks of the spec", absent, { rack: "r" }, { address: knownAfterUp, rack: "r", user: null }],
  ])("%s", (_, platform, node, expected) => {
    expect(brokerOf(platform, {}, node)).toMatchObject({ host: platform === local ? "127.0.0.1" : "n", ...expected });
  });
});

describe("what clients are told, and clients outside", () => {
  test.each<[string, Platform, string, object, string]>([
    ["local", local, "public", addresses, "127.0.0.1"],
    ["ssh", ssh, "name", addresses, "n"],
    ["ssh", ssh, "address", addresses, "n.example.com"],
    ["ssh", ssh, "private", addresses, "192.168.0.1"],
    ["ssh", ssh, "public", addresses, "198.51.100.1"],
    ["made", aboard, "name", {}, "n"],
    ["made", aboard, "address", {}, "203.0.113.7"],
    ["made", aboard, "private", {}, "10.20.0.7"],
    ["made", aboard, "public", {}, "203.0.113.7"],
    ["made, but the spec says", aboard, "public", addresses, "198.51.100.1"],
    ["made without an address outside", inside, "public", {}, knownAfterUp],
    ["to be made", planned, "private", {}, knownAfterUp],
    ["to be made", absent, "public", {}, knownAfterUp],
    ["to be made", absent, "name", {}, "n"],
  ])("%s, %s", (_, platform, advertise, node, told) => {
    const kafka = { clients: { advertise }, external: { advertise } };
    expect(brokerOf(platform, kafka, node)).toMatchObject({ advertised: told, advertisedOutside: told });
  });

  test.each<[string, Platform, string, string]>([
    ["local", local, "127.0.0.1", "127.0.0.1"],
    ["ssh", ssh, "n.example.com", "198.51.100.1"],
    ["made", aboard, "192.168.0.1", "198.51.100.1"],
  ])("where nobody says which, %s", (_, platform, advertised, advertisedOutside) => {
    expect(brokerOf(platform, { external: {} }, addresses)).toMatchObject({ advertised, advertisedOutside });
    expect(brokerOf(platform, {}, addresses)).toMatchObject({ advertised, advertisedOutside: null });
  });
});

test("the port for clients outside moves along with the others; without the listener there is none", () => {
  expect(brokerOf(local, { external: {} }).ports).toEqual({ internal: 9191, clients: 9192, external: 9194 });
  expect(brokerOf(ssh, { external: { port: 19094 } }).ports).toEqual({
    internal: 9091,
    clients: 9092,
    external: 19094,
  });
  expect(brokerOf(ssh).ports).toEqual({ internal: 9091, clients: 9092 });
});

test("its port is checked like any other", () => {
  const problems = (port: number) =>
    portProblems(resolveCluster(oneNode({ external: { port } }, {}), ssh, noKnownIds), ["nodes"]);
  expect(problems(9092).map(({ what }) => what)).toEqual([
    "n/broker's external port and n/broker's clients port would both be 9092",
  ]);
  expect(problems(9094)).toEqual([]);
});

test("a port below 1024 is told at its key, unless the kernel lets everybody take it", () => {
  const problems = (sysctl: Readonly<Record<string, string>>) =>
    portProblems(resolveCluster({ ...oneNode({ clients: { port: 443 } }, {}), sysctl }, ssh, noKnownIds), [
      "nodes",
    ]).map(({ path, what, fix }) => [path, what, fix]);
  expect(problems({})).toEqual([
    [
      ["kafka", "clients", "port"],
      "n/broker's clients port would be 443; only root may take ports below 1024",
      "raise it by 581 or more, or let everybody take it: `sysctl: { net.ipv4.ip_unprivileged_port_start: 443 }`",
    ],
  ]);
  expect(problems({ "net.ipv4.ip_unprivileged_port_start": "443" })).toEqual([]);
});

test("machines that are still to be made are not one machine", () => {
  const spec = specSchema.parse({
    name: "demo",
    provider: { type: "local" },
    kafka: { version: "3.9.1" },
    nodes: [{ group: "n", count: 3, roles: ["zookeeper", "broker"] }],
  });
  expect(portProblems(resolveCluster(spec, absent, noKnownIds), ["nodes"])).toEqual([]);
});

describe("by which names a node is reached, and told of", () => {
  const names = (platform: Platform, kafka: object, node: object) => namesOfNodes(oneNode(kafka, node), platform)[0];
  test.each<[string, Platform, object, object, readonly string[], readonly string[], string]>([
    ["of one address", ssh, {}, { address: "10.0.0.1" }, ["10.0.0.1", "n", "10.0.0.1"], [], "10.0.0.1"],
    [
      "of several, whatever clients are told now",
      ssh,
      { clients: { advertise: "name" }, external: {} },
      addresses,
      ["n.example.com", "n", "n"],
      ["192.168.0.1", "198.51.100.1", "198.51.100.1"],
      "192.168.0.1",
    ],
    ["made", aboard, {}, {}, ["203.0.113.7", "n", "10.20.0.7"], [], "10.20.0.7"],
    ["to be made", planned, {}, {}, ["n"], [], knownAfterUp],
  ])("%s", (...[, platform, kafka, node, own, others, inside]) => {
    expect(names(platform, kafka, node)).toEqual({ node: "n", own, others, inside });
  });
});
