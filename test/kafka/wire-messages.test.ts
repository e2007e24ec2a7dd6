import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { KctlError } from "../../src/fault.ts";
import { addRaftVoter } from "../../src/kafka/wire/add-raft-voter.ts";
import { alterPartitionReassignments } from "../../src/kafka/wire/alter-partition-reassignments.ts";
import { apiVersions, highestOf } from "../../src/kafka/wire/api-versions.ts";
import { assignedPartitions, assignment, subscription } from "../../src/kafka/wire/consumer-protocol.ts";
import { createPartitions } from "../../src/kafka/wire/create-partitions.ts";
import { createTopics } from "../../src/kafka/wire/create-topics.ts";
import { cursor } from "../../src/kafka/wire/cursor.ts";
import { deleteTopics } from "../../src/kafka/wire/delete-topics.ts";
import { describeCluster } from "../../src/kafka/wire/describe-cluster.ts";
import { describeManyConfigs } from "../../src/kafka/wire/describe-configs.ts";
import { describeLogDirs } from "../../src/kafka/wire/describe-log-dirs.ts";
import { describeQuorum } from "../../src/kafka/wire/describe-quorum.ts";
import { electPreferredLeaders } from "../../src/kafka/wire/elect-leaders.ts";
import type { Message } from "../../src/kafka/wire/exchange.ts";
import { fetchPartition, fetchPartitions } from "../../src/kafka/wire/fetch.ts";
import { incrementalAlterConfigs } from "../../src/kafka/wire/incremental-alter-configs.ts";
import { initProducerId } from "../../src/kafka/wire/init-producer-id.ts";
import { listPartitionReassignments } from "../../src/kafka/wire/list-partition-reassignments.ts";
import { listOffsets } from "../../src/kafka/wire/list-offsets.ts";
import { metadata } from "../../src/kafka/wire/metadata.ts";
import { produce, produceBatches } from "../../src/kafka/wire/produce.ts";
import { removeRaftVoter } from "../../src/kafka/wire/remove-raft-voter.ts";
import { saslAuthenticate } from "../../src/kafka/wire/sasl-authenticate.ts";
import { saslHandshake } from "../../src/kafka/wire/sasl-handshake.ts";
import { updateFeatures } from "../../src/kafka/wire/update-features.ts";
import { groupAnswers, groupRequests } from "./wire/group-messages.ts";

type Entry = {
  readonly message: string;
  readonly version: number;
  readonly name: string;
  /** What Kafka's own classes make of it: see wire/WireTable.java. */
  readonly bytes: string;
};

const table = JSON.parse(readFileSync(new URL("wire/messages.json", import.meta.url), "utf8")) as Entry[];
const some = Buffer.from([0, 1, 2]);
const nothing = Buffer.alloc(0);
const id = "qFzGJ3qGQ9G1fl2UfkJCCA";

function entryOf(message: string, name: string): Entry {
  const entry = table.find((candidate) => candidate.message === message && candidate.name === name);
  if (entry === undefined) throw new Error(`messages.json has no ${message} "${name}"`);
  return entry;
}

const fetching = {
  topic: "orders",
  positions: [
    { partition: 0, offset: 5n },
    { partition: 2, offset: 9_000_000_000n },
  ],
  committed: true,
  waitMs: 500,
  mostBytes: 4_194_304,
  mostBytesEach: 2_097_152,
};

