/** What the receipt keeps of topics and live settings: only that is ever taken back, and a run that was killed loses none of it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noKnownIds } from "../../src/cluster/known-ids.ts";
import type { Platform } from "../../src/cluster/platform.ts";
import { resolveCluster } from "../../src/cluster/resolve.ts";
import { changesSomething, type Change } from "../../src/plan/change.ts";
import type { SettingLayers } from "../../src/plan/setting-difference.ts";
import { kafkaChanges, kafkaLater, type KafkaChanges } from "../../src/plan/kafka-changes.ts";
import type { ObservedKafka } from "../../src/plan/observed.ts";
import { nextReceipt, type Receipt } from "../../src/plan/receipt.ts";
import { withTopicId } from "../../src/plan/topic-changes.ts";
import { desiredState } from "../../src/services/desired-state.ts";
import { specSchema } from "../../src/spec/schema.ts";

const platform: Platform = {
  provider: "local",
  root: "/k",
  folders: { config: "/k/{node}/c", data: "/k/{node}/d", log: "/k/{node}/l", run: "/k/{node}/r" },
  sharedAddress: "127.0.0.1",
  portShift: 0,
  portStep: 10,
  profile: "laptop",
  machine: null,
  nodes: null,
};
const templates = {
  "kafka-log4j.properties": "",
  "kafka-log4j2.yaml": "",
  "connect-log4j.properties": "",
  "connect-log4j2.yaml": "",
  "burrow.toml": "",
  "zookeeper-log4j.properties": "",
  "zookeeper-logback.xml": "",
  "server.service": "",
  "hosts.service": "",
  "restore-hosts.sh": "",
  "volume.mount": "",
  "metrics-kafka.yaml": "",
  "metrics-zookeeper.yaml": "",
  "metrics-connect.yaml": "",
};

type Settings = Readonly<Record<string, string>>;
type Wanted = {
  readonly config?: Settings;
  readonly nodes?: readonly Settings[];
  readonly topics?: readonly { readonly name: string; readonly partitions?: number; readonly config?: Settings }[];
};

function wanted({ config = {}, nodes = [{}, {}], topics = [] }: Wanted) {
  const spec = specSchema.parse({
    name: "demo",
    provider: { type: "local" },
    kafka: { version: "3.9.1", config },
    nodes: nodes.map((own, index) => ({ name: `n-${index + 1}`, roles: ["zookeeper", "broker"], config: own })),
    topics: topics.map((topic) => ({ partitions: 1, replicas: 1, ...topic })),
  });
  const cluster = resolveCluster(spec, platform, noKnownIds);
  const identity = { clusterId: "", directoryIds: {} };
  const software = (): string => "/s";
  return {
    cluster,
    desired: desiredState({
      cluster,
      platform,
      java: "/java",
      software,
      classArchive: () => null,
      templates,
      identity,
    }),
    identity,
  };
}

/** Kafka as far as it matters here. */
type World = {
  readonly cluster: Settings;
  readonly brokers: readonly Settings[];
  readonly topics: Readonly<
    Record<string, { readonly id: string; readonly partitions: number; readonly settings: Settings }>
  >;
};

const empty: World = { cluster: {}, brokers: [{}, {}], topics: {} };
const defaults: Settings = { "log.retention.ms": "9", "log.segment.bytes": "9", "log.cleaner.threads": "1" };

const known = ({ cluster, brokers, topics }: World): ObservedKafka => ({
  state: "known",
  silent: [],
  voters: null,
  settings: {
    elr: false,
    brokers: new Map(
      brokers.map((own, index) => [
        index + 1,
        Object.fromEntries(
          Object.entries(defaults).map(([name, kafkas]) => [
            name,
            { broker: own[name] ?? null, cluster: cluster[name] ?? null, file: null, default: kafkas },
          ]),
        ),
      ]),
    ),
  },
  topics: Object.entries(topics).map(([name, { id, partitions, settings }]) => ({
    name,
    id,
    internal: false,
    partitions: Array.from({ length: partitions }, (_, partition) => ({ partition, replicas: [1], isr: [1] })),
    settings,
    minIsr: 1,
  })),
});

