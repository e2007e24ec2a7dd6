/** What a terminal shows of something that is watched: however few rows it has, and however much there is. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { plainPaint } from "../../src/report/colours.ts";
import { fitRows, type Drawn } from "../../src/report/fit-rows.ts";
import type { StatusEvent } from "../../src/report/status-events.ts";
import { statusRoundDrawn } from "../../src/report/status-round-text.ts";
import type { StatusRound } from "../../src/report/status-shown.ts";

const lines = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${index + 1}`);

test("where there is room all of it is shown, with a blank line between its parts", () => {
  const drawn: Drawn = { tables: [["title", "a"], ["rates"]], wrong: [], foot: [["event"], ["q ends it"]] };
  expect(fitRows(drawn, 8)).toEqual(["title", "a", "", "rates", "", "event", "", "q ends it"]);
});

test("the last table gives way first, then the one above, then what is wrong", () => {
  const drawn: Drawn = { tables: [lines("a", 4), lines("b", 4)], wrong: lines("w", 4), foot: [["q ends it"]] };
  expect(fitRows(drawn, 14)).toEqual([
    ...lines("a", 4),
    "",
    "b 1",
    "and 3 lines more",
    "",
    ...lines("w", 4),
    "",
    "q ends it",
  ]);
  expect(fitRows(drawn, 12)).toEqual([
    "a 1",
    "and 3 lines more",
    "",
    "b 1",
    "and 3 lines more",
    "",
    ...lines("w", 4),
    "",
    "q ends it",
  ]);
  expect(fitRows(drawn, 11).slice(6)).toEqual(["w 1", "w 2", "and 2 lines more", "", "q ends it"]);
  expect(fitRows(drawn, 2)).toEqual(["a 1", "q ends it"]);
});

test("there are never more lines than rows, and never fewer than there is room for; the first and the last stay", () => {
  const part = (name: string) => fc.nat(40).map((count) => lines(name, count));
  const any = fc.record({
    tables: fc.tuple(part("a"), part("b")).map(([a, b]) => [["title", ...a], b]),
    wrong: part("w"),
    foot: fc.nat(6).map((count) => [lines("e", count), ["q ends it"]]),
  });
  fc.assert(
    fc.property(any, fc.integer({ min: 2, max: 60 }), (drawn, rows) => {
      const parts = [...drawn.tables, drawn.wrong, ...drawn.foot].filter(({ length }) => length > 0);
      const whole = parts.flat().length + parts.length - 1;
      const shown = fitRows(drawn, rows);
      expect(shown).toHaveLength(Math.min(whole, rows));
      expect([shown[0], shown.at(-1)]).toEqual(["title", "q ends it"]);
    }),
  );
});

test("on 80 columns and 24 rows a cluster of nine nodes shows its title, its rates, what is wrong and what has changed", () => {
  const names = Array.from({ length: 9 }, (_, index) => `kafka-${index + 1}`);
  const events = Array.from({ length: 9 }, (_, partition): StatusEvent => {
    const at = `2026-11-30T12:03:0${partition}Z`;
    return { at, kind: "isr-shrink", topic: "orders", partition, brokers: [2], isr: [1, 3], replicas: [1, 2, 3] };
  });
  const round: StatusRound = {
    cluster: "demo",
    healthy: false,
    versions: { kafka: "4.3.1", zookeeper: null },
    nodes: names.map((name, index) => ({
      name,
      address: `${name}.example.com`,
      roles: ["broker"],
      services: { broker: "running" },
      addresses: { broker: `${name}.a-rather-long-domain.example.com:9092` },
      ids: { broker: index + 1 },
      pids: { broker: 4000 + index },
    })),
    brokers: [],
    partitions: { total: 9, underReplicated: 9, offline: 0 },
    complaints: [
      { what: "broker 2 on kafka-2 does not answer", node: "kafka-2", fix: "" },
      {
        what: `9 partitions are under-replicated: ${names.map((_, index) => `orders-${index}`).join(", ")}`,
        node: null,
        fix: "",
      },
    ],
    rates: {
      seconds: 10,
      records: 1000,
      bytes: null,
      topics: [{ topic: "orders", records: 1000, bytes: null }],
      brokers: names.map((node, index) => ({ id: index + 1, node, records: 100, bytes: null })),
      missing: [2],
    },
    events,
  };
  const drawn = statusRoundDrawn(round, plainPaint, { columns: 80, words: false });
  const shown = fitRows({ ...drawn, foot: [...drawn.foot, ["every 2 s; q ends it"]] }, 23);
  expect(shown).toHaveLength(23);
  expect(shown[0]).toBe("demo: not healthy (Kafka 4.3.1)");
  expect(shown.slice(-16)).toEqual([
    "",
    "in the last 10 s, without broker 2 (silent): 1,000 records/s, bytes unknown",
    "and 12 lines more",
    "",
    "- broker 2 on kafka-2 does not answer",
    "- 9 partitions are under-replicated: orders-0, orders-1, orders-2, orders-3,",
    "  orders-4, orders-5, orders-6, orders-7, orders-8",
    "",
    ...[3, 4, 5, 6, 7, 8].map((n) => `12:03:0${n}Z  orders-${n}: 2 left the ISR (2 of 3 in sync)`),
    "",
    "every 2 s; q ends it",
  ]);
});
