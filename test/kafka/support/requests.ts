/** What kctl's own requests do to a real cluster: the same for every kind and version of Kafka. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Address } from "../../../src/kafka/address.ts";
import { askController } from "../../../src/kafka/ask-controller.ts";
import { brokerSettings } from "../../../src/kafka/broker-settings.ts";
import { mayBrokerRestart, mayControllerRestart } from "../../../src/kafka/may-restart.ts";
import { quorumView } from "../../../src/kafka/quorum.ts";
import { topicStates, type ObservedTopic } from "../../../src/kafka/topic-state.ts";
import { until } from "../../../src/kafka/until.ts";
import { addRaftVoter } from "../../../src/kafka/wire/add-raft-voter.ts";
import { askApiVersions, highestOf } from "../../../src/kafka/wire/api-versions.ts";
import { createPartitions } from "../../../src/kafka/wire/create-partitions.ts";
import { createTopics, type CreatedTopic, type NewTopic } from "../../../src/kafka/wire/create-topics.ts";
import { deleteTopics } from "../../../src/kafka/wire/delete-topics.ts";
import {
  describeCluster,
  describeClusterKey,
  describeClusterVersions,
} from "../../../src/kafka/wire/describe-cluster.ts";
import { electionNotNeeded, electPreferredLeaders } from "../../../src/kafka/wire/elect-leaders.ts";
import { errorName } from "../../../src/kafka/wire/error-names.ts";
import { withBroker, type Ask, type Message } from "../../../src/kafka/wire/exchange.ts";
import { incrementalAlterConfigs, type ConfigChange } from "../../../src/kafka/wire/incremental-alter-configs.ts";
import { removeRaftVoter } from "../../../src/kafka/wire/remove-raft-voter.ts";
import { updateFeatures } from "../../../src/kafka/wire/update-features.ts";
import { topicDifferences } from "../../../src/plan/topic-difference.ts";
import { startCluster } from "./cluster.ts";
import { startKraft, type KraftCluster } from "./kraft.ts";

type TestBrokers = {
  readonly bootstrap: readonly Address[];
  startBroker(id: number): Promise<void>;
  killBroker(id: number): Promise<void>;
  stop(): Promise<void>;
};

const never = new AbortController().signal;
const timeoutMs = 15_000;
const settings = { "retention.ms": "604800000", "cleanup.policy": "compact,delete" };

const talk = <Result>(address: Address | undefined, use: (ask: Ask) => Promise<Result>): Promise<Result> =>
  withBroker(address ?? { host: "127.0.0.1", port: 1 }, never, timeoutMs, use);

const errorsOf = (answer: readonly { readonly error: number }[]): readonly number[] => answer.map(({ error }) => error);

/** The names of the errors, for messages that say more than a number. */
const namesOf = (answer: readonly { readonly error: number }[]): readonly string[] =>
  answer.map(({ error }) => errorName(error));

function requestsTo(cluster: () => TestBrokers) {
  const toController = <Answer extends readonly { readonly error: number }[]>(message: Message<Answer>) =>
    askController({ bootstrap: cluster().bootstrap, signal: never, timeoutMs }, message, errorsOf);
  const create = (topics: readonly NewTopic[], validateOnly = false): Promise<readonly CreatedTopic[]> =>
    toController(createTopics(topics, timeoutMs, validateOnly));
  const topicAt = async (address: Address | undefined, name: string): Promise<ObservedTopic | undefined> =>
    (await topicStates(address === undefined ? [] : [address], never))?.find((topic) => topic.name === name);
  /** Once every broker that answers sees it so. */
  const topicOnce = (name: string, as: (topic: ObservedTopic | undefined) => boolean, from = cluster().bootstrap) =>
    until(`${name} as wanted`, 30, never, async () => {
      const seen = await Promise.all(from.map((address) => topicAt(address, name)));
      return seen.every(as) ? { done: seen[0] } : { still: JSON.stringify(seen) };
    });
  const alter = (address: Address | undefined, changes: readonly ConfigChange[], validateOnly = false) =>
    talk(address, (ask) => ask(incrementalAlterConfigs(changes, validateOnly)));
  const settingsOnce = (as: (view: Awaited<ReturnType<typeof brokerSettings>>) => boolean) =>
    until("the settings", 30, never, async () => {
      const brokers = cluster().bootstrap.map((address, index) => ({ id: index + 1, address }));
      const view = await brokerSettings(brokers, never);
      return as(view) ? { done: view } : { still: JSON.stringify(view.cluster) };
    });
  return { toController, create, topicAt, topicOnce, alter, settingsOnce };
}

