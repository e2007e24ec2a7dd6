import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Topic } from "../../src/cluster/cluster.ts";
import {
  topicDifferences,
  type TopicAsSeen,
  type TopicDifference,
  type TopicsKnown,
} from "../../src/plan/topic-difference.ts";

const wanted = (topic: Partial<Topic> = {}): Topic => ({
  name: "orders",
  partitions: null,
  replicas: null,
  config: {},
  delete: false,
  ...topic,
});

const on = (...replicas: readonly (readonly number[])[]): TopicAsSeen["partitions"] =>
  replicas.map((ids, partition) => ({ partition, replicas: ids, isr: ids }));

const seen = (partitions: number, replicas: number, settings: TopicAsSeen["settings"] = {}): TopicAsSeen => ({
  name: "orders",
  id: "an-id",
  internal: false,
  partitions: on(...Array.from({ length: partitions }, () => Array.from({ length: replicas }, (_, id) => id + 1))),
  settings,
  minIsr: Number(settings?.["min.insync.replicas"] ?? 1),
});

const known = (...observed: readonly TopicAsSeen[]): TopicsKnown => ({
  observed,
  brokers: 3,
  setBefore: {},
  made: new Set(),
  prune: false,
  moving: null,
});

/** For `topics apply`, which moves data and deletes it. */
const moving = (...observed: readonly TopicAsSeen[]): TopicsKnown => ({
  ...known(...observed),
  moving: {
    places: [1, 2, 3].map((id) => ({ id, rack: null })),
    kept: new Map(),
    hindrance: (topic) => (topic === "held" ? { why: "it is held", fix: "let go" } : null),
  },
});

/** What a reader of the plan sees of it. */
const told = (differences: readonly TopicDifference[]): readonly string[] =>
  differences.map((difference) => {
    switch (difference.kind) {
      case "create":
        return `${difference.title} ${JSON.stringify(difference.settings)}`;
      case "grow":
        return `${difference.title} (${difference.warning.split(":")[0]})`;
      case "settings":
        return difference.changes.map(({ name, from, to }) => `${name}: ${from} -> ${to}`).join(", ");
      case "replicas":
        return `${difference.title}: ${difference.moves.map(({ partition, from, to }) => `${partition} ${from.join()} -> ${to.join()}`).join("; ")}`;
      case "deletion":
        return `${difference.title} (${difference.id}, ${difference.field})`;
      case "refusal":
        return `refused: ${difference.title}; ${difference.fix}`;
      case "note":
        return `note: ${difference.title}`;
    }
  });

