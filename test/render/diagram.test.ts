/** The picture of a cluster: every replica is in it as what it is, once; and the same cluster makes the same bytes. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { diagram } from "../../src/render/diagram/diagram.ts";
import { markOf, zonesOf, type Picture, type PictureTopic } from "../../src/render/diagram/picture.ts";

const golden = join(import.meta.dirname, "../golden/diagram");

/** Replicas go round the brokers; the third partition is offline and of the second one replica is behind, where that is wanted. */
function topic(name: string, partitions: number, replicas: number, brokers: number, ill = false): PictureTopic {
  return {
    name,
    internal: name.startsWith("__"),
    partitions: Array.from({ length: partitions }, (_, partition) => {
      const all = Array.from({ length: replicas }, (_, index) => ((partition + index) % brokers) + 1);
      return {
        partition,
        leader: ill && partition === 2 ? null : (all[0] ?? null),
        replicas: all,
        isr: ill && partition === 1 ? all.slice(0, -1) : all,
      };
    }),
  };
}

const zookeeper: Picture = {
  cluster: "local-demo",
  about: "Kafka 3.9.1, ZooKeeper",
  nodes: [1, 2, 3].map((id) => ({
    name: `kafka-${id}`,
    address: `127.0.0.1:${9082 + 10 * id}`,
    rack: null,
    broker: id,
    servers: [
      { title: `ZooKeeper ${id}`, leads: id === 2 ? "leader" : "", up: true },
      { title: `broker ${id}`, leads: id === 1 ? "controller" : "", up: true },
    ],
  })),
  topics: [topic("orders", 6, 3, 3), topic("__consumer_offsets", 50, 3, 3)],
};

const zones: Picture = {
  cluster: "demo",
  about: "Kafka 4.3.1, KRaft",
  nodes: [
    {
      name: "c",
      address: "10.0.0.9",
      rack: "a",
      broker: null,
      servers: [{ title: "controller 3001", leads: "leader", up: true }],
    },
    ...[1, 2, 3].map((id) => ({
      name: `b-${id}`,
      address: `10.0.0.${id}:9092`,
      rack: id === 2 ? "b" : "a",
      broker: id,
      servers: [{ title: `broker ${id}`, leads: "", up: id !== 3 }],
    })),
  ],
  topics: [topic("orders", 4, 3, 3, true)],
};

const alone: Picture = {
  cluster: "one",
  about: "Kafka 4.3.1, KRaft",
  nodes: [
    {
      name: "solo",
      address: "127.0.0.1:9092",
      rack: null,
      broker: 1,
      servers: [{ title: "broker 1", leads: "", up: true }],
    },
  ],
  topics: [],
};

test.each([
  ["zookeeper", zookeeper],
  ["zones", zones],
  ["alone", alone],
])("%s", async (name, picture) => {
  await expect(diagram(picture)).toMatchFileSnapshot(join(golden, `${name}.svg`));
  expect(diagram(picture)).toBe(diagram(structuredClone(picture)));
});

/** What the picture says of each replica, as a screen reader or a pointer has it. */
function said(picture: Picture): readonly string[] {
  return [...diagram(picture).matchAll(/<title>(.*?, partition .*?)<\/title>/g)]
    .map(([, words = ""]) => words)
    .toSorted();
}

test("every replica is there once, and says what it is", () => {
  expect(said(zones)).toEqual([
    "orders, partition 0: broker 1 leads",
    "orders, partition 0: broker 2 follows, in sync",
    "orders, partition 0: broker 3 follows, in sync",
    "orders, partition 1: broker 1 follows, out of sync",
    "orders, partition 1: broker 2 leads",
    "orders, partition 1: broker 3 follows, in sync",
    "orders, partition 2: broker 1 has a replica, and nobody leads",
    "orders, partition 2: broker 2 has a replica, and nobody leads",
    "orders, partition 2: broker 3 has a replica, and nobody leads",
    "orders, partition 3: broker 1 leads",
    "orders, partition 3: broker 2 follows, in sync",
    "orders, partition 3: broker 3 follows, in sync",
  ]);
  expect(diagram(zones)).toContain("1 topic · 4 partitions · 1 under-replicated · 1 offline");
  expect(diagram(zones)).toContain("<title>b-3, 10.0.0.3:9092: broker 3 does not serve</title>");
});

test("many partitions are told as numbers", () => {
  expect(said(zookeeper)).toHaveLength(18);
  expect(diagram(zookeeper)).toContain(">leads 17 · follows 33</text>");
});

test("no two marks of a picture lie at one place", () => {
  const places = [...diagram(zookeeper).matchAll(/<rect class="(?:leader|follower)" (x="\d+" y="\d+") width="24"/g)];
  expect(places).toHaveLength(18);
  expect(new Set(places.map(([, place]) => place)).size).toBe(18);
});

test("names that mean something in XML stay names", () => {
  const odd = { ...alone, cluster: `a<b&"c"\u0001`, topics: [topic("x".repeat(80), 1, 1, 1)] };
  const picture = diagram(odd);
  expect(picture).toContain(`<text class="title" x="28" y="42">a&lt;b&amp;&quot;c&quot;</text>`);
  expect(picture).toMatch(/class="topic" x="28" y="\d+">x+…<\/text>/);
  expect(picture).toContain(`<title>${"x".repeat(80)}</title>`);
});

describe("marks", () => {
  test.each([
    ["the leader", { leader: 1, isr: [1, 2] }, 1, "leader"],
    ["a follower in sync", { leader: 1, isr: [1, 2] }, 2, "follower"],
    ["a follower behind", { leader: 1, isr: [1] }, 2, "behind"],
    ["nobody's", { leader: null, isr: [] }, 2, "offline"],
    ["no replica", { leader: 1, isr: [1, 2] }, 3, null],
  ])("%s", (_, state, broker, mark) => {
    expect(markOf({ partition: 0, replicas: [1, 2], ...state }, broker)).toBe(mark);
  });
});

test("nodes of a zone stand together", () => {
  expect(zonesOf(zones.nodes).map(({ rack, nodes }) => [rack, ...nodes.map(({ name }) => name)])).toEqual([
    ["a", "c", "b-1", "b-3"],
    ["b", "b-2"],
  ]);
});