const requests: readonly [message: string, name: string, ours: Message<unknown>][] = [
  ["InitProducerId", "without transactions", initProducerId()],
  ["Produce", "a batch", produce("kctl_canary", 2, Buffer.from([1, 2, 3, 4]), 4000)],
  [
    "Produce",
    "two batches, for the leader to confirm",
    produceBatches(
      "orders",
      [
        { partition: 0, batch: Buffer.from([1]) },
        { partition: 2, batch: Buffer.from([2, 3]) },
      ],
      "leader",
      20_000,
    ),
  ],
  [
    "Produce",
    "for nobody to confirm",
    produceBatches("orders", [{ partition: 0, batch: Buffer.from([1]) }], "none", 1),
  ],
  ["Fetch", "of two partitions, committed", fetchPartitions(fetching)],
  ["Fetch", "of one partition", fetchPartition("orders", 1, 9n, 200)],
  ["ListOffsets", "as a consumer", listOffsets("consumer", "orders", [0, 2], "latest")],
  ["ListOffsets", "committed", listOffsets("consumer", "orders", [0], "earliest", true)],
  ["Metadata", "of two topics", metadata(["orders", "größe"])],
  ["Metadata", "of all", metadata(null)],
  ["ApiVersions", "kctl", apiVersions(4)],
  ["SaslHandshake", "of SCRAM", saslHandshake("SCRAM-SHA-512")],
  ["SaslAuthenticate", "a message", saslAuthenticate(some)],
  [
    "DescribeConfigs",
    "of a topic and a broker",
    describeManyConfigs(
      [
        { type: "topic", name: "orders" },
        { type: "broker", name: "1" },
      ],
      ["min.insync.replicas"],
      true,
    ),
  ],
  [
    "DescribeConfigs",
    "all of the cluster's defaults",
    describeManyConfigs([{ type: "broker", name: "" }], null, false),
  ],
  [
    "IncrementalAlterConfigs",
    "set and taken back",
    incrementalAlterConfigs(
      [
        { type: "topic", name: "orders", settings: { "retention.ms": "604800000", "cleanup.policy": null } },
        { type: "broker", name: "", settings: { "min.insync.replicas": "2" } },
      ],
      true,
    ),
  ],
  [
    "CreateTopics",
    "by counts and by hand",
    createTopics(
      [
        { name: "orders", layout: { partitions: 6, replicas: 3 }, settings: { "retention.ms": "604800000" } },
        { name: "defaults", layout: { partitions: null, replicas: null }, settings: {} },
        {
          name: "by-hand",
          layout: {
            assignment: [
              [1, 2],
              [2, 3],
            ],
          },
          settings: {},
        },
      ],
      5000,
      false,
    ),
  ],
  [
    "CreatePartitions",
    "left to Kafka and by hand",
    createPartitions(
      [
        { name: "orders", count: 12, assignment: null },
        { name: "by-hand", count: 3, assignment: [[1, 2]] },
      ],
      5000,
      true,
    ),
  ],
  ["DeleteTopics", "by id", deleteTopics([id], 5000)],
  ["ElectLeaders", "of some", electPreferredLeaders([{ topic: "orders", partitions: [0, 2] }], 5000)],
  ["ElectLeaders", "of all", electPreferredLeaders(null, 5000)],
  ["DescribeQuorum", "of the metadata log", describeQuorum(2)],
  ["DescribeCluster", "brokers", describeCluster(2, "brokers")],
  ["DescribeCluster", "controllers", describeCluster(1, "controllers")],
  [
    "AddRaftVoter",
    "a voter",
    addRaftVoter(
      "c",
      { id: 3002, directoryId: id, listeners: [{ name: "CONTROLLER", host: "kafka-2", port: 65_535 }] },
      9000,
    ),
  ],
  ["RemoveRaftVoter", "a voter", removeRaftVoter("c", { id: 3002, directoryId: id })],
  ["UpdateFeatures", "raise", updateFeatures({ "kraft.version": 1 }, 9000, true)],
  [
    "AlterPartitionReassignments",
    "of two topics",
    alterPartitionReassignments(
      [
        { topic: "orders", partition: 0, replicas: [1, 2, 3] },
        { topic: "größe", partition: 1, replicas: null },
        { topic: "orders", partition: 2, replicas: [3] },
      ],
      5000,
    ),
  ],
  ["ListPartitionReassignments", "of all", listPartitionReassignments(5000)],
  ["DescribeLogDirs", "of some", describeLogDirs([{ topic: "orders", partitions: [0, 2] }])],
  ...groupRequests,
];

