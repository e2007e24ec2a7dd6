import { describe, expect, it } from "vitest";
import type { TopicState } from "../../../src/kafka/may-restart.ts";
import { decide, type Decision, type RoleSeen, type ServerSeen } from "../../../src/operations/roll/decide.ts";

const patience = 10;

type About = Partial<Omit<ServerSeen, "key" | "id">>;

/** Servers 1, 2, ...: each with what is special about it. */
function servers(...about: readonly About[]): readonly ServerSeen[] {
  return about.map((own, index) => ({
    key: `n${index + 1}`,
    id: index + 1,
    silentSeconds: null,
    leads: false,
    recovering: null,
    registered: true,
    ...own,
  }));
}

const well: About = {};
const leads: About = { leads: true };
const silent: About = { silentSeconds: 60 };
const justSilent: About = { silentSeconds: 1 };
const gone: About = { silentSeconds: 60, registered: false };

/** The answer, and whom or what it names. */
function said(decision: Decision): string {
  if (decision.answer === "go") return [`go ${decision.keys.join(" ")}`, ...decision.warnings].join("; ");
  const names = decision.partitions.map(({ topic, partition }) => `${topic}-${partition}`);
  return [`${decision.answer} ${decision.key}: ${decision.why}`, ...names].join("; ");
}

const decided = (seen: RoleSeen, left: string): string => said(decide(seen, new Set(left.split(" ")), patience));

describe("ZooKeeper servers", () => {
  const seen = (modes: readonly string[], ...about: readonly About[]): RoleSeen => ({
    role: "zookeeper",
    modes: new Map(modes.map((mode, index) => [index + 1, mode])),
    servers: servers(...about),
  });
  const followers = ["leader", "follower", "follower"];

  it.each<[string, RoleSeen, string, string]>([
    ["a follower goes before the leader", seen(followers, leads, well, well), "n1 n2 n3", "go n2"],
    ["the leader goes last", seen(followers, leads, well, well), "n1", "go n1"],
    [
      "the next is another one where the leader is",
      seen(["follower", "leader", "follower"], well, leads, well),
      "n1 n2",
      "go n1",
    ],
    [
      "one that does not serve goes first",
      seen(["leader", "follower", "not-serving"], leads, well, silent),
      "n1 n2 n3",
      "go n3",
    ],
    [
      "one that has just stopped answering is waited for",
      seen(["leader", "follower", "not-serving"], leads, well, justSilent),
      "n1 n2 n3",
      "wait n3: n3 does not answer",
    ],
    [
      "the others wait while one that is done does not serve",
      seen(["leader", "follower", "refused"], leads, well, silent),
      "n1 n2",
      "wait n2: ZooKeeper server 3 is not well: without 2 there would be 1 of 3, and a quorum is 2",
    ],
    [
      "those of a lost quorum go together",
      seen(["not-serving", "not-serving", "not-serving"], silent, silent, justSilent),
      "n1 n2 n3",
      "go n1 n2 n3",
    ],
    [
      "but not one that is done",
      seen(["not-serving", "not-serving", "not-serving"], silent, silent, silent),
      "n2",
      "go n2",
    ],
    [
      "and not while an election may be under way",
      seen(["not-serving", "not-serving", "not-serving"], justSilent, justSilent, justSilent),
      "n1 n2",
      "wait n1: n1 does not answer",
    ],
    [
      "without a leader nobody that serves goes",
      seen(["follower", "follower", "refused"], well, well, silent),
      "n1",
      "wait n1: the ZooKeeper ensemble has no leader",
    ],
    [
      "one alone goes, with a warning",
      seen(["standalone"], well),
      "n1",
      "go n1; there is one ZooKeeper server only: none serves while it restarts",
    ],
    [
      "one alone that another waits to join goes as well",
      seen(["standalone", "not-serving"], well, silent),
      "n1",
      "go n1; ZooKeeper server 1 was alone until now: none serves while it restarts",
    ],
  ])("%s", (_name, seen, left, answer) => {
    expect(decided(seen, left)).toBe(answer);
  });
});

describe("controllers", () => {
  const seen = (leaderId: number | null, behind: readonly (number | null)[], ...about: readonly About[]): RoleSeen => ({
    role: "controller",
    fetchTimeoutMs: 2000,
    quorum: {
      leaderId,
      voters: behind.map((ms, index) => ({ id: index + 1, lastCaughtUp: ms === null ? null : 1_000_000 - ms })),
    },
    servers: servers(...about),
  });

  it.each<[string, RoleSeen, string, string]>([
    ["the active one goes last", seen(1, [0, 0, 300], leads, well, well), "n1 n2 n3", "go n2"],
    ["and goes", seen(1, [0, 0, 300], leads, well, well), "n1", "go n1"],
    [
      "none goes while another has not caught up",
      seen(1, [0, 0, 5000], leads, well, well),
      "n1 n2",
      "wait n2: controller 3 is not well: without 2 there would be 1 of 3, and a quorum is 2",
    ],
    ["those of a lost quorum go together", seen(null, [], silent, silent, well), "n1 n2 n3", "go n1 n2"],
    [
      "where all answer and none leads, it is waited",
      seen(null, [], well, well, well),
      "n1",
      "wait n1: the controllers have no leader",
    ],
  ])("%s", (_name, seen, left, answer) => {
    expect(decided(seen, left)).toBe(answer);
  });
});

