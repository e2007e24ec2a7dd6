import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  mayBrokerRestart,
  mayControllerRestart,
  mayZookeeperRestart,
  type ClusterState,
  type PartitionState,
  type TopicState,
} from "../../src/kafka/may-restart.ts";

const minute = 60_000;

/** "1 2 3 | 1 2": replicas, then those in sync; the first in sync leads. */
function partitionOf(text: string, partition = 0): PartitionState {
  const [replicas = [], isr = []] = text.split("|").map((part) => part.trim().split(/ +/).filter(Boolean).map(Number));
  return { partition, leader: isr[0] ?? null, replicas, isr };
}

function topicOf(text: string, minIsr: number | null, name = "t"): TopicState {
  return { name, minIsr, partitions: [partitionOf(text)] };
}

const three = (...topics: readonly TopicState[]): ClusterState => ({ brokers: [1, 2, 3], topics });

describe("broker 1 may restart", () => {
  it.each([
    ["there is no topic", three()],
    ["it has no replica of what is in trouble", three(topicOf("2 3 | 2", 2))],
    ["enough replicas are in sync without it", three(topicOf("1 2 3 | 1 2 3", 2))],
    ["more than enough are, and it is not among them", three(topicOf("1 2 3 | 2 3", 1))],
    ["it is not in sync, and just enough others are", three(topicOf("1 2 3 | 2 3", 2))],
  ])("where %s", (_name, state) => {
    expect(mayBrokerRestart(1, state)).toEqual({ answer: "go", unavailable: [], stalls: [] });
  });

  it("in a cluster of one, where everything is away meanwhile", () => {
    const state = { brokers: [1], topics: [topicOf("1 | 1", 1, "a"), topicOf("1 | 1", 1, "__consumer_offsets")] };
    expect(mayBrokerRestart(1, state)).toEqual({
      answer: "go",
      unavailable: [
        { topic: "a", partition: 0 },
        { topic: "__consumer_offsets", partition: 0 },
      ],
      stalls: [],
    });
  });

  it.each([
    ["the only replica of a topic is here, and is away meanwhile", topicOf("1 | 1", 1), "unavailable"],
    ["that is so although the topic wants two", topicOf("1 | 1", 2), "unavailable"],
    ["that is so although its min.insync.replicas is not known", topicOf("1 | 1", null), "unavailable"],
    ["it is offline anyhow", topicOf("1 |", 1), "unavailable"],
    ["a topic needs all of its replicas, and so can never be safe", topicOf("1 2 | 1 2", 2), "stalls"],
    ["a topic needs more than it has", topicOf("1 2 | 1 2", 3), "stalls"],
    ["it needs all, and one is missing already", topicOf("1 2 3 | 2 3", 3), "stalls"],
  ])("where %s", (_name, topic, where) => {
    const none = { answer: "go", unavailable: [], stalls: [] };
    expect(mayBrokerRestart(1, three(topic))).toEqual({ ...none, [where]: [{ topic: "t", partition: 0 }] });
  });
});

describe("broker 1 must wait", () => {
  it.each([
    [
      "just enough replicas are in sync, and it is one of them",
      topicOf("1 2 3 | 1 2", 2),
      "2 of 3 replicas are in sync, this one among them, and min.insync.replicas is 2",
    ],
    ["too few are in sync", topicOf("1 2 3 | 1", 2), "broker 1 has its only replica in sync, of 3"],
    [
      "too few are in sync, although it is not one of them: it may be the first to catch up",
      topicOf("1 2 3 | 2", 2),
      "1 of 3 replicas are in sync, and min.insync.replicas is 2",
    ],
    ["nobody is in sync", topicOf("1 2 3 |", 1), "0 of 3 replicas are in sync, and min.insync.replicas is 1"],
    [
      "it alone has the records, of a topic that needs all of its replicas",
      topicOf("1 2 | 1", 2),
      "broker 1 has its only replica in sync, of 2",
    ],
    ["min.insync.replicas is not known", topicOf("1 2 3 | 1 2 3", null), "its min.insync.replicas could not be read"],
    [
      "a leader is being elected",
      { name: "t", minIsr: 2, partitions: [{ ...partitionOf("1 2 3 | 1 2 3"), leader: null }] },
      "it has no leader just now",
    ],
    [
      "an internal topic is like any other",
      topicOf("1 2 3 | 1 2", 2, "__transaction_state"),
      "2 of 3 replicas are in sync, this one among them, and min.insync.replicas is 2",
    ],
  ])("where %s", (_name, topic, why) => {
    const answer = mayBrokerRestart(1, three(topicOf("1 2 3 | 1 2 3", 2, "fine"), topic));
    const { replicas, isr } = topic.partitions[0] as PartitionState;
    expect(answer).toEqual({ answer: "wait", partitions: [{ topic: topic.name, partition: 0, replicas, isr, why }] });
  });

  it("for each such partition, and only for them", () => {
    const partitions = [partitionOf("1 2 3 | 1 2 3", 0), partitionOf("1 2 3 | 2 1", 1), partitionOf("3 1 2 | 3", 2)];
    const answer = mayBrokerRestart(1, three({ name: "t", minIsr: 2, partitions }, topicOf("1 | 1", 1, "single")));
    expect(answer).toMatchObject({ answer: "wait", partitions: [{ partition: 1 }, { partition: 2 }] });
  });
});