describe("a topic of the spec", () => {
  it.each<[string, Topic, TopicsKnown, readonly string[]]>([
    [
      "is created with its counts and settings where there is none",
      wanted({ partitions: 6, replicas: 3, config: { "retention.ms": "1000" } }),
      known(),
      ['create topic orders with 6 partitions and 3 replicas each {"retention.ms":"1000"}'],
    ],
    ["is created by Kafka's defaults where it says nothing", wanted(), known(), ["create topic orders {}"]],
    ["of one replica", wanted({ replicas: 1 }), known(), ["create topic orders with 1 replica {}"]],
    [
      "is not created with more replicas than brokers",
      wanted({ replicas: 4 }),
      known(),
      [
        "refused: orders cannot have 4 replicas: the cluster has 3 brokers, and each keeps one at most; let it have 3 at most, or add brokers",
      ],
    ],
    [
      "is not created so that nothing could be written to it",
      wanted({ replicas: 1, config: { "min.insync.replicas": "2" } }),
      known(),
      [
        "refused: orders has 1 replica, and its min.insync.replicas is to be 2: nothing could be written with acks=all; let min.insync.replicas be below the number of replicas",
      ],
    ],
    ["that is there as it should be is left alone", wanted({ partitions: 6, replicas: 3 }), known(seen(6, 3)), []],
    ["that says nothing of counts takes them as they are", wanted(), known(seen(4, 2)), []],
    [
      "grows, with a warning",
      wanted({ partitions: 12 }),
      known(seen(6, 3)),
      ["grow topic orders from 6 to 12 partitions (keys move)"],
    ],
    [
      "does not grow where its replicas do not fit",
      wanted({ partitions: 12 }),
      { ...known(seen(6, 3)), brokers: 2 },
      ["refused: orders cannot grow to 12 partitions: each has 3 replicas, and the cluster has 2 brokers; add brokers"],
    ],
    [
      "never shrinks",
      wanted({ partitions: 3 }),
      known(seen(6, 3)),
      [
        "refused: orders has 6 partitions, and the spec says 3: Kafka cannot take partitions away; put partitions back to 6, or make another topic and move its readers and writers",
      ],
    ],
    [
      "does not get another number of replicas",
      wanted({ replicas: 3 }),
      known(seen(6, 2)),
      [
        "refused: orders has 2 replicas a partition, and the spec says 3: that moves data, which `up` does not; `kctl topics apply` moves it, throttled",
      ],
    ],
    [
      "nor one that is more than there are brokers",
      wanted({ replicas: 5 }),
      known(seen(6, 1)),
      [
        "refused: orders has 1 replica a partition, and the spec says 5: the cluster has 3 brokers, and each keeps one at most; put replicas back to 1",
      ],
    ],
    [
      "with partitions of several numbers of replicas is not evened out",
      wanted({ replicas: 2 }),
      known({ ...seen(1, 2), partitions: on([1, 2, 3], [1, 2]) }),
      [
        "refused: orders has 2 or 3 replicas a partition, and the spec says 2: that moves data, which `up` does not; `kctl topics apply` moves it, throttled",
      ],
    ],
    [
      "gets another number of replicas where data may be moved, by as few moves as there can be",
      wanted({ replicas: 3 }),
      moving(seen(2, 1)),
      ["give topic orders 3 replicas instead of 1: 0 1 -> 2,1,3; 1 1 -> 1,2,3"],
    ],
    [
      "is evened out there",
      wanted({ replicas: 2 }),
      moving({ ...seen(1, 2), partitions: on([1, 2, 3], [1, 2]) }),
      ["give topic orders 2 replicas instead of 2 or 3: 0 1,2,3 -> 3,1"],
    ],
    [
      "is left alone there while something is against it",
      wanted({ name: "held", replicas: 3 }),
      moving({ ...seen(1, 2), name: "held" }),
      ["refused: held has 2 replicas a partition, and the spec says 3: it is held; let go"],
    ],
    [
      "has its replicas before it needs more of them in sync, and before it grows",
      wanted({ replicas: 3, partitions: 2, config: { "min.insync.replicas": "2" } }),
      moving(seen(1, 1)),
      [
        "give topic orders 3 replicas instead of 1: 0 1 -> 1,2,3",
        "grow topic orders from 1 to 2 partitions (keys move)",
        "min.insync.replicas: null -> 2",
      ],
    ],
    ["that is to go is not missed", wanted({ delete: true }), moving(), []],
    [
      "that is to go is deleted by its id",
      wanted({ delete: true }),
      moving(seen(1, 1)),
      ["delete topic orders (an-id, topics.delete)"],
    ],
    [
      "that is to go stays where no data is deleted",
      wanted({ delete: true }),
      known(seen(1, 1)),
      [
        "refused: topic orders is there, and the spec says that it goes: `up` deletes no data; `kctl topics apply` shows what it holds, asks, and deletes it",
      ],
    ],
    [
      "that is to go stays where its id is not known",
      wanted({ delete: true }),
      moving({ ...seen(1, 1), id: null }),
      ["refused: the id of topic orders could not be read; see `kctl status`, then run it again"],
    ],
    [
      "that is Kafka's own never goes",
      wanted({ name: "__consumer_offsets", delete: true }),
      moving({ ...seen(1, 1), name: "__consumer_offsets", internal: true }),
      ["refused: __consumer_offsets is Kafka's own: kctl does not touch it; take it out of the spec"],
    ],
    [
      "that the spec has no more goes with prune where kctl made it, and never another",
      wanted({ name: "payments" }),
      {
        ...moving({ ...seen(1, 1), name: "payments" }, seen(1, 1), { ...seen(1, 1), name: "theirs" }),
        made: new Set(["orders"]),
        prune: true,
      },
      ["delete topic orders (an-id, prune)"],
    ],
    [
      "that the spec has no more stays without prune",
      wanted({ name: "payments" }),
      { ...moving({ ...seen(1, 1), name: "payments" }, seen(1, 1)), made: new Set(["orders"]) },
      [],
    ],
    [
      "gets its settings, new and changed",
      wanted({ config: { "retention.ms": "2000", "cleanup.policy": "compact" } }),
      known(seen(1, 1, { "retention.ms": "1000" })),
      ["cleanup.policy: null -> compact, retention.ms: 1000 -> 2000"],
    ],
    [
      "is not changed for values that only look different",
      wanted({
        config: {
          "cleanup.policy": "compact, delete",
          "min.cleanable.dirty.ratio": "0.50",
          "retention.ms": "+0604800000",
          "unclean.leader.election.enable": "FALSE",
        },
      }),
      known(
        seen(1, 1, {
          "cleanup.policy": "compact,delete",
          "min.cleanable.dirty.ratio": "0.5",
          "retention.ms": "604800000",
          "unclean.leader.election.enable": "false",
        }),
      ),
      [],
    ],
    [
      "gives back what kctl set and the spec no longer says, and nothing else",
      wanted({ config: { "retention.ms": "1000" } }),
      {
        ...known(seen(1, 1, { "retention.ms": "1000", "segment.ms": "5", "segment.bytes": "6" })),
        setBefore: { orders: ["retention.ms", "segment.ms"] },
      },
      ["segment.ms: 5 -> null", "note: segment.bytes of topic orders was set by somebody else, and left alone"],
    ],
    [
      "does not give back what is not set any more",
      wanted(),
      { ...known(seen(1, 1)), setBefore: { orders: ["segment.ms"] } },
      [],
    ],
    [
      "takes over what somebody else set, where the spec says it",
      wanted({ config: { "segment.ms": "7" } }),
      known(seen(1, 1, { "segment.ms": "5" })),
      ["segment.ms: 5 -> 7"],
    ],
    [
      "gets its other settings where one cannot be",
      wanted({ config: { "min.insync.replicas": "3", "segment.ms": "7" } }),
      known(seen(1, 2)),
      [
        "refused: orders has 2 replicas, and its min.insync.replicas is to be 3: nothing could be written with acks=all; let min.insync.replicas be below the number of replicas",
        "segment.ms: null -> 7",
      ],
    ],
    [
      "is refused a part and gets the rest",
      wanted({ partitions: 1, replicas: 3, config: { "segment.ms": "7" } }),
      known(seen(2, 2)),
      [
        "refused: orders has 2 replicas a partition, and the spec says 3: that moves data, which `up` does not; `kctl topics apply` moves it, throttled",
        "refused: orders has 2 partitions, and the spec says 1: Kafka cannot take partitions away; put partitions back to 2, or make another topic and move its readers and writers",
        "segment.ms: null -> 7",
      ],
    ],
    [
      "is not taken for one without settings where they could not be read",
      wanted({ config: { "segment.ms": "7" } }),
      known(seen(1, 1, null)),
      ["refused: the settings of orders could not be read; see `kctl status`, then run it again"],
    ],
    [
      "that is Kafka's own is left alone",
      wanted({ name: "__consumer_offsets", partitions: 99 }),
      known({ ...seen(50, 3), name: "__consumer_offsets", internal: true }),
      ["refused: __consumer_offsets is Kafka's own: kctl does not touch it; take it out of the spec"],
    ],
    [
      "that is Kafka's own is not made either",
      wanted({ name: "__transaction_state" }),
      known(),
      ["refused: __transaction_state is Kafka's own: kctl does not touch it; take it out of the spec"],
    ],
    [
      "may have a name that every object knows",
      wanted({ name: "constructor", config: { "segment.ms": "7" } }),
      known({ ...seen(1, 1), name: "constructor" }),
      ["segment.ms: null -> 7"],
    ],
  ])("%s", (_name, topic, state, sentences) => {
    expect(told(topicDifferences([topic], state))).toEqual(sentences);
  });

  it("that is not in the spec is left alone", () => {
    expect(topicDifferences([], { ...known(seen(1, 1, { a: "1" })), setBefore: { orders: ["a"] } })).toEqual([]);
  });
});

