import { describe, expect, it } from "vitest";
import { topicsTable, topicsText, type TopicShown } from "../../src/report/topics-text.ts";

/** Shows what is painted, and how. */
const paint = (style: string | readonly string[], text: string): string => `<${String(style)}>${text}</>`;

const partition = { partition: 0, leader: 1, replicas: [1, 2], isr: [1, 2], records: 1200, bytes: 3 * 1024 * 1024 };

const topic: TopicShown = {
  name: "orders",
  id: "an-id",
  internal: false,
  replicas: 2,
  underReplicated: 0,
  offline: 0,
  settings: { "retention.ms": "1000" },
  partitions: [partition],
  records: 1200,
  bytes: 3 * 1024 * 1024,
  bytesOnDisk: 6 * 1024 * 1024,
};

describe("the table of topics", () => {
  it("marks what is not well, and Kafka's own", () => {
    const row = { name: "orders", internal: false, partitions: 6, replicas: 3, underReplicated: 0, offline: 0 };
    const rows = [
      row,
      { ...row, name: "b", underReplicated: 2 },
      { ...row, name: "c", underReplicated: 2, offline: 1, replicas: null },
      { ...row, name: "__d", internal: true },
    ];
    expect(topicsTable(rows, paint).split("\n")).toEqual([
      "<bold>topic           partitions  replicas  under-replicated  offline</>",
      "orders          6           3         0                 0",
      "<yellow>b               6           3         2                 0</>",
      "<red>c               6           differ    2                 1</>",
      "__d (internal)  6           3         0                 0",
    ]);
  });

  it("says that there are none", () => {
    expect(topicsTable([], paint)).toBe("There are no topics.");
  });
});

describe("a topic in full", () => {
  it("has its settings, and each partition", () => {
    const partitions = [
      partition,
      { ...partition, partition: 1, isr: [1] },
      { ...partition, partition: 2, leader: null, isr: [], records: null, bytes: null },
    ];
    expect(topicsText([{ ...topic, partitions, records: null, bytes: null }], paint).split("\n")).toEqual([
      "<bold>orders</>: 3 partitions, 2 replicas each, ? records, ? (6.0 MiB on all brokers)",
      "  retention.ms=1000",
      "  <dim>partition  leader  replicas  in sync  records  size</>",
      "  0          1       1,2       1,2      1,200    3.0 MiB",
      "  <yellow>1          1       1,2       1        1,200    3.0 MiB</>",
      "  <red>2          none    1,2                ?        ?</>",
    ]);
  });

  it("says what could not be read, and what differs", () => {
    const [head, settings] = topicsText([{ ...topic, internal: true, replicas: null, settings: null }], paint).split(
      "\n",
    );
    expect(head).toBe(
      "<bold>orders</> (internal): 1 partition, not all with as many replicas, 1,200 records, 3.0 MiB (6.0 MiB on all brokers)",
    );
    expect(settings).toBe("  its settings could not be read");
  });
});
