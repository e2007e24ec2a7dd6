/** What `status --watch` draws below the status: rates and what has changed. */
import { expect, it, test } from "vitest";
import { plainPaint } from "../../src/report/colours.ts";
import { ratesLines } from "../../src/report/rates-text.ts";
import { eventLines } from "../../src/report/status-events-text.ts";
import type { StatusEvent } from "../../src/report/status-events.ts";
import { statusRoundText } from "../../src/report/status-round-text.ts";
import type { RatesShown, StatusRound } from "../../src/report/status-shown.ts";

const at = "2026-11-30T12:03:04.567Z";
const replicas = [1, 2, 3];
const shrunk = (partition: number, topic = "orders"): StatusEvent => ({
  at,
  kind: "isr-shrink",
  topic,
  partition,
  brokers: [2],
  isr: [1, 3],
  replicas,
});

const rows: readonly [events: readonly StatusEvent[], lines: readonly string[]][] = [
  [[], []],
  [[shrunk(3)], ["orders-3: 2 left the ISR (2 of 3 in sync)"]],
  [
    [
      {
        at,
        kind: "isr-expand",
        topic: "t",
        partition: 0,
        brokers: [2, 3],
        isr: replicas,
        replicas,
        back: true,
      },
    ],
    ["t-0: 2 and 3 came back into the ISR (3 of 3 in sync)"],
  ],
  [
    [
      {
        at,
        kind: "isr-expand",
        topic: "t",
        partition: 0,
        brokers: [4],
        isr: [1, 4],
        replicas,
        back: false,
      },
    ],
    ["t-0: 4 joined the ISR (2 of 3 in sync)"],
  ],
  [
    [0, 1, 2, 3, 4].map((partition) => shrunk(partition)),
    ["5 partitions: 2 left the ISR: orders-0, orders-1, orders-2 and 2 more"],
  ],
  [
    [
      { at, kind: "leader", topic: "t", partition: 0, from: 1, to: 2 },
      { at, kind: "leader", topic: "t", partition: 1, from: 1, to: null },
      { at, kind: "leader", topic: "t", partition: 2, from: null, to: 2 },
    ],
    ["t-0: led by 2, before by 1", "t-1: offline: its leader was 1, it has none", "t-2: led by 2, it had no leader"],
  ],
  [
    [0, 1, 2, 3].map((partition) => ({ at, kind: "leader", topic: "t", partition, from: 1, to: null })),
    ["4 partitions: offline: its leader was 1, it has none: t-0, t-1, t-2 and 1 more"],
  ],
  [
    [
      { at, kind: "service", node: "kafka-2", role: "broker", from: "running", to: "failed" },
      { at, kind: "broker-left", id: 2, node: "kafka-2" },
      { at, kind: "broker-came", id: 2, node: "kafka-2" },
      { at, kind: "controller", from: 2, to: 1 },
      { at, kind: "controller", from: 2, to: null },
      { at, kind: "controller", from: null, to: 1 },
    ],
    [
      "broker on kafka-2: running, now failed",
      "broker 2 (kafka-2) left the cluster",
      "broker 2 (kafka-2) is in the cluster",
      "the controller is 1, it was 2",
      "no controller is known, it was 2",
      "the controller is 1",
    ],
  ],
];
it.each(rows)("%j", (events, lines) => {
  expect(eventLines(events)).toEqual(lines.map((line) => `12:03:04Z  ${line}`));
});

test("partitions that it befell at another time have a line of their own", () => {
  const later = { ...shrunk(9), at: "2026-11-30T12:03:06.567Z" };
  expect(eventLines([...[0, 1, 2, 3].map((partition) => shrunk(partition)), later])).toEqual([
    "12:03:04Z  4 partitions: 2 left the ISR: orders-0, orders-1, orders-2 and 1 more",
    "12:03:06Z  orders-9: 2 left the ISR (2 of 3 in sync)",
  ]);
});

const rates: RatesShown = {
  seconds: 10.1,
  records: 12345.6,
  bytes: 12345678,
  topics: [
    {
      topic: "orders",
      records: 12300.5,
      bytes: 12345678,
    },
    {
      topic: "bills",
      records: 45.1,
      bytes: null,
    },
  ],
  brokers: [
    {
      id: 1,
      node: "kafka-1",
      records: 12345.6,
      bytes: 12345678,
    },
    {
      id: 2,
      node: "kafka-2",
      records: 0,
      bytes: 0,
    },
  ],
  missing: [],
};

test("rates are a table, sentences for a screen reader, and said to be not known yet", () => {
  expect(ratesLines(rates, plainPaint, false).join("\n")).toBe(`in the last 10 s: 12,346 records/s, 12 MiB/s
TOPIC               RECORDS/S  BYTES/S
orders                 12,301  12 MiB/s
bills                    45.1  bytes unknown
LED BY
broker 1 (kafka-1)     12,346  12 MiB/s
broker 2 (kafka-2)          0  0 KiB/s`);
  expect(ratesLines(rates, plainPaint, true)).toEqual([
    "in the last 10 s: 12,346 records/s, 12 MiB/s",
    "topic orders: 12,301 records/s, 12 MiB/s",
    "topic bills: 45.1 records/s, bytes unknown",
    "broker 1 on kafka-1, of what it leads: 12,346 records/s, 12 MiB/s",
    "broker 2 on kafka-2, of what it leads: 0 records/s, 0 KiB/s",
  ]);
  const idle = { seconds: 2, records: 0, bytes: 0, topics: [], brokers: rates.brokers, missing: [] };
  expect(ratesLines(idle, plainPaint, false)).toEqual(["in the last 2 s: 0 records/s, 0 KiB/s"]);
  expect(ratesLines(null, plainPaint, false)).toEqual(["rates: unknown, they take two looks that brokers answer"]);
});

it.each([
  [[2], "without broker 2 (silent)"],
  [[2, 3], "without brokers 2 and 3 (silent)"],
])("what %j did not tell is said to be left out", (missing, without) => {
  for (const words of [false, true])
    expect(ratesLines({ ...rates, missing }, plainPaint, words)[0]).toBe(
      `in the last 10 s, ${without}: 12,346 records/s, 12 MiB/s`,
    );
});

test("a cluster that kctl does not manage has its brokers, and no machines", () => {
  const theirs: StatusRound = {
    cluster: "theirs",
    healthy: true,
    versions: {
      kafka: null,
      zookeeper: null,
    },
    nodes: [],
    brokers: [
      {
        id: 7,
        node: "b.example.com",
        controller: false,
        address: "b.example.com:9092",
      },
    ],
    controller: {
      id: 7,
      node: "unknown",
    },
    partitions: {
      total: 1,
      underReplicated: 0,
      offline: 0,
    },
    complaints: [],
    rates: null,
    events: [shrunk(3)],
  };
  expect(statusRoundText(theirs, plainPaint, { columns: null, words: false })).toBe(`theirs: healthy

NODE           SERVICE    ID  STATE      ADDRESS             PID
b.example.com  broker      7  ● running  b.example.com:9092       ◆ leader

partitions: 1, under-replicated: 0, offline: 0

rates: unknown, they take two looks that brokers answer

12:03:04Z  orders-3: 2 left the ISR (2 of 3 in sync)`);
  const many = Array.from({ length: 9 }, (_, partition) => ({
    ...shrunk(partition),
    at: `2026-11-30T12:03:0${partition}Z`,
  }));
  const drawn = statusRoundText({ ...theirs, events: many }, plainPaint, { columns: 80, words: false });
  expect(drawn.split("\n").filter((line) => line.includes("left the ISR"))).toHaveLength(6);
});
