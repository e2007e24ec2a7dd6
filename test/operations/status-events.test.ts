/** What is told of two looks at a cluster: tables of what was seen, and that the events lead from the one to the other. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { KafkaView } from "../../src/kafka/view.ts";
import { eventsBetween, known, nothingKnown, type Known } from "../../src/operations/status-events.ts";
import type { StatusEvent } from "../../src/report/status-events.ts";

const at = new Date("2026-11-30T12:00:00Z");

/** "1 | 1 2 3 | 2 1": the leader (`-`: none), the replicas, those in sync. By `TOPIC-PARTITION`. */
type Partitions = Readonly<Record<string, string>>;

function view(partitions: Partitions): KafkaView {
  const all = Object.entries(partitions).map(([name, text]) => {
    const [leader = "", replicas = "", isr = ""] = text.split("|").map((part) => part.trim());
    const ids = (part: string): readonly number[] => part.split(/ +/).filter(Boolean).map(Number);
    const [, topic = "", partition = ""] = /^(.+)-([0-9]+)$/.exec(name) ?? [];
    const one = { partition: Number(partition), leader: leader === "-" ? null : Number(leader) };
    return { topic, ...one, replicas: ids(replicas), isr: ids(isr) };
  });
  const topics = [...Map.groupBy(all, ({ topic }) => topic)].map(([name, partitionsOf]) => ({
    name,
    partitions: partitionsOf,
  }));
  const counts = { total: all.length, underReplicated: 0, offline: 0 };
  return { clusterId: null, controllerId: null, brokers: [], partitions: counts, topics };
}

type Look = {
  readonly services?: Readonly<Record<string, string>>;
  readonly brokers?: readonly number[];
  readonly controller?: number | null;
  readonly quorum?: "kraft";
  /** What each broker says that answers. */
  readonly views?: readonly Partitions[];
};

function seen({ services = {}, brokers = [], controller = null, quorum, views = [{}] }: Look, before: Known): Known {
  const node = { name: "n", address: "", roles: [], services, addresses: {}, ids: {}, pids: {} };
  const shown = brokers.map((id) => ({ id, node: `k-${id}`, controller: id === controller, address: "" }));
  const kraft = controller === null ? null : { id: controller, node: "c" };
  return known(
    { nodes: [node], brokers: shown, ...(quorum === undefined ? {} : { controller: kraft }) },
    views.map(view),
    before,
  );
}

const seenAt = (event: object): object => ({ at: at.toISOString(), ...event });

/** What is told of each look after the first. */
function told(...looks: readonly Look[]): readonly (readonly StatusEvent[])[] {
  let before = nothingKnown;
  return looks
    .map((look) => {
      const now = seen(look, before);
      const events = eventsBetween(before, now, at);
      before = now;
      return events;
    })
    .slice(1);
}