describe("for broker 1 it stops", () => {
  it.each([
    [
      "where what is missing is on a broker that the cluster does not have",
      "1 2 9 | 1 2",
      "2 of 3 replicas are in sync, this one among them, and min.insync.replicas is 2; what is missing is on broker 9, which the cluster does not have",
    ],
    [
      "where all that could join it are on such brokers",
      "1 8 9 | 1",
      "broker 1 has its only replica in sync, of 3; what is missing is on brokers 8, 9, which the cluster does not have",
    ],
  ])("%s", (_name, text, why) => {
    expect(mayBrokerRestart(1, three(topicOf(text, 2)))).toMatchObject({ answer: "stop", partitions: [{ why }] });
  });

  it("but not where enough are in sync without that one", () => {
    expect(mayBrokerRestart(1, three(topicOf("1 2 3 9 | 1 2 3", 2)))).toMatchObject({ answer: "go" });
  });

  it("but not where another one may still come back", () => {
    expect(mayBrokerRestart(1, three(topicOf("1 2 3 9 | 1 2", 2)))).toMatchObject({ answer: "wait" });
  });

  it("also where other partitions only have to wait, and it names both", () => {
    const state = three(topicOf("1 2 9 | 1 2", 2, "a"), topicOf("1 2 3 | 1 2", 2, "b"));
    expect(mayBrokerRestart(1, state)).toMatchObject({ answer: "stop", partitions: [{ topic: "a" }, { topic: "b" }] });
  });
});

