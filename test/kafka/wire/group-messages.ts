/** The messages of consumer groups for test/kafka/wire-messages.test.ts: ours, and what messages.json holds of them. */
import { consumerGroupDescribe } from "../../../src/kafka/wire/consumer-group-describe.ts";
import { deleteGroups } from "../../../src/kafka/wire/delete-groups.ts";
import { describeGroups } from "../../../src/kafka/wire/describe-groups.ts";
import type { Message } from "../../../src/kafka/wire/exchange.ts";
import { findCoordinator } from "../../../src/kafka/wire/find-coordinator.ts";
import { heartbeat } from "../../../src/kafka/wire/heartbeat.ts";
import { joinGroup } from "../../../src/kafka/wire/join-group.ts";
import { leaveGroup } from "../../../src/kafka/wire/leave-group.ts";
import { listGroups, listTypedGroups } from "../../../src/kafka/wire/list-groups.ts";
import { listTopicOffsets } from "../../../src/kafka/wire/list-offsets.ts";
import { nobodyOf, offsetCommit, offsetCommitTopics } from "../../../src/kafka/wire/offset-commit.ts";
import { offsetFetchGroups } from "../../../src/kafka/wire/offset-fetch-groups.ts";
import { offsetFetch } from "../../../src/kafka/wire/offset-fetch.ts";
import { syncGroup } from "../../../src/kafka/wire/sync-group.ts";

const some = Buffer.from([0, 1, 2]);
const nothing = Buffer.alloc(0);
const membership = { group: "g", generation: 3, memberId: "m-1" };
const newcomer = {
  group: "g",
  memberId: "",
  sessionTimeoutMs: 30_000,
  rebalanceTimeoutMs: 20_000,
  protocol: "range",
  metadata: some,
};
const offsets = new Map([
  [0, 7n],
  [2, 9_000_000_000n],
]);

const topics = new Map([
  ["orders", [0, 2]],
  ["bills", [1]],
]);

export const groupRequests: readonly [message: string, name: string, ours: Message<unknown>][] = [
  ["FindCoordinator", "of a group", findCoordinator("größe")],
  ["JoinGroup", "as a newcomer", joinGroup(newcomer)],
  ["SyncGroup", "of the leader", syncGroup(membership, [{ memberId: "m-1", assignment: some }])],
  ["Heartbeat", "a beat", heartbeat(membership)],
  ["LeaveGroup", "leave", leaveGroup("g", "m-1")],
  ["OffsetCommit", "of two partitions", offsetCommit(membership, "orders", offsets)],
  ["OffsetFetch", "of two partitions", offsetFetch("g", "orders", [0, 2])],
  ["DeleteGroups", "two", deleteGroups(["g", "größe"])],
  ["ListGroups", "all", listGroups()],
  ["DescribeGroups", "two", describeGroups(["g", "größe"])],
  ["ListGroups", "all with states", listTypedGroups(4)],
  ["ListGroups", "all with types", listTypedGroups(5)],
  ["ConsumerGroupDescribe", "two", consumerGroupDescribe(["g", "größe"])],
  ["OffsetFetch", "of two groups", offsetFetchGroups(["g", "größe"])],
  [
    "OffsetCommit",
    "of nobody to two topics",
    offsetCommitTopics(
      nobodyOf("g"),
      new Map([
        ["orders", offsets],
        ["bills", new Map([[1, 3n]])],
      ]),
    ),
  ],
  ["ListOffsets", "the ends of two topics", listTopicOffsets(topics, "latest")],
  ["ListOffsets", "at a time", listTopicOffsets(new Map([["orders", [0]]]), 1_700_000_000_000)],
];