const put = (settings: Settings, name: string, value: string | null): Settings => {
  const { [name]: _former, ...others } = settings;
  return value === null ? others : { ...others, [name]: value };
};

let ids = 0;
function apply(world: World, change: Change): World {
  const { cluster, brokers, topics } = world;
  switch (change.kind) {
    case "setting":
      return change.broker === null
        ? { ...world, cluster: put(cluster, change.name, change.new) }
        : {
            ...world,
            brokers: brokers.with(change.broker - 1, put(brokers[change.broker - 1] ?? {}, change.name, change.new)),
          };
    case "topic": {
      const made = { id: `id-${++ids}`, partitions: change.partitions ?? 1, settings: change.settings };
      return { ...world, topics: { ...topics, [change.topic]: made } };
    }
    case "partitions":
    case "topic-settings": {
      const there = topics[change.topic];
      if (there === undefined) throw new Error(`no topic ${change.topic}`);
      const now =
        change.kind === "partitions"
          ? { ...there, partitions: change.new }
          : { ...there, settings: change.settings.reduce((all, { name, to }) => put(all, name, to), there.settings) };
      return { ...world, topics: { ...topics, [change.topic]: now } };
    }
    default:
      return world;
  }
}

type Kept = KafkaChanges["receipt"];

const nothingKept: Kept = { liveSettings: { cluster: [], brokers: {} }, topics: {} };

function look(spec: Wanted, kafka: ObservedKafka, kept: Kept, more: Partial<Receipt> = {}): KafkaChanges {
  const { cluster, desired, identity } = wanted(spec);
  const made = { java: "/java", cache: "/c", identity };
  const input = { cluster, desired, made, stored: {}, kafka: kept };
  const former: Receipt = { ...nextReceipt(input, null), ...more };
  // What it knows beside what this kctl makes stays in it.
  expect(nextReceipt(input, former)).toEqual(former);
  return kafkaChanges({ cluster, desired, kafka, former });
}

/** Rounds of `up` until nothing is left to do or to note; killed once after so many changes, where given. */
function up(
  spec: Wanted,
  world: World,
  kept: Kept,
  killedAfter = Infinity,
): { readonly world: World; readonly kept: Kept } {
  let [now, record, left] = [world, kept, killedAfter];
  for (let round = 0; round < 6; round += 1) {
    const { settings, topics, receipt } = look(spec, known(now), record);
    const changes = [...settings, ...topics].filter(changesSomething);
    if (changes.length === 0 && JSON.stringify(receipt) === JSON.stringify(record)) return { world: now, kept: record };
    // It is written first.
    record = receipt;
    const done = changes.slice(0, left);
    left = done.length < changes.length ? Infinity : left - done.length;
    for (const change of done) {
      now = apply(now, change);
      const made = change.kind === "topic" ? now.topics[change.topic]?.id : undefined;
      if (change.kind === "topic" && made !== undefined)
        record = { ...record, topics: withTopicId(record.topics, change.topic, made) };
    }
  }
  throw new Error("it comes to no end");
}

const titles = ({ settings, topics, notes }: KafkaChanges): readonly string[] =>
  [...settings, ...topics, ...notes].map(({ title }) => title);