describe("of any cluster", () => {
  const brokers = [1, 2, 3, 4, 5];
  const partition = fc
    .tuple(fc.shuffledSubarray(brokers, { minLength: 1 }), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }))
    .map(([replicas, alive]) => {
      const isr = replicas.filter((_, index) => alive[index]);
      return { partition: 0, leader: isr[0] ?? null, replicas, isr };
    });
  const topics = fc.array(
    fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.array(partition, { minLength: 1, maxLength: 3 }))
      .map(([minIsr, partitions]) => ({ name: "t", minIsr, partitions })),
    { maxLength: 4 },
  );
  const without = (state: readonly TopicState[], broker: number): readonly TopicState[] =>
    state.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((one) => {
        const isr = one.isr.filter((id) => id !== broker);
        return { ...one, isr, leader: isr[0] ?? null };
      }),
    }));

  /** Partitions that could be safe and fell below their minimum, or that lost their last replica in sync though there are others. */
  const harmed = (before: readonly TopicState[], after: readonly TopicState[]): readonly PartitionState[] =>
    after.flatMap(({ minIsr, partitions }, index) =>
      partitions.filter(({ replicas, isr }, at) => {
        const had = before[index]?.partitions[at]?.isr.length ?? 0;
        const least = minIsr !== null && replicas.length > minIsr ? minIsr : Math.min(1, replicas.length - 1);
        return had >= least && isr.length < least;
      }),
    );

  it("whoever goes, and stays away for ever, no partition that can be safe is harmed", () => {
    fc.assert(
      fc.property(topics, fc.shuffledSubarray(brokers, { minLength: 1 }), (before, order) => {
        let state: readonly TopicState[] = before;
        for (const broker of order) {
          const { answer } = mayBrokerRestart(broker, { brokers, topics: state });
          if (answer === "go") state = without(state, broker);
        }
        expect(harmed(before, state)).toEqual([]);
      }),
    );
  });

  it("a whole cluster can always be rolled: once all is in sync, every broker may go", () => {
    fc.assert(
      fc.property(topics, fc.constantFrom(...brokers), (some, broker) => {
        const whole = some.map((topic) => ({
          ...topic,
          partitions: topic.partitions.map((one) => ({ ...one, isr: one.replicas, leader: one.replicas[0] ?? null })),
        }));
        expect(mayBrokerRestart(broker, { brokers, topics: whole }).answer).toBe("go");
      }),
    );
  });

  it("each partition of a broker is named once at most, and none of another's", () => {
    fc.assert(
      fc.property(topics, fc.constantFrom(...brokers), (some, broker) => {
        const named = some.map((topic, index) => ({ ...topic, name: `t${index}` }));
        const answer = mayBrokerRestart(broker, { brokers, topics: named });
        const said = answer.answer === "go" ? [...answer.unavailable, ...answer.stalls] : answer.partitions;
        for (const { topic } of said) {
          const state = named.find(({ name }) => name === topic);
          expect(state?.partitions.some(({ replicas }) => replicas.includes(broker))).toBe(true);
        }
        if (answer.answer !== "go") expect(said.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe("a controller", () => {
  /** Voters from 3001, each with how many ms it is behind; null: it never caught up. */
  const quorum = (leaderId: number | null, ...behind: readonly (number | null)[]) => ({
    leaderId,
    voters: behind.map((ms, index) => ({ id: 3001 + index, lastCaughtUp: ms === null ? null : 10 * minute - ms })),
  });
  const go = (warning: string | null) => ({ answer: "go", warning });
  const wait = (why: string) => ({ answer: "wait", why });

  it.each([
    ["a follower goes where the other two have caught up", 3002, quorum(3001, 0, 0, 500), go(null)],
    ["so does the leader", 3001, quorum(3001, 0, 0, 500), go(null)],
    ["a follower goes that is behind itself", 3003, quorum(3001, 0, 0, minute), go(null)],
    [
      "nobody goes while another one is behind",
      3002,
      quorum(3001, 0, 0, minute),
      wait("controller 3003 is not well: without 3002 there would be 1 of 3, and a quorum is 2"),
    ],
    [
      "just as far behind as the timeout is behind",
      3002,
      quorum(3001, 0, 0, 2000),
      wait("controller 3003 is not well: without 3002 there would be 1 of 3, and a quorum is 2"),
    ],
    [
      "one that was never seen is behind",
      3001,
      quorum(3001, 0, 0, null),
      wait("controller 3003 is not well: without 3001 there would be 1 of 3, and a quorum is 2"),
    ],
    ["of five, one may be behind", 3002, quorum(3001, 0, 0, 0, 0, minute), go(null)],
    [
      "of five, two may not",
      3002,
      quorum(3001, 0, 0, 0, null, minute),
      wait("controllers 3004, 3005 are not well: without 3002 there would be 2 of 5, and a quorum is 3"),
    ],
    ["of four, none may be behind", 3001, quorum(3001, 0, 0, 0, 0), go(null)],
    [
      "of four, one behind is too many",
      3001,
      quorum(3001, 0, 0, 0, null),
      wait("controller 3004 is not well: without 3001 there would be 2 of 4, and a quorum is 3"),
    ],
    ["nobody goes where there is no leader", 3001, quorum(null, 0, 0, 0), wait("the controllers have no leader")],
    ["nor where the leader does not vote", 3001, quorum(3009, 0, 0, 0), wait("the controllers have no leader")],
    [
      "a single one goes, with a warning",
      3001,
      quorum(3001, 0),
      go("there is one controller only: none serves while it restarts"),
    ],
    [
      "one of two goes, with a warning",
      3001,
      quorum(3001, 0, 0),
      go("there are two controllers only: one alone has no quorum while the other restarts"),
    ],
    [
      "one of two waits for the other",
      3001,
      quorum(3001, 0, null),
      wait("controller 3002 is not well: without 3001 there would be 0 of 2, and a quorum is 2"),
    ],
    ["one that does not vote goes, whatever the others do", 3009, quorum(null, 0, null, null), go(null)],
  ])("%s", (_name, id, state, wanted) => {
    expect(mayControllerRestart(id, state, 2000)).toEqual(wanted);
  });
});

describe("a ZooKeeper server", () => {
  const ensemble = (...modes: readonly string[]) => new Map(modes.map((mode, index) => [index + 1, mode]));

  it.each([
    ["goes where the others are a majority", 2, ensemble("leader", "follower", "follower"), "go"],
    ["goes as the leader as well", 1, ensemble("leader", "follower", "follower"), "go"],
    ["goes where it does not serve itself", 3, ensemble("leader", "follower", "refused"), "go"],
    ["waits where another one does not serve", 2, ensemble("leader", "follower", "not-serving"), "wait"],
    ["waits where there is no leader", 2, ensemble("follower", "follower", "follower"), "wait"],
    ["waits where nobody answers", 2, ensemble("refused", "refused", "refused"), "wait"],
    [
      "goes of five where one more is missing",
      2,
      ensemble("leader", "follower", "follower", "follower", "refused"),
      "go",
    ],
    ["waits of five where two are", 2, ensemble("leader", "follower", "follower", "refused", "refused"), "wait"],
    ["goes alone", 1, ensemble("standalone"), "go"],
    ["goes of two", 1, ensemble("leader", "follower"), "go"],
    ["waits of two for the other", 1, ensemble("leader", "refused"), "wait"],
    ["goes where it is alone and is to have peers", 1, ensemble("standalone", "refused"), "go"],
    ["waits where it is not the one that is alone", 2, ensemble("standalone", "refused"), "wait"],
  ])("%s", (_name, id, modes, answer) => {
    expect(mayZookeeperRestart(id, modes).answer).toBe(answer);
  });

  it.each([
    [1, ensemble("standalone"), "there is one ZooKeeper server only: none serves while it restarts"],
    [
      2,
      ensemble("leader", "follower"),
      "there are two ZooKeeper servers only: one alone has no quorum while the other restarts",
    ],
    [1, ensemble("standalone", "not-serving"), "ZooKeeper server 1 was alone until now: none serves while it restarts"],
  ])("warns where no quorum is left meanwhile: %#", (id, modes, warning) => {
    expect(mayZookeeperRestart(id, modes)).toEqual({ answer: "go", warning });
  });
});