export const groupAnswers: readonly [message: string, name: string, ours: Message<unknown>, wanted: unknown][] = [
  [
    "FindCoordinator",
    "found",
    findCoordinator("g"),
    { error: 0, errorMessage: null, id: 2, host: "kafka-2", port: 65_535 },
  ],
  [
    "FindCoordinator",
    "not yet",
    findCoordinator("g"),
    { error: 15, errorMessage: "not yet", id: -1, host: "", port: -1 },
  ],
  [
    "JoinGroup",
    "to the leader",
    joinGroup(newcomer),
    {
      error: 0,
      generation: 3,
      protocol: "range",
      leader: "m-1",
      memberId: "m-1",
      members: [
        { id: "m-1", metadata: some },
        { id: "m-2", metadata: nothing },
      ],
    },
  ],
  [
    "JoinGroup",
    "come again with this id",
    joinGroup(newcomer),
    { error: 79, generation: -1, protocol: "", leader: "", memberId: "m-3", members: [] },
  ],
  ["SyncGroup", "assigned", syncGroup(membership, []), { error: 0, assignment: some }],
  ["Heartbeat", "join again", heartbeat(membership), { error: 27 }],
  ["LeaveGroup", "left", leaveGroup("g", "m-1"), { error: 25 }],
  [
    "OffsetCommit",
    "one refused",
    offsetCommit(membership, "orders", offsets),
    [
      { partition: 0, error: 0 },
      { partition: 2, error: 22 },
    ],
  ],
  [
    "OffsetFetch",
    "one committed",
    offsetFetch("g", "orders", [0, 2]),
    {
      error: 0,
      partitions: [
        { partition: 0, offset: 9_000_000_000n, error: 0 },
        { partition: 2, offset: null, error: 0 },
      ],
    },
  ],
  [
    "DeleteGroups",
    "one refused",
    deleteGroups([]),
    [
      { group: "g", error: 0 },
      { group: "größe", error: 68 },
    ],
  ],
  ["ListGroups", "two", listGroups(), { error: 14, groups: ["g", "h"] }],
  [
    "DescribeGroups",
    "one with members",
    describeGroups([]),
    [
      {
        error: 0,
        group: "g",
        state: "Stable",
        protocolType: "consumer",
        members: [
          { id: "m-1", clientId: "kctl", clientHost: "/127.0.0.1", assignment: some },
          { id: "m-2", clientId: "c", clientHost: "/127.0.0.1", assignment: nothing },
        ],
      },
      { error: 69, group: "größe", state: "Dead", protocolType: "", members: [] },
    ],
  ],
  [
    "ListGroups",
    "one with its state",
    listTypedGroups(4),
    { error: 0, groups: [{ group: "g", protocolType: "consumer", type: "classic" }] },
  ],
  [
    "ListGroups",
    "one of each type",
    listTypedGroups(5),
    {
      error: 14,
      groups: [
        { group: "g", protocolType: "consumer", type: "consumer" },
        { group: "größe", protocolType: "", type: "classic" },
      ],
    },
  ],
  [
    "ConsumerGroupDescribe",
    "one with a member",
    consumerGroupDescribe([]),
    [
      {
        error: 0,
        errorMessage: null,
        group: "g",
        state: "Reconciling",
        members: [
          {
            id: "m-1",
            clientId: "c-1",
            clientHost: "/10.0.0.1",
            assigned: [
              { topic: "orders", partitions: [0, 2] },
              { topic: "bills", partitions: [1] },
            ],
          },
        ],
      },
      { error: 69, errorMessage: "no such group", group: "größe", state: "", members: [] },
    ],
  ],
  [
    "OffsetFetch",
    "of two groups",
    offsetFetchGroups([]),
    [
      {
        error: 0,
        group: "g",
        committed: [
          { topic: "orders", partition: 0, error: 0, offset: 9_000_000_000n },
          { topic: "bills", partition: 1, error: 0, offset: 3n },
        ],
      },
      { error: 16, group: "größe", committed: [] },
    ],
  ],
  [
    "OffsetCommit",
    "two topics",
    offsetCommitTopics(nobodyOf("g"), new Map()),
    [
      { topic: "orders", partition: 0, error: 25 },
      { topic: "bills", partition: 1, error: 0 },
    ],
  ],
  [
    "ListOffsets",
    "of two topics",
    listTopicOffsets(new Map(), "latest"),
    [
      { topic: "orders", partition: 0, error: 0, offset: 9_000_000_000n },
      { topic: "orders", partition: 2, error: 6, offset: -1n },
      { topic: "bills", partition: 1, error: 0, offset: 3n },
    ],
  ],
];