const three = "1 | 1 2 3 | 1 2 3";
const isr = { topic: "orders", partition: 3, replicas: [1, 2, 3] };
const partitionRows: readonly [
  what: string,
  before: readonly Partitions[],
  now: readonly Partitions[],
  wanted: object[],
][] = [
  ["nothing", [{ "orders-3": three }], [{ "orders-3": three }], []],
  [
    "a replica that left the ISR",
    [{ "orders-3": three }],
    [{ "orders-3": "1 | 1 2 3 | 1 3" }],
    [{ kind: "isr-shrink", ...isr, brokers: [2], isr: [1, 3] }],
  ],
  [
    "one that came back",
    [{ "orders-3": "1 | 1 2 3 | 1 3" }],
    [{ "orders-3": three }],
    [{ kind: "isr-expand", ...isr, brokers: [2], isr: [1, 2, 3], back: true }],
  ],
  ["the same ISR in another order", [{ "orders-3": three }], [{ "orders-3": "1 | 1 2 3 | 3 2 1" }], []],
  [
    "a leader that died",
    [{ "orders-3": three }],
    [{ "orders-3": "2 | 1 2 3 | 2 3" }],
    [
      { kind: "leader", topic: "orders", partition: 3, from: 1, to: 2 },
      { kind: "isr-shrink", ...isr, brokers: [1], isr: [2, 3] },
    ],
  ],
  [
    "a partition that is offline",
    [{ "t-0": "1 | 1 | 1" }],
    [{ "t-0": "- | 1 | " }],
    [
      { kind: "leader", topic: "t", partition: 0, from: 1, to: null },
      { kind: "isr-shrink", topic: "t", partition: 0, brokers: [1], isr: [], replicas: [1] },
    ],
  ],
  [
    "replicas that were moved",
    [{ "t-0": "1 | 1 2 | 1 2" }],
    [{ "t-0": "1 | 1 4 | 1 4" }],
    [
      { kind: "isr-shrink", topic: "t", partition: 0, brokers: [2], isr: [1, 4], replicas: [1, 4] },
      { kind: "isr-expand", topic: "t", partition: 0, brokers: [4], isr: [1, 4], replicas: [1, 4], back: false },
    ],
  ],
  ["a topic that is new, and one that is gone", [{ "old-0": three }], [{ "new-0": "2 | 1 2 3 | 2" }], []],
  [
    "a replica that one of two brokers already knows to be out",
    [{ "orders-3": three }, { "orders-3": three }],
    [{ "orders-3": three }, { "orders-3": "1 | 1 2 3 | 1 3" }],
    [{ kind: "isr-shrink", ...isr, brokers: [2], isr: [1, 3] }],
  ],
  [
    "a replica that one of two brokers already knows to be back",
    [{ "orders-3": "1 | 1 2 3 | 1 3" }],
    [{ "orders-3": three }, { "orders-3": "1 | 1 2 3 | 1 3" }],
    [],
  ],
  [
    "a leader that one of two brokers already knows",
    [{ "orders-3": three }, { "orders-3": three }],
    [{ "orders-3": three }, { "orders-3": "2 | 1 2 3 | 1 2 3" }],
    [],
  ],
  [
    "a leader that two of three brokers already know",
    [{ "orders-3": three }],
    [{ "orders-3": three }, { "orders-3": "2 | 1 2 3 | 1 2 3" }, { "orders-3": "2 | 1 2 3 | 1 2 3" }],
    [{ kind: "leader", topic: "orders", partition: 3, from: 1, to: 2 }],
  ],
];
describe("of partitions is told", () => {
  it.each(partitionRows)("%s", (_, before, now, wanted) => {
    expect(told({ views: before }, { views: now })).toEqual([wanted.map(seenAt)]);
  });
});

describe("of the cluster is told", () => {
  test("servers that change their state, those that cannot be looked at included", () => {
    const [stopped, lost, back] = told(
      { services: { broker: "running", zookeeper: "running" } },
      { services: { broker: "stopped", zookeeper: "running" } },
      { services: { broker: "unknown", zookeeper: "unknown" } },
      { services: { broker: "running", zookeeper: "running" } },
    );
    const change = (role: string, from: string, to: string) => ({ kind: "service", node: "n", role, from, to });
    expect(stopped).toEqual([change("broker", "running", "stopped")].map(seenAt));
    expect(lost).toEqual(
      [change("broker", "stopped", "unknown"), change("zookeeper", "running", "unknown")].map(seenAt),
    );
    expect(back).toEqual(
      [change("broker", "unknown", "running"), change("zookeeper", "unknown", "running")].map(seenAt),
    );
  });

  test("brokers that come and go, and who is the controller", () => {
    expect(told({ brokers: [1, 2], controller: 1 }, { brokers: [2, 3], controller: 3 })).toEqual([
      [
        { kind: "broker-left", id: 1, node: "k-1" },
        { kind: "broker-came", id: 3, node: "k-3" },
        { kind: "controller", from: 1, to: 3 },
      ].map(seenAt),
    ]);
    const kraft = (id: number | null): Look => ({ quorum: "kraft", controller: id });
    expect(told(kraft(3001), kraft(null), kraft(3002))).toEqual([
      [seenAt({ kind: "controller", from: 3001, to: null })],
      [seenAt({ kind: "controller", from: null, to: 3002 })],
    ]);
  });

  test("nothing of a partition that is new until brokers agree who leads it", () => {
    const disagreed: Look = { views: [{ "t-0": "- | 1 2 | 1 2" }, { "t-0": "1 | 1 2 | 1 2" }] };
    expect(told({}, disagreed, { views: [{ "t-0": "1 | 1 2 | 1 2" }] })).toEqual([[], []]);
  });

  test("nothing of Kafka while no broker answers, and then what has changed meanwhile", () => {
    const before: Look = { brokers: [1, 2], controller: 1, views: [{ "t-0": "1 | 1 2 | 1 2" }] };
    const after: Look = { brokers: [2], controller: 2, views: [{ "t-0": "2 | 1 2 | 2" }] };
    expect(told(before, { views: [] }, after)).toEqual([
      [],
      [
        { kind: "broker-left", id: 1, node: "k-1" },
        { kind: "controller", from: 1, to: 2 },
        { kind: "leader", topic: "t", partition: 0, from: 1, to: 2 },
        { kind: "isr-shrink", topic: "t", partition: 0, brokers: [1], isr: [2], replicas: [1, 2] },
      ].map(seenAt),
    ]);
  });
});

