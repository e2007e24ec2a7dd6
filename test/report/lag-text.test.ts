/** Consumer groups as they are shown: on a terminal, in a pipe, for a screen reader, and as JSON lines. */
import { describe, expect, test } from "vitest";
import { plainPaint } from "../../src/report/colours.ts";
import { jsonReporter } from "../../src/report/json.ts";
import type { GroupLag, PartitionLag } from "../../src/report/lag-shown.ts";
import { lagText } from "../../src/report/lag-text.ts";
import { columnsOf } from "../../src/report/width.ts";

const file = { columns: null, words: false };
const reader = { columns: null, words: true };

const read: PartitionLag = {
  topic: "orders",
  partition: 9,
  end: 1200,
  committed: 1100,
  lag: 100,
  owner: "c-1-42",
  clientId: "c-1",
  host: "/10.0.0.1",
  status: "OK",
  judgedBy: "kctl",
};
const unread: PartitionLag = { ...read, partition: 10, owner: null, clientId: null, host: null, status: "STOP" };
const unknown: PartitionLag = { ...read, partition: 11, end: null, committed: null, lag: null };
const group: GroupLag = {
  cluster: "eu",
  group: "g",
  status: "ERR",
  judgedBy: "kctl",
  lag: 200,
  state: "Stable",
  protocol: "consumer",
  members: 1,
  partitions: [read, unread, unknown],
};
const idle: GroupLag = { ...group, group: "idle", status: "OK", lag: 0, state: "Empty", members: 0, partitions: [] };

describe("a line a group", () => {
  test("of one cluster", () => {
    expect(lagText({ groups: [group, idle] }, false, plainPaint, file))
      .toBe(`GROUP  STATUS  LAG  MEMBERS  STATE   PARTITIONS
g      ERR     200        1  Stable           3
idle   OK        0        0  Empty            0`);
  });

  test("of two clusters, with trends", () => {
    const groups = [
      { ...group, trend: 12.5 },
      { ...idle, cluster: "us", trend: null },
      { ...idle, cluster: "us", group: "steady", trend: 0 },
      { ...group, cluster: "us", status: "WARN" as const, trend: -3 },
    ];
    expect(lagText({ groups }, false, plainPaint, file))
      .toBe(`CLUSTER  GROUP   STATUS  LAG  TREND     MEMBERS  STATE   PARTITIONS
eu       g       ERR     200  ↑ 12.5/s        1  Stable           3
us       idle    OK        0                  0  Empty            0
us       steady  OK        0  =               0  Empty            0
us       g       WARN    200  ↓ 3/s           1  Stable           3`);
  });

  test("for a screen reader", () => {
    expect(lagText({ groups: [{ ...group, trend: 12.5 }, idle] }, false, plainPaint, reader)).toBe(
      "eu, group g: ERR, lag 200, growing by 12.5 a second, 1 member, Stable\neu, group idle: OK, lag 0, 0 members, Empty",
    );
  });

  test("with who judges, where a Burrow does", () => {
    const judged: GroupLag = { ...group, judgedBy: "burrow", complete: 1 };
    const footer = (...groups: readonly GroupLag[]) =>
      lagText({ groups }, false, plainPaint, file)
        .split("\n")
        .slice(groups.length + 1);
    expect(footer(group, idle)).toEqual([]);
    expect(footer(judged)).toEqual(["", "Burrow judges."]);
    expect(footer(judged, idle)).toEqual(["", "Burrow judges; it does not know idle, which kctl judges."]);
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    expect(footer(...names.map((name) => ({ ...judged, group: name, complete: 0.5 })))).toEqual([
      "",
      "Burrow judges.",
      "It has seen few commits yet of a, b, c, d, e and 2 more.",
    ]);
  });

  test("of none", () => {
    expect(lagText({ groups: [] }, false, plainPaint, file)).toBe("There are no consumer groups.");
  });
});

describe("a line a partition", () => {
  test("in a file", () => {
    expect(lagText({ groups: [group, idle] }, true, plainPaint, file)).toBe(`g of eu: ERR, lag 200, 1 member (Stable)
TOPIC   PARTITION   END  COMMITTED  LAG  OWNER             STATUS
orders          9  1200       1100  100  c-1 at /10.0.0.1  OK
orders         10  1200       1100  100  -                 STOP
orders         11     -          -    -  c-1 at /10.0.0.1  OK

idle of eu: OK, lag 0, 0 members (Empty)`);
  });

  test("for a screen reader", () => {
    expect(lagText({ groups: [group] }, true, plainPaint, reader)).toBe(
      [
        "eu, group g: ERR, lag 200, 1 member, Stable",
        "orders 9: OK, lag 100, end 1200, committed 1100, read by c-1 at /10.0.0.1",
        "orders 10: STOP, lag 100, end 1200, committed 1100, nobody reads it",
        "orders 11: OK, lag unknown, end unknown, committed none, read by c-1 at /10.0.0.1",
      ].join("\n"),
    );
  });

  test.each([40, 80])("at %i columns no line is wider", (columns) => {
    const lines = lagText({ groups: [group] }, true, plainPaint, { columns, words: false }).split("\n");
    expect(lines.filter((line) => columnsOf(line) >= columns)).toEqual([]);
  });
});

test("a round of --watch is one line of JSON, what went wrong in it as in a result", () => {
  const lines: string[] = [];
  const fault = { code: "unhealthy", what: "it is not known" } as const;
  jsonReporter((line) => void lines.push(line)).event({
    type: "lag",
    groups: [],
    looks: 2,
    window: 10,
    faults: [fault],
    warnings: [{ code: "burrow-unreachable", what: "it tells nothing" }],
  });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      type: "lag",
      groups: [],
      looks: 2,
      window: 10,
      errors: [{ code: "unhealthy", what: "it is not known", where: null, fix: null, node: null }],
      warnings: [{ code: "burrow-unreachable", what: "it tells nothing", where: null, fix: null, node: null }],
    },
  ]);
});