const voter3001 = { id: 3001, directoryId: null, logEndOffset: 120n, lastFetch: 5, lastCaughtUp: 5 };
const noQuorum = { leaderId: -1, leaderEpoch: -1, highWatermark: -1n, voters: [], observers: [], nodes: [] };

const answers: readonly [message: string, name: string, ours: Message<unknown>, wanted: unknown][] = [
  ["InitProducerId", "an id", initProducerId(), { error: 0, id: 4711n, epoch: 3 }],
  ["Produce", "confirmed", produce("", 0, Buffer.alloc(0), 1), { error: 0, offset: 8_589_934_592n }],
  ["Produce", "refused", produceBatches("", [], "all", 1), [{ partition: 2, error: 6, offset: -1n }]],
  [
    "Fetch",
    "with an aborted transaction",
    fetchPartitions(fetching),
    {
      error: 0,
      partitions: [
        {
          partition: 0,
          error: 0,
          highWatermark: 12n,
          aborted: [{ producerId: 4711n, firstOffset: 7n }],
          batches: Buffer.alloc(0),
          next: null,
        },
        { partition: 2, error: 1, highWatermark: -1n, aborted: [], batches: Buffer.alloc(0), next: null },
      ],
    },
  ],
  ["ListOffsets", "of one", listOffsets("consumer", "", [], "latest"), [{ partition: 2, error: 0, offset: 9n }]],
  [
    "ListOffsets",
    "of one, committed",
    listOffsets("consumer", "", [], "latest", true),
    [{ partition: 2, error: 0, offset: 9n }],
  ],
  [
    "Metadata",
    "two brokers",
    metadata(null),
    {
      brokers: [
        { id: 1, host: "kafka-1", port: 9092 },
        { id: 2, host: "kafka-2", port: 9093 },
      ],
      clusterId: "c",
      controllerId: 2,
      topics: [
        {
          error: 0,
          name: "orders",
          id,
          internal: false,
          partitions: [{ error: 5, partition: 3, leader: -1, replicas: [1, 2], isr: [2], offline: [2] }],
        },
      ],
    },
  ],
  [
    "ApiVersions",
    "features",
    apiVersions(4),
    {
      error: 0,
      apis: new Map([
        [3, { min: 0, max: 12 }],
        [55, { min: 0, max: 2 }],
      ]),
      supported: { "kraft.version": { min: 0, max: 1 }, "metadata.version": { min: 7, max: 29 } },
      finalized: { "metadata.version": 27 },
    },
  ],
  ["SaslHandshake", "another mechanism", saslHandshake(""), { error: 33, mechanisms: ["PLAIN", "SCRAM-SHA-256"] }],
  ["SaslAuthenticate", "a message", saslAuthenticate(nothing), { error: 0, errorMessage: null, bytes: some }],
  ["SaslAuthenticate", "refused", saslAuthenticate(nothing), { error: 58, errorMessage: "größe", bytes: nothing }],
  ["ApiVersions", "no features", apiVersions(3), { error: 0, apis: new Map(), supported: {}, finalized: {} }],
  ["ApiVersions", "version refused", apiVersions(4), { error: 35, apis: new Map(), supported: {}, finalized: {} }],
  [
    "DescribeConfigs",
    "layers",
    describeManyConfigs([], null, true),
    [
      {
        name: "1",
        error: 0,
        errorMessage: null,
        entries: [
          {
            name: "log.retention.ms",
            value: "5",
            source: "broker",
            readOnly: false,
            secret: false,
            layers: [
              { name: "log.retention.ms", value: "5", source: "broker" },
              { name: "log.retention.ms", value: "6", source: "cluster" },
              { name: "log.retention.hours", value: "168", source: "file" },
            ],
          },
          { name: "ssl.key.password", value: null, source: "unknown", readOnly: true, secret: true, layers: [] },
        ],
      },
      { name: "t", error: 3, errorMessage: "no such topic", entries: [] },
    ],
  ],
  [
    "IncrementalAlterConfigs",
    "one of each",
    incrementalAlterConfigs([], false),
    [
      { name: "orders", error: 0, errorMessage: null },
      { name: "", error: 40, errorMessage: "bad value" },
    ],
  ],
  [
    "CreateTopics",
    "one of each",
    createTopics([], 1, false),
    [
      { name: "orders", id, error: 0, errorMessage: null, partitions: 6, replicas: 3 },
      { name: "there", id: null, error: 36, errorMessage: "it exists", partitions: -1, replicas: -1 },
    ],
  ],
  [
    "CreatePartitions",
    "one of each",
    createPartitions([], 1, false),
    [
      { name: "orders", error: 0, errorMessage: null },
      { name: "by-hand", error: 37, errorMessage: "it has 4 already" },
    ],
  ],
  [
    "DeleteTopics",
    "one of each",
    deleteTopics([], 1),
    [
      { id, name: "orders", error: 0, errorMessage: null },
      { id: "AAAAAAAAAAAAAAAAAAAAAg", name: null, error: 100, errorMessage: "unknown id" },
    ],
  ],
  [
    "ElectLeaders",
    "one of each",
    electPreferredLeaders(null, 1),
    {
      error: 0,
      partitions: [
        { topic: "orders", partition: 0, error: 84, errorMessage: "it leads" },
        { topic: "orders", partition: 2, error: 0, errorMessage: null },
      ],
    },
  ],
  [
    "DescribeQuorum",
    "a dynamic quorum",
    describeQuorum(2),
    {
      error: 0,
      errorMessage: null,
      leaderId: 3001,
      leaderEpoch: 4,
      highWatermark: 120n,
      voters: [
        { ...voter3001, directoryId: id, lastFetch: 1_700_000_000_500, lastCaughtUp: 1_700_000_000_500 },
        { id: 3002, directoryId: null, logEndOffset: -1n, lastFetch: null, lastCaughtUp: null },
      ],
      observers: [
        {
          id: 1,
          directoryId: "AAAAAAAAAAAAAAAAAAAAAg",
          logEndOffset: 118n,
          lastFetch: 1_700_000_000_400,
          lastCaughtUp: 1_700_000_000_300,
        },
      ],
      nodes: [{ id: 3001, listeners: [{ name: "CONTROLLER", host: "kafka-1", port: 65_535 }] }],
    },
  ],
  [
    "DescribeQuorum",
    "a static quorum",
    describeQuorum(1),
    {
      ...noQuorum,
      error: 0,
      errorMessage: null,
      leaderId: 3001,
      leaderEpoch: 4,
      highWatermark: 120n,
      voters: [voter3001],
    },
  ],
  [
    "DescribeQuorum",
    "not the leader",
    describeQuorum(2),
    { ...noQuorum, error: 6, errorMessage: "ask another", leaderEpoch: 0, highWatermark: 0n },
  ],
  ["DescribeQuorum", "refused", describeQuorum(2), { ...noQuorum, error: 31, errorMessage: "you may not" }],
  [
    "DescribeCluster",
    "a fenced broker",
    describeCluster(2, "brokers"),
    {
      error: 0,
      errorMessage: null,
      clusterId: "c",
      controllerId: 3001,
      nodes: [
        { id: 1, host: "kafka-1", port: 9092, rack: "a", fenced: false },
        { id: 2, host: "kafka-2", port: 9092, rack: null, fenced: true },
      ],
    },
  ],
  [
    "DescribeCluster",
    "controllers",
    describeCluster(1, "controllers"),
    {
      error: 0,
      errorMessage: null,
      clusterId: "c",
      controllerId: 3001,
      nodes: [{ id: 3001, host: "kafka-1", port: 9093, rack: null, fenced: null }],
    },
  ],
  [
    "AlterPartitionReassignments",
    "one of each",
    alterPartitionReassignments([], 1),
    {
      error: 0,
      errorMessage: null,
      partitions: [
        { topic: "orders", partition: 0, error: 0, errorMessage: null },
        { topic: "orders", partition: 2, error: 39, errorMessage: "no such broker" },
      ],
    },
  ],
  [
    "ListPartitionReassignments",
    "one under way",
    listPartitionReassignments(1),
    {
      error: 0,
      errorMessage: null,
      partitions: [{ topic: "orders", partition: 2, replicas: [3, 1, 2], adding: [3], removing: [1] }],
    },
  ],
  [
    "DescribeLogDirs",
    "two folders",
    describeLogDirs([]),
    [
      { topic: "orders", partition: 0, bytes: 8_589_934_592n, future: false },
      { topic: "orders", partition: 2, bytes: 7n, future: true },
    ],
  ],
  [
    "AddRaftVoter",
    "refused",
    addRaftVoter("c", { id: 1, directoryId: id, listeners: [] }, 1),
    { error: 126, errorMessage: "it votes already" },
  ],
  ["RemoveRaftVoter", "done", removeRaftVoter("c", { id: 1, directoryId: id }), { error: 0, errorMessage: null }],
  [
    "UpdateFeatures",
    "refused",
    updateFeatures({}, 1, false),
    {
      error: 0,
      errorMessage: null,
      features: [{ name: "kraft.version", error: 95, errorMessage: "not supported" }],
    },
  ],
  ...groupAnswers,
];