describe("brokers", () => {
  /** "1 2 3 | 1 2": replicas, then those in sync. */
  const topic = (text: string, minIsr = 2, name = "t"): TopicState => {
    const [replicas = [], isr = []] = text.split("|").map((part) => part.trim().split(" ").filter(Boolean).map(Number));
    return { name, minIsr, partitions: [{ partition: 0, leader: isr[0] ?? null, replicas, isr }] };
  };
  const seen = (topics: readonly TopicState[] | null, ...about: readonly About[]): RoleSeen => ({
    role: "broker",
    topics,
    servers: servers(...about),
  });
  const whole = [topic("1 2 3 | 1 2 3")];

  it.each<[string, RoleSeen, string, string]>([
    ["the controller goes last", seen(whole, leads, well, well), "n1 n2 n3", "go n2"],
    ["and goes", seen(whole, leads, well, well), "n1", "go n1"],
    [
      "what is short of replicas holds one back, and is named",
      seen([topic("1 2 3 | 1 2"), topic("2 3 | 2 3", 1, "other")], well, well, well),
      "n1",
      "wait n1: 1 partition would suffer; t-0",
    ],
    [
      "what has replicas enough does not",
      seen([topic("1 2 3 | 1 2 3"), topic("1 2 3 | 1 2", 1, "u")], well, well, well),
      "n1",
      "go n1",
    ],
    [
      "one at a time: another that is down is waited for, whatever the partitions allow",
      seen([topic("1 2 3 | 1 2", 1)], well, well, gone),
      "n1 n2",
      "wait n1: n3 is down; t-0",
    ],
    [
      "one that is not registered everywhere is down",
      seen(whole, well, well, { registered: false }),
      "n1",
      "wait n1: n3 is down",
    ],
    [
      "both reasons are told",
      seen([topic("1 2 3 | 1 2")], well, well, gone),
      "n1",
      "wait n1: n3 is down, and 1 partition would suffer; t-0",
    ],
    [
      "what is missing for ever stops it",
      seen([topic("1 2 9 | 1 2")], well, well, well),
      "n1",
      "stop n1: 1 partition would suffer; t-0",
    ],
    [
      "what can never be safe goes with warnings",
      seen([topic("1 | 1", 1, "single"), topic("1 2 | 1 2", 2, "tight")], well, well),
      "n1",
      "go n1; while n1 restarts, what only it has is neither read nor written: single-0; while n1 restarts, writes with acks=all to what needs every replica stall: tight-0",
    ],
    ["one that nothing counts on goes first", seen([topic("1 2 3 | 1 2")], well, well, gone), "n1 n2 n3", "go n3"],
    [
      "several of them together, since they may need each other",
      seen([topic("1 2 3 | 1")], well, gone, gone),
      "n1 n2 n3",
      "go n2 n3",
    ],
    [
      "one that does not answer and still has replicas in sync is asked like the others",
      seen(whole, well, well, silent),
      "n1 n2 n3",
      "go n3",
    ],
    [
      "and waits like the others",
      seen([topic("1 2 3 | 2 3")], well, well, silent),
      "n3",
      "wait n3: 1 partition would suffer; t-0",
    ],
    [
      "one that has just stopped answering is waited for",
      seen(whole, well, well, justSilent),
      "n1 n2 n3",
      "wait n3: n3 does not answer",
    ],
    [
      "one that loads its logs is never restarted",
      seen([topic("1 2 3 | 1 2")], well, well, { ...gone, recovering: "Recovering unflushed segment 3" }),
      "n1 n2 n3",
      "wait n3: n3 is loading logs",
    ],
    ["where none serves, all go together", seen(null, gone, gone, gone), "n1 n2 n3", "go n1 n2 n3"],
    [
      "where some serve and none tells, it is waited",
      seen(null, well, well, well),
      "n1",
      "wait n1: no broker tells of its partitions",
    ],
    [
      "no answer is not taken for nothing",
      seen(null, well, well, gone),
      "n3",
      "wait n3: no broker tells of its partitions",
    ],
  ])("%s", (_name, seen, left, answer) => {
    expect(decided(seen, left)).toBe(answer);
  });
});

describe.each(["connect", "burrow"] as const)("%s", (role) => {
  const seen = (...about: readonly About[]): RoleSeen => ({ role, servers: servers(...about) });

  it.each<[string, RoleSeen, string, string]>([
    ["one at a time, in their order", seen(well, well), "n1 n2", "go n1"],
    ["those that do not serve together, and first", seen(well, silent, silent), "n1 n2 n3", "go n2 n3"],
    ["one that may only be busy is waited for", seen(well, justSilent), "n1 n2", "wait n2: n2 does not answer"],
    ["one that is down keeps no other from it", seen(well, silent), "n1", "go n1"],
  ])("%s", (_, at, left, expected) => {
    expect(decided(at, left)).toBe(expected);
  });
});
