import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { giveIds, noKnownIds, type KnownIds } from "../../src/cluster/known-ids.ts";
import type { Platform } from "../../src/cluster/platform.ts";
import { portProblems } from "../../src/cluster/ports.ts";
import { resolveCluster } from "../../src/cluster/resolve.ts";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { specSchema, type Spec } from "../../src/spec/schema.ts";

const platform: Platform = {
  provider: "local",
  root: "/root",
  folders: {
    config: "/root/{node}/{role}/config",
    data: "/root/{node}/{role}/data",
    log: "/root/{node}/{role}/log",
    run: "/root/{node}/{role}/run",
  },
  sharedAddress: "127.0.0.1",
  portShift: 0,
  portStep: 10,
  profile: "laptop",
  machine: null,
  nodes: null,
};

function specOf(nodes: readonly object[], more: object = {}): Spec {
  return specSchema.parse({ name: "demo", provider: { type: "local" }, kafka: { version: "3.9.1" }, nodes, ...more });
}

function knownAfter(cluster: Cluster, before: KnownIds): KnownIds {
  const highest: Record<string, number> = { ...before.highest };
  for (const { role, id } of cluster.members) highest[role] = Math.max(highest[role] ?? 0, id);
  return {
    members: { ...before.members, ...Object.fromEntries(cluster.members.map(({ key, id }) => [key, id])) },
    highest,
  };
}

describe("a resolved cluster", () => {
  test("three nodes with both roles get ids, ports and folders", () => {
    const cluster = resolveCluster(
      specOf([{ group: "kafka", count: 3, roles: ["zookeeper", "broker"] }]),
      platform,
      noKnownIds,
    );
    expect(cluster.members.map(({ key, id, ports }) => ({ key, id, ports }))).toEqual([
      { key: "kafka-1/zookeeper", id: 1, ports: { client: 2181, peer: 2888, election: 3888 } },
      { key: "kafka-2/zookeeper", id: 2, ports: { client: 2191, peer: 2898, election: 3898 } },
      { key: "kafka-3/zookeeper", id: 3, ports: { client: 2201, peer: 2908, election: 3908 } },
      { key: "kafka-1/broker", id: 1, ports: { internal: 9091, clients: 9092 } },
      { key: "kafka-2/broker", id: 2, ports: { internal: 9101, clients: 9102 } },
      { key: "kafka-3/broker", id: 3, ports: { internal: 9111, clients: 9112 } },
    ]);
    expect(cluster.members[0]?.folders.data).toBe("/root/kafka-1/zookeeper/data");
  });

  test("provider.port moves every port along", () => {
    const cluster = resolveCluster(
      specOf([{ name: "a", roles: ["zookeeper", "broker"] }]),
      { ...platform, portShift: 100 },
      noKnownIds,
    );
    expect(cluster.members.map(({ ports }) => ports)).toEqual([
      { client: 2281, peer: 2988, election: 3988 },
      { internal: 9191, clients: 9192 },
    ]);
  });

  test("a node's own heap, rack and settings stand over the cluster's; its settings are the broker's", () => {
    const spec = specOf(
      [{ name: "a", roles: ["zookeeper", "broker"], heap: "2GiB", rack: "r1", config: { "num.io.threads": "4" } }],
      {
        kafka: { version: "3.9.1", heap: "1GiB", config: { "num.io.threads": "8", "log.retention.hours": "1" } },
        zookeeper: { config: { tickTime: "500" } },
      },
    );
    const [zookeeper, broker] = resolveCluster(spec, platform, noKnownIds).members;
    expect(broker).toMatchObject({
      heapMiB: 2048,
      rack: "r1",
      config: { "num.io.threads": "4", "log.retention.hours": "1" },
    });
    expect(zookeeper).toMatchObject({ heapMiB: 2048, config: { tickTime: "500" } });
  });

  test("an id is never given twice, not even one of a node that is gone", () => {
    const known: KnownIds = { members: { "b/broker": 2 }, highest: { broker: 5 } };
    expect([...giveIds("broker", ["a/broker", "b/broker", "c/broker"], 1, known)]).toEqual([
      ["a/broker", 6],
      ["b/broker", 2],
      ["c/broker", 7],
    ]);
  });

  test("order, edits and growth of the spec never renumber", () => {
    const names = ["a", "b", "c", "d", "e", "constructor", "valueof"];
    const node = fc.record({
      name: fc.constantFrom(...names),
      roles: fc.subarray(["zookeeper", "broker"], { minLength: 1 }),
      heap: fc.option(fc.constant("1GiB"), { nil: undefined }),
    });
    const nodes = fc.uniqueArray(node, { selector: ({ name }) => name, minLength: 1 });
    fc.assert(
      fc.property(fc.array(nodes, { minLength: 2, maxLength: 6 }), (versions) => {
        let known = noKnownIds;
        const given = new Map<string, number>();
        const owners = new Map<string, string>();
        for (const version of versions) {
          const cluster = resolveCluster(specOf(version), platform, known);
          for (const { key, id, role } of cluster.members) {
            expect(given.get(key) ?? id).toBe(id);
            expect(owners.get(`${role} ${id}`) ?? key).toBe(key);
            given.set(key, id);
            owners.set(`${role} ${id}`, key);
          }
          known = knownAfter(cluster, known);
        }
      }),
    );
  });
});