describe("replicas are not reduced below what must be in sync", () => {
  const minIsr = "min.insync.replicas";
  const shrunk = (state: TopicsKnown, config: Topic["config"] = {}): readonly string[] =>
    told(topicDifferences([wanted({ replicas: 1, config })], state)).filter((line) => !line.startsWith("note: "));
  const head = "refused: orders has 3 replicas a partition, and the spec says 1:";
  const fix = `give it a ${minIsr} of 1 at most in the spec`;

  it.each<[string, TopicsKnown, Topic["config"]]>([
    ["as others set it", moving(seen(1, 3, { [minIsr]: "2" })), {}],
    ["as the brokers have it for all", moving({ ...seen(1, 3), minIsr: 2 }), {}],
    ["as the spec says, too", moving(seen(1, 3, { [minIsr]: "2" })), { [minIsr]: "2" }],
  ])("%s", (_, state, config) => {
    expect(shrunk(state, config)).toEqual([
      `${head} its ${minIsr} is 2, and with fewer nothing could be written with acks=all; ${fix}`,
    ]);
  });

  it.each<[string, TopicsKnown, readonly string[]]>([
    [
      "could not be read",
      moving({ ...seen(1, 3, null), minIsr: null }),
      ["refused: the settings of orders could not be read; see `kctl status`, then run it again"],
    ],
    [
      "is taken back",
      { ...moving(seen(1, 3, { [minIsr]: "1" })), setBefore: { orders: [minIsr] } },
      [`${minIsr}: 1 -> null`],
    ],
  ])("nor where that %s", (_, state, others) => {
    expect(shrunk(state)).toEqual([
      `${head} which ${minIsr} it will have is not known, and with more nothing could be written; ${fix}`,
      ...others,
    ]);
  });

  it("unless the spec lets it be fewer", () => {
    expect(shrunk(moving(seen(1, 3, { [minIsr]: "2" })), { [minIsr]: "1" })).toEqual([
      "give topic orders 1 replica instead of 3: 0 1,2,3 -> 1",
      `${minIsr}: 2 -> 1`,
    ]);
  });

  it("while those that are too few become more", () => {
    const state = moving({ ...seen(1, 1), minIsr: 2 });
    expect(told(topicDifferences([wanted({ replicas: 2 })], state))).toHaveLength(1);
    expect(told(topicDifferences([wanted({ replicas: 2 })], state))[0]).toMatch(/^give topic orders 2 replicas /);
  });
});

