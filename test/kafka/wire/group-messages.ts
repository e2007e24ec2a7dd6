/** The messages of consumer groups for test/kafka/wire-messages.test.ts: ours, and what messages.json holds of them. */
import { deleteGroups } from "../../../src/kafka/wire/delete-groups.ts";
import { describeGroups } from "../../../src/kafka/wire/describe-groups.ts";
import type { Message } from "../../../src/kafka/wire/exchange.ts";
import { findCoordinator } from "../../../src/kafka/wire/find-coordinator.ts";
import { heartbeat } from "../../../src/kafka/wire/heartbeat.ts";
import { joinGroup } from "../../../src/kafka/wire/join-group.ts";
import { leaveGroup } from "../../../src/kafka/wire/leave-group.ts";
import { listGroups } from "../../../src/kafka/wire/list-groups.ts";
import { offsetCommit } from "../../../src/kafka/wire/offset-commit.ts";
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
      { error: 0, group: "g", state: "Stable", members: ["m-1", "m-2"] },
      { error: 69, group: "größe", state: "Dead", members: [] },
    ],
  ],
];