const someIds = fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1 });
const aPartition = someIds.chain((replicas) =>
  fc
    .record({ isr: fc.subarray(replicas), leader: fc.option(fc.constantFrom(...replicas)) })
    .map(({ isr: its, leader }) => `${leader ?? "-"} | ${replicas.join(" ")} | ${its.join(" ")}`),
);
const partitions = fc.dictionary(fc.constantFrom("a-0", "a-1", "b-0"), aPartition);
const aLook: fc.Arbitrary<Look> = fc.record({
  services: fc.dictionary(fc.constantFrom("broker", "zookeeper"), fc.constantFrom("running", "failed", "unknown")),
  brokers: someIds,
  controller: fc.option(fc.integer({ min: 1, max: 4 }), { nil: null }),
  views: partitions.map((one) => [one]),
});

/** What is known after the events, of what was known before. */
function after(before: Known, events: readonly StatusEvent[]) {
  const its = new Map(
    [...(before.partitions ?? [])].map(([key, { leader, isr: ids }]) => [key, { leader, isr: new Set(ids) }]),
  );
  const brokers = new Set(before.brokers?.keys());
  const services = new Map([...before.services].map(([key, { state }]) => [key, state]));
  let controller = before.controller?.id ?? null;
  for (const event of events) {
    if (event.kind === "broker-left") brokers.delete(event.id);
    if (event.kind === "broker-came") brokers.add(event.id);
    if (event.kind === "controller") controller = event.to;
    if (event.kind === "service") services.set(`${event.node} ${event.role}`, event.to);
    if (!("partition" in event)) continue;
    const one = its.get(`${event.topic} ${event.partition}`);
    if (one === undefined) throw new Error("an event of a partition that was not known");
    if (event.kind === "leader") one.leader = event.to;
    if (event.kind === "isr-shrink") for (const id of event.brokers) one.isr.delete(id);
    if (event.kind === "isr-expand") for (const id of event.brokers) one.isr.add(id);
  }
  return { its, brokers, services, controller };
}

test("the events lead from one look to the next: nothing is left out, and nothing is told that is as it was", () => {
  fc.assert(
    fc.property(aLook, aLook, (first, second) => {
      const before = seen(first, nothingKnown);
      const now = seen(second, before);
      const events = eventsBetween(before, now, at);
      const { its, brokers, services, controller } = after(before, events);
      for (const [key, { leader, isr: ids }] of now.partitions ?? []) {
        const one = its.get(key);
        if (one !== undefined) expect(one).toEqual({ leader, isr: new Set(ids) });
      }
      expect(brokers).toEqual(new Set(now.brokers?.keys()));
      expect(controller).toBe(now.controller?.id ?? null);
      for (const [key, { state }] of now.services) if (services.has(key)) expect(services.get(key)).toBe(state);
      expect(eventsBetween(now, seen(second, now), at)).toEqual([]);
    }),
  );
});