describe("the receipt", () => {
  const topic = (made: boolean, id: string | null, ...settings: string[]) => ({ made, id, settings });

  test("names what is to be set and made before it is", () => {
    const spec: Wanted = {
      config: { "log.retention.ms": "5" },
      nodes: [{ "log.segment.bytes": "6" }, {}],
      topics: [{ name: "t", config: { "segment.ms": "7" } }],
    };
    expect(look(spec, known(empty), nothingKept).receipt).toEqual({
      liveSettings: { cluster: ["log.retention.ms"], brokers: { "1": ["log.segment.bytes"] } },
      topics: { t: topic(true, null, "segment.ms") },
    });
  });

  test.each<[string, Wanted, World, Kept, readonly string[], Kept]>([
    [
      "does not take a topic for kctl's own by its name, while it is not known which one kctl made",
      { topics: [{ name: "t" }] },
      { ...empty, topics: { t: { id: "x", partitions: 1, settings: {} } } },
      { ...nothingKept, topics: { t: topic(true, null) } },
      [],
      nothingKept,
    ],
    [
      "but takes its settings for those that kctl set",
      { topics: [{ name: "t", config: { "segment.ms": "5" } }] },
      { ...empty, topics: { t: { id: "x", partitions: 1, settings: { "segment.ms": "5" } } } },
      { ...nothingKept, topics: { t: topic(true, null, "segment.ms") } },
      [],
      { ...nothingKept, topics: { t: topic(false, "x", "segment.ms") } },
    ],
    [
      "names what is taken back until it is seen gone",
      {},
      { ...empty, cluster: { "log.retention.ms": "5" } },
      { ...nothingKept, liveSettings: { cluster: ["log.retention.ms"], brokers: {} } },
      ["take log.retention.ms of the cluster back"],
      { ...nothingKept, liveSettings: { cluster: ["log.retention.ms"], brokers: {} } },
    ],
    [
      "and then no longer",
      {},
      empty,
      { ...nothingKept, liveSettings: { cluster: ["log.retention.ms"], brokers: { "2": ["log.segment.bytes"] } } },
      [],
      nothingKept,
    ],
    [
      "keeps nothing of a topic that somebody deleted",
      {},
      empty,
      { ...nothingKept, topics: { t: topic(true, "x", "segment.ms") } },
      [],
      nothingKept,
    ],
    [
      "nor of one that somebody made anew: its settings are not kctl's",
      { topics: [{ name: "t" }] },
      { ...empty, topics: { t: { id: "y", partitions: 1, settings: { "segment.ms": "5" } } } },
      { ...nothingKept, topics: { t: topic(true, "x", "segment.ms") } },
      ["segment.ms of topic t was set by somebody else, and left alone"],
      nothingKept,
    ],
    [
      "still names a topic that the spec no longer does, and what was set on it; neither is touched",
      {},
      { ...empty, topics: { t: { id: "x", partitions: 1, settings: { "segment.ms": "5" } } } },
      { ...nothingKept, topics: { t: topic(true, "x", "segment.ms") } },
      [],
      { ...nothingKept, topics: { t: topic(true, "x", "segment.ms") } },
    ],
    [
      "names settings of a topic that others made",
      { topics: [{ name: "t", config: { "segment.ms": "6" } }] },
      { ...empty, topics: { t: { id: "x", partitions: 1, settings: { "segment.ms": "5" } } } },
      nothingKept,
      ["change segment.ms of topic t"],
      { ...nothingKept, topics: { t: topic(false, "x", "segment.ms") } },
    ],
    [
      "does not name what others set and the spec does not say",
      {},
      { cluster: { "log.cleaner.threads": "3" }, brokers: [{ "log.segment.bytes": "3" }, {}], topics: {} },
      nothingKept,
      [],
      nothingKept,
    ],
  ])("%s", (_name, spec, world, before, changes, after) => {
    const found = look(spec, known(world), before);
    expect(titles(found)).toEqual(changes);
    expect(found.receipt).toEqual(after);
  });

  test("names the broker that did not take what is set for all, and does the rest", () => {
    const world = known({ ...empty, cluster: { "log.retention.ms": "3" } });
    if (world.state !== "known") throw new Error("it is known");
    const { brokers } = world.settings;
    const stuck = { ...brokers.get(2)?.["log.retention.ms"], inForce: "9" } as SettingLayers;
    const settings = { ...world.settings, brokers: new Map(brokers).set(2, { "log.retention.ms": stuck }) };
    const spec: Wanted = { config: { "log.retention.ms": "3" }, topics: [{ name: "t" }] };
    const found = look(spec, { ...world, settings }, nothingKept);
    expect(titles(found)).toEqual(["create topic t with 1 partition and 1 replica each"]);
    expect(found.refusals).toEqual([
      {
        code: "kafka-refused",
        node: "n-2",
        what: "broker 2 did not take log.retention.ms=3, which is set live, and runs with 9",
        fix: "its log says why; it takes it when it starts: `kctl restart n-2`",
      },
    ]);
  });

  const record: Kept = {
    liveSettings: { cluster: ["log.retention.ms"], brokers: { "1": ["log.segment.bytes"] } },
    topics: { t: topic(true, "x", "segment.ms") },
  };

  test("stays as it is while no broker tells, and the plan says that there is more to come", () => {
    const found = look({}, { state: "unknown", silent: [] }, record);
    expect(found.receipt).toEqual(record);
    expect(found.notes.map(({ key }) => key)).toEqual([kafkaLater]);
  });

  test("of replicas that a run that was cut off moves: it is noted who finishes that, and its throttle is nobody else's", () => {
    const throttle = { "leader.replication.throttled.replicas": "0:1" };
    const world = { ...empty, topics: { t: { id: "x", partitions: 1, settings: throttle } } };
    const spec: Wanted = { topics: [{ name: "t" }] };
    expect(titles(look(spec, known(world), nothingKept, { reassigning: { topics: ["t"], brokers: [1] } }))).toEqual([
      "a `kctl topics apply` that was cut off moves replicas of t: run it again, and it finishes that and takes the throttle back",
    ]);
    expect(titles(look(spec, known(world), nothingKept))).toEqual([
      "leader.replication.throttled.replicas of topic t was set by somebody else, and left alone",
    ]);
  });

  test("a broker that runs and does not answer is named, whether or not others do", () => {
    const said = (kafka: ObservedKafka): readonly string[] =>
      look({}, kafka, nothingKept).refusals.map(({ code, node, what }) => `${code} ${node}: ${what}`);
    const wanted = ["kafka-unreachable n-2: broker 2 runs and does not answer: what it would need is not known"];
    expect(said({ state: "unknown", silent: [2] })).toEqual(wanted);
    expect(
      said({ state: "known", silent: [2], topics: [], settings: { brokers: new Map(), elr: false }, voters: null }),
    ).toEqual(wanted);
  });

  test.each<[string, Wanted, readonly string[]]>([
    ["nothing", {}, []],
    ["a topic", { topics: [{ name: "t" }] }, [kafkaLater]],
    ["a live setting", { config: { "log.retention.ms": "5" } }, [kafkaLater]],
    ["a setting that needs a restart only", { config: { "auto.create.topics.enable": "false" } }, []],
  ])("where the spec has %s", (_name, spec, keys) => {
    expect(look(spec, { state: "unknown", silent: [] }, nothingKept).notes.map(({ key }) => key)).toEqual(keys);
  });
});