describe("ports", () => {
  test("over 65535 and twice the same are faults", () => {
    const cluster = resolveCluster(
      specOf([{ group: "k", count: 3, roles: ["zookeeper", "broker"] }], {
        kafka: { version: "3.9.1", clients: { port: 9091 } },
      }),
      platform,
      noKnownIds,
    );
    expect(portProblems(cluster, ["provider"]).map(({ what }) => what)).toEqual([
      "k-1/broker's clients port and k-1/broker's internal port would both be 9091",
      "k-2/broker's clients port and k-2/broker's internal port would both be 9101",
      "k-3/broker's clients port and k-3/broker's internal port would both be 9111",
    ]);
    const high = resolveCluster(
      specOf([{ name: "k", roles: ["zookeeper", "broker"] }]),
      { ...platform, portShift: 65_500 - 9092 },
      noKnownIds,
    );
    expect(portProblems(high, ["provider"])).toEqual([]);
    const tooHigh = resolveCluster(
      specOf([{ group: "k", count: 6, roles: ["zookeeper", "broker"] }]),
      { ...platform, portShift: 65_500 - 9092 },
      noKnownIds,
    );
    expect(portProblems(tooHigh, ["provider"]).map(({ what }) => what)).toEqual([
      "k-5/broker's internal port would be 65539; ports go from 1 to 65535",
      "k-5/broker's clients port would be 65540; ports go from 1 to 65535",
      "k-6/broker's internal port would be 65549; ports go from 1 to 65535",
      "k-6/broker's clients port would be 65550; ports go from 1 to 65535",
    ]);
  });

  test("below 1024 they are root's: of a local cluster's the lowest is told", () => {
    const nodes = [{ name: "k", roles: ["zookeeper", "broker"] }] as const;
    const moved = (port: number, metrics: boolean) =>
      portProblems(
        resolveCluster(
          specOf(nodes, metrics ? { metrics: {} } : {}),
          { ...platform, portShift: port - 9092 },
          noKnownIds,
        ),
        ["provider"],
      ).map(({ path, what, fix }) => [path, what, fix]);
    expect(moved(7935, true)).toEqual([]);
    expect(moved(7934, true)).toEqual([
      [
        ["provider", "port"],
        "k/zookeeper's client port would be 1023; only root may take ports below 1024",
        "raise `provider.port` by 1 or more",
      ],
    ]);
    const own = specOf(nodes, { kafka: { version: "3.9.1", clients: { port: 80 } } });
    expect(portProblems(resolveCluster(own, platform, noKnownIds), ["provider"])).toMatchObject([
      { path: ["kafka", "clients", "port"], fix: "raise it by 944 or more" },
    ]);
  });
});