function sharedTests(cluster: () => TestBrokers): void {
  const { toController, create, topicOnce, alter, settingsOnce } = requestsTo(cluster);
  const first = (): Address | undefined => cluster().bootstrap[0];

  it("tells its versions and brokers", async () => {
    const described = await talk(first(), async (ask) => {
      const version = highestOf(await askApiVersions(ask), describeClusterKey, describeClusterVersions) ?? 1;
      return { version, ...(await ask(describeCluster(version, "brokers"))) };
    });
    const fenced = described.version === 2 ? false : null;
    expect(described).toMatchObject({ error: 0, errorMessage: null });
    expect(described.nodes.toSorted((a, b) => a.id - b.id)).toEqual(
      cluster().bootstrap.map((address, index) => ({ ...address, id: index + 1, rack: null, fenced })),
    );
  });

  it("creates topics by counts, by hand and by default, or only says whether it would", async () => {
    const wanted: readonly NewTopic[] = [
      { name: "counted", layout: { partitions: 3, replicas: 2 }, settings },
      {
        name: "by-hand",
        layout: {
          assignment: [
            [2, 1],
            [1, 2],
          ],
        },
        settings: {},
      },
      { name: "default", layout: { partitions: null, replicas: null }, settings: {} },
    ];
    expect(namesOf(await create(wanted, true))).toEqual(["NONE", "NONE", "NONE"]);
    const created = await create(wanted);
    expect(created).toMatchObject([
      { name: "counted", error: 0, errorMessage: null, partitions: 3, replicas: 2 },
      { name: "by-hand", error: 0 },
      { name: "default", error: 0, partitions: 1, replicas: 1 },
    ]);
    const seen = await topicOnce("counted", (topic) => topic?.partitions.length === 3);
    expect(seen).toMatchObject({ id: created[0]?.id, internal: false, settings, minIsr: 1 });
    expect(seen?.inherited).toMatchObject({ "min.insync.replicas": "1", "max.message.bytes": "1048588" });
    const byHand = await topicOnce("by-hand", (topic) => topic?.partitions.length === 2);
    expect(byHand?.partitions.map(({ replicas }) => replicas)).toEqual([
      [2, 1],
      [1, 2],
    ]);
    expect(byHand?.settings).toEqual({});
  });

  it.each([
    ["one that exists", "counted", { partitions: 1, replicas: 1 }, {}, "TOPIC_ALREADY_EXISTS"],
    ["more replicas than brokers", "wide", { partitions: 1, replicas: 3 }, {}, "INVALID_REPLICATION_FACTOR"],
    ["a value that is none", "odd", { partitions: 1, replicas: 1 }, { "retention.ms": "soon" }, "INVALID_CONFIG"],
    ["a setting that is none", "odd", { partitions: 1, replicas: 1 }, { retention: "1" }, "INVALID_CONFIG"],
    ["a broker twice", "odd", { assignment: [[1, 1]] }, {}, "INVALID_REPLICA_ASSIGNMENT"],
  ])("refuses %s", async (_name, name, layout, config, error) => {
    expect(namesOf(await create([{ name, layout, settings: config }], true))).toEqual([error]);
  });

  it("grows a topic, and never shrinks it", async () => {
    const grow = (count: number, validateOnly: boolean) =>
      toController(createPartitions([{ name: "counted", count, assignment: null }], timeoutMs, validateOnly));
    expect(namesOf(await grow(5, true))).toEqual(["NONE"]);
    expect(namesOf(await grow(5, false))).toEqual(["NONE"]);
    expect((await topicOnce("counted", (topic) => topic?.partitions.length === 5))?.partitions).toHaveLength(5);
    expect(namesOf(await grow(2, false))).toEqual(["INVALID_PARTITIONS"]);
  });

  it("finds nothing to do for a topic that was just made so, however its values are spelled", async () => {
    const config = {
      "cleanup.policy": "compact, delete",
      "min.cleanable.dirty.ratio": "0.50",
      "retention.ms": "0604800000",
      "unclean.leader.election.enable": "FALSE",
    };
    const topic = { name: "spelled", partitions: 1, replicas: 2, config, delete: false };
    const rest = { brokers: 2, setBefore: {}, made: new Set<string>(), prune: false, moving: null };
    const known = (observed: readonly ObservedTopic[]) => ({ observed, ...rest });
    const [make] = topicDifferences([topic], known([]));
    expect(make).toMatchObject({ kind: "create", settings: config });
    const made = await create([{ name: topic.name, layout: { partitions: 1, replicas: 2 }, settings: config }]);
    expect(namesOf(made)).toEqual(["NONE"]);
    const seen = await topicOnce("spelled", (one) => one?.partitions[0]?.isr.length === 2);
    expect(topicDifferences([topic], known(seen === undefined ? [] : [seen]))).toEqual([]);
  });

  it("sets a topic's settings and takes them back", async () => {
    const change = (config: Record<string, string | null>, validateOnly = false) =>
      alter(first(), [{ type: "topic", name: "counted", settings: config }], validateOnly);
    expect(namesOf(await change({ "retention.ms": "soon" }))).toEqual(["INVALID_CONFIG"]);
    expect(namesOf(await change({ "retention.ms": "1000" }, true))).toEqual(["NONE"]);
    expect(namesOf(await change({ "cleanup.policy": null, "min.insync.replicas": "2" }))).toEqual(["NONE"]);
    const seen = await topicOnce("counted", (topic) => topic?.minIsr === 2);
    expect(seen?.settings).toEqual({ "retention.ms": "604800000", "min.insync.replicas": "2" });
    expect(seen?.inherited["cleanup.policy"]).toBe("delete");
  });

  it("sets one broker's settings and the cluster's, and tells them apart", async () => {
    // Kafka refuses to more than double a number of threads at once, and the cluster's value may take a moment to arrive.
    const set = (name: string, value: string | null): readonly ConfigChange[] => [
      { type: "broker", name, settings: { "num.io.threads": value } },
    ];
    expect(namesOf(await alter(first(), set("", "9")))).toEqual(["NONE"]);
    expect(namesOf(await alter(first(), set("1", "10"), true))).toEqual(["NONE"]);
    expect(namesOf(await alter(first(), set("1", "10")))).toEqual(["NONE"]);
    const [other] = await alter(first(), set("2", "10"));
    expect(errorName(other?.error ?? 0)).toBe("INVALID_REQUEST");
    expect(other?.errorMessage).toContain("broker id");
    const view = await settingsOnce(
      ({ cluster: all, brokers }) =>
        all?.["num.io.threads"] === "9" && brokers.get(1)?.inForce["num.io.threads"]?.value === "10",
    );
    expect(view.brokers.get(1)?.live).toEqual({ "num.io.threads": "10" });
    expect(view.brokers.get(2)?.live).toEqual({});
    expect(view.brokers.get(2)?.inForce).toMatchObject({
      "num.io.threads": { value: "9", source: "cluster" },
      "log.dirs": { source: "file" },
      "num.network.threads": { value: "3", source: "default" },
    });
    await alter(first(), [...set("", null), ...set("1", null)]);
    const back = await settingsOnce(({ brokers }) =>
      [1, 2].every((id) => brokers.get(id)?.inForce["num.io.threads"]?.value === "8"),
    );
    expect(back.cluster?.["num.io.threads"]).toBeUndefined();
    expect(back.brokers.get(1)?.live).toEqual({});
  });

  it("does not take a broker that is silent for one without settings", async () => {
    const nobody = { id: 7, address: { host: "127.0.0.1", port: 1 } };
    expect(await brokerSettings([nobody], never)).toEqual({ cluster: null, brokers: new Map([[7, null]]) });
    expect(await topicStates([nobody.address], never)).toBeNull();
  });

  it("answers whether a broker may go, and hands leadership back", async () => {
    const ids = [1, 2];
    const [, second] = cluster().bootstrap;
    const names = ["safe", "needs-all"];
    await create([
      { name: "safe", layout: { assignment: [[1, 2]] }, settings: { "min.insync.replicas": "1" } },
      { name: "needs-all", layout: { assignment: [[1, 2]] }, settings: { "min.insync.replicas": "2" } },
    ]);
    const isr = (count: number) => (topic: ObservedTopic | undefined) => topic?.partitions[0]?.isr.length === count;
    const ask = (id: number, topics: readonly (ObservedTopic | undefined)[]) =>
      mayBrokerRestart(id, { brokers: ids, topics: topics.filter((topic) => topic !== undefined) });
    const whole = await Promise.all(names.map((name) => topicOnce(name, isr(2))));
    expect(ask(2, whole)).toEqual({ answer: "go", unavailable: [], stalls: [{ topic: "needs-all", partition: 0 }] });

    await cluster().killBroker(1);
    const alone = second === undefined ? [] : [second];
    const degraded = await Promise.all(names.map((name) => topicOnce(name, isr(1), alone)));
    const why = "broker 2 has its only replica in sync, of 2";
    expect(ask(2, degraded)).toMatchObject({
      answer: "wait",
      partitions: [
        { topic: "safe", replicas: [1, 2], isr: [2], why },
        { topic: "needs-all", why },
      ],
    });

    await cluster().startBroker(1);
    await topicOnce("safe", isr(2));
    const elected = await askController(
      { bootstrap: cluster().bootstrap, signal: never, timeoutMs },
      electPreferredLeaders([{ topic: "safe", partitions: [0] }], timeoutMs),
      ({ error, partitions }) => [error, ...errorsOf(partitions)],
    );
    expect(elected.error).toBe(0);
    // Kafka itself may have been quicker.
    expect([0, electionNotNeeded]).toContain(elected.partitions[0]?.error);
    const led = await topicOnce("safe", (topic) => topic?.partitions[0]?.leader === 1);
    expect(led?.partitions[0]?.leader).toBe(1);
  });

  it("deletes a topic by its id, and nothing under another", async () => {
    const topic = await topicOnce("counted", (one) => one?.id !== undefined);
    const other = "AAAAAAAAAAAAAAAAAAABAA";
    expect(namesOf(await toController(deleteTopics([other], timeoutMs)))).toEqual(["UNKNOWN_TOPIC_ID"]);
    expect(namesOf(await toController(deleteTopics([topic?.id ?? ""], timeoutMs)))).toEqual(["NONE"]);
    expect(await topicOnce("counted", (one) => one === undefined)).toBeUndefined();
  });
}