describe("a run that is killed", () => {
  const value = fc.constantFrom("5", "6");
  const live = fc.dictionary(fc.constantFrom("log.retention.ms", "log.segment.bytes"), value);
  const specs: fc.Arbitrary<Wanted> = fc.record({
    config: live,
    nodes: fc.tuple(live, live),
    topics: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom("a", "b"),
        config: fc.dictionary(fc.constantFrom("segment.ms", "retention.ms"), value),
      }),
      { selector: ({ name }) => name },
    ),
  });
  /** Set by others, and never in a spec. */
  const theirs: World = {
    cluster: { "log.cleaner.threads": "3" },
    brokers: [{}, { "log.cleaner.threads": "4" }],
    topics: { a: { id: "theirs", partitions: 1, settings: { "max.message.bytes": "5" } } },
  };

  test("anywhere between its changes, and run again, comes out as one that was not; what others set stays", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(specs, fc.nat(6)), { minLength: 1, maxLength: 4 }), (steps) => {
        let whole = { world: theirs, kept: nothingKept };
        let killed = whole;
        for (const [spec, after] of steps) {
          ids = 0;
          whole = up(spec, whole.world, whole.kept);
          ids = 0;
          killed = up(spec, killed.world, killed.kept, after);
          expect(killed).toEqual(whole);
          expect(killed.world.cluster["log.cleaner.threads"]).toBe("3");
          expect(killed.world.brokers[1]?.["log.cleaner.threads"]).toBe("4");
          expect(killed.world.topics["a"]).toMatchObject({ id: "theirs", settings: { "max.message.bytes": "5" } });
          expect(killed.kept.topics["a"]?.made ?? false).toBe(false);
        }
        const end = up({}, killed.world, killed.kept);
        expect(end.world).toEqual({ ...theirs, topics: killed.world.topics });
      }),
      { numRuns: 100 },
    );
  });
});