describe("of any topic", () => {
  const config = fc.dictionary(
    fc.constantFrom("segment.ms", "retention.ms", "cleanup.policy"),
    fc.constantFrom("1", "2", "0.5"),
  );
  const counts = fc.integer({ min: 1, max: 5 });
  const topics = fc.record({
    wanted: fc.record({ partitions: fc.option(counts), replicas: fc.option(counts), config }),
    there: fc.option(fc.record({ partitions: counts, replicas: fc.integer({ min: 1, max: 3 }), settings: config })),
    before: fc.subarray(["segment.ms", "retention.ms", "cleanup.policy"]),
  });
  /** What Kafka has once the differences are carried out. */
  const applied = (
    topic: TopicAsSeen | undefined,
    differences: readonly TopicDifference[],
  ): TopicAsSeen | undefined => {
    let now = topic;
    for (const difference of differences) {
      if (difference.kind === "create") {
        now = seen(difference.partitions ?? 1, difference.replicas ?? 1, difference.settings);
      } else if (difference.kind === "grow" && now !== undefined) {
        const [{ replicas } = { replicas: [1] }] = now.partitions;
        now = { ...now, partitions: on(...Array.from({ length: difference.to }, () => replicas)) };
      } else if (difference.kind === "settings" && now !== undefined) {
        const settings = new Map(Object.entries(now.settings ?? {}));
        for (const { name, to } of difference.changes) {
          if (to === null) settings.delete(name);
          else settings.set(name, to);
        }
        now = { ...now, settings: Object.fromEntries(settings) };
      }
    }
    return now;
  };

  it("what is carried out is not found again, nothing shrinks, and what others set stays", () => {
    fc.assert(
      fc.property(topics, ({ wanted: some, there, before }) => {
        const topic = wanted(some);
        const was = there === null ? undefined : seen(there.partitions, there.replicas, there.settings);
        const state = { ...known(...(was === undefined ? [] : [was])), setBefore: { orders: before } };
        const first = topicDifferences([topic], state);
        const now = applied(was, first);
        const second = topicDifferences([topic], { ...state, observed: now === undefined ? [] : [now] });
        const left = (list: readonly TopicDifference[]) =>
          list.filter(({ kind }) => kind !== "refusal" && kind !== "note");
        expect(left(second)).toEqual([]);
        expect(second).toEqual(first.filter((difference) => !left([difference]).includes(difference)));
        expect(now?.partitions.length ?? 0).toBeGreaterThanOrEqual(was?.partitions.length ?? 0);
        const lost = Object.keys(was?.settings ?? {}).filter((name) => !Object.hasOwn(now?.settings ?? {}, name));
        expect(lost.filter((name) => !before.includes(name))).toEqual([]);
      }),
    );
  });
});