export function describeWithZookeeper(version: string, port: number): void {
  describe(`Kafka ${version} with ZooKeeper`, () => {
    let cluster: TestBrokers;
    vi.setConfig({ testTimeout: 90_000, hookTimeout: 180_000 });
    beforeAll(async () => void (cluster = await startCluster({ version, size: 2, port })));
    afterAll(() => cluster?.stop());
    sharedTests(() => cluster);

    it("has no KRaft quorum", async () => {
      expect(await quorumView(cluster.bootstrap, never)).toBeNull();
    });
  });
}

export function describeKraft(version: string, port: number): void {
  describe(`Kafka ${version} with KRaft`, () => {
    let cluster: KraftCluster;
    vi.setConfig({ testTimeout: 90_000, hookTimeout: 180_000 });
    beforeAll(async () => void (cluster = await startKraft({ version, brokers: 2, port })));
    afterAll(() => cluster?.stop());
    sharedTests(() => ({
      bootstrap: cluster.bootstrap,
      startBroker: (id) => cluster.startBroker(id),
      killBroker: (id) => cluster.kill(`broker-${id}`),
      stop: () => cluster.stop(),
    }));
    kraftTests(() => cluster);
  });
}

function kraftTests(cluster: () => KraftCluster): void {
  const known = () => [...cluster().bootstrap, cluster().controller(3001)];
  const quorumOnce = (what: string, as: (view: NonNullable<Awaited<ReturnType<typeof quorumView>>>) => boolean) =>
    until(what, 30, never, async () => {
      const view = await quorumView(known(), never);
      return view !== null && as(view) ? { done: view } : { still: JSON.stringify(view?.voters) };
    });

  it.each([
    ["the brokers", () => cluster().bootstrap],
    ["the controllers", () => [cluster().controller(3001)]],
  ])("tells of its quorum through %s", async (_name, addresses) => {
    const view = await quorumView(addresses(), never);
    expect(view).toMatchObject({
      leaderId: 3001,
      dynamic: true,
      voters: [{ id: 3001, lag: 0, address: cluster().controller(3001) }],
      features: { finalized: { "kraft.version": 1 }, supported: { "kraft.version": { min: 0, max: 1 } } },
    });
    expect(view?.observers.map(({ id }) => id)).toEqual([1, 2]);
    expect(view?.voters[0]?.directoryId).toMatch(/^[\w-]{22}$/);
    expect(view?.observers.every(({ lag, lastFetch }) => lag !== null && lastFetch !== null)).toBe(true);
  });

  it("tells the controllers to those who ask one", async () => {
    const told = await talk(cluster().controller(3001), (ask) => ask(describeCluster(1, "controllers")));
    expect(told).toMatchObject({ error: 0, clusterId: cluster().clusterId, controllerId: 3001 });
    expect(told.nodes).toMatchObject([{ id: 3001, ...cluster().controller(3001) }]);
  });

  it("takes a second controller into the quorum, and out again", async () => {
    await cluster().startObserver(3002);
    const found = await quorumOnce("the observer", ({ observers }) => observers.some(({ id }) => id === 3002));
    const directoryId = found.observers.find(({ id }) => id === 3002)?.directoryId ?? "";
    const listeners = [{ name: "CONTROLLER", ...cluster().controller(3002) }];
    const voter = { id: 3002, directoryId, listeners };
    const { clusterId } = cluster();
    const add = (cluster: string) => talk(known()[0], (ask) => ask(addRaftVoter(cluster, voter, timeoutMs)));
    const wrong = await add("another");
    expect(errorName(wrong.error)).toBe("INCONSISTENT_CLUSTER_ID");
    expect(await add(clusterId)).toMatchObject({ error: 0 });
    const two = await quorumOnce("two voters", ({ voters }) => voters.length === 2);
    expect(two.voters).toMatchObject([{ id: 3001 }, { id: 3002, directoryId, address: cluster().controller(3002) }]);
    expect(errorName((await add(clusterId)).error)).toBe("DUPLICATE_VOTER");

    const whole = await quorumOnce("both caught up", ({ voters }) =>
      voters.every(({ lastCaughtUp }) => lastCaughtUp !== null),
    );
    expect(mayControllerRestart(3002, whole, 2000)).toMatchObject({ answer: "go" });
    await cluster().kill("controller-3002");
    await cluster().restartController(3002);
    await quorumOnce("both caught up again", (view) => mayControllerRestart(3001, view, 2000).answer === "go");

    const remove = () => talk(known()[0], (ask) => ask(removeRaftVoter(clusterId, voter)));
    expect(await remove()).toMatchObject({ error: 0 });
    expect((await quorumOnce("one voter", ({ voters }) => voters.length === 1)).voters).toMatchObject([{ id: 3001 }]);
    expect(errorName((await remove()).error)).toBe("VOTER_NOT_FOUND");
  });

  it("says whether a feature could be raised", async () => {
    const raise = (levels: Record<string, number>) =>
      talk(cluster().bootstrap[0], (ask) => ask(updateFeatures(levels, timeoutMs, true)));
    const { features } = await quorumOnce("the quorum", () => true);
    const now = features.finalized["metadata.version"] ?? 0;
    const same = await raise({ "metadata.version": now });
    expect([same, ...same.features].map(({ error }) => error).every((error) => error === 0)).toBe(true);
    const over = await raise({ "metadata.version": 999 });
    expect([over, ...over.features].map(({ error }) => errorName(error))).toContain("INVALID_UPDATE_VERSION");
  });
}