/** MessageUtil.toVersionPrefixedByteBuffer of Kafka's clients writes it before them. */
const versionBefore = "0000";

const amongConsumers: readonly [message: string, name: string, ours: Buffer][] = [
  ["ConsumerProtocolSubscription", "to orders", subscription("orders")],
  ["ConsumerProtocolAssignment", "of orders", assignment("orders", [0, 2])],
];

describe("a request has the bytes that Kafka's own classes give it", () => {
  it.each(requests)("%s %s", (message, name, { version, body }) => {
    const entry = entryOf(`${message}Request`, name);
    expect({ version, bytes: body.toString("hex") }).toEqual({ version: entry.version, bytes: entry.bytes });
  });
});

describe("an answer is read as Kafka's own classes wrote it", () => {
  it.each(answers)("%s %s", (message, name, { read }, wanted) => {
    const bytes = Buffer.from(entryOf(`${message}Response`, name).bytes, "hex");
    expect(read(cursor(bytes))).toEqual(wanted);
    // The error of a refused version is all that is read of it.
    const whole = name === "version refused" ? 2 : bytes.length;
    for (let length = 0; length < whole; length += 1) {
      expect(() => read(cursor(bytes.subarray(0, length)))).toThrow(KctlError);
    }
  });
});

describe("what consumers tell one another has the bytes that Kafka's own classes give it", () => {
  it.each(amongConsumers)("%s %s", (message, name, ours) => {
    expect(ours.toString("hex")).toBe(`${versionBefore}${entryOf(message, name).bytes}`);
  });

  it("and an assignment is read", () => {
    const { bytes: after } = entryOf("ConsumerProtocolAssignment", "of orders");
    const bytes = Buffer.from(`${versionBefore}${after}`, "hex");
    expect(assignedPartitions(bytes, "orders")).toEqual([0, 2]);
    expect(assignedPartitions(bytes, "bills")).toEqual([]);
    expect(assignedPartitions(Buffer.alloc(0), "orders")).toEqual([]);
  });
});

it("no message of the table is left untried", () => {
  const tried = [
    ...amongConsumers.map(([message, name]) => `${message} ${name}`),
    ...requests.map(([message, name]) => `${message}Request ${name}`),
    ...answers.map(([message, name]) => `${message}Response ${name}`),
  ];
  expect(tried.toSorted()).toEqual(table.map(({ message, name }) => `${message} ${name}`).toSorted());
});

it.each([
  [55, [1, 2], 2],
  [55, [1], 1],
  [55, [3], null],
  [99, [1], null],
])("of API %i, versions %j, the highest that both sides know is %j", (apiKey, versions, wanted) => {
  const bytes = Buffer.from(entryOf("ApiVersionsResponse", "features").bytes, "hex");
  expect(highestOf(apiVersions(4).read(cursor(bytes)), apiKey, versions)).toBe(wanted);
});
