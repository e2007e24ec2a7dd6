/** Copies of a receipt: what two say that were written at the same time. */
import { expect, test } from "vitest";
import { receiptText, parseReceipt, withBoth, type Receipt } from "../../src/plan/receipt.ts";

const machine = { address: "10.0.0.1", folders: ["/a"], files: [], units: ["u"], software: ["/opt/x"], made: [] };
const base: Receipt = parseReceipt(
  JSON.stringify({
    schema: 1,
    cluster: "demo",
    provider: "ssh",
    kafkaVersion: "4.3.1",
    java: "",
    cache: "",
    clusterId: "c",
    directoryIds: {},
    formatted: ["kafka-1/broker"],
    members: { "kafka-1/broker": 1 },
    highest: { broker: 1 },
    folders: [],
    files: [],
    machines: { "kafka-1": machine },
    revision: 7,
  }),
);

test("of two copies of one revision nothing is forgotten that either has made, and the first decides the rest", () => {
  const reassigning = { topics: ["orders"], brokers: [1, 2] };
  const other: Receipt = {
    ...base,
    reassigning,
    kafkaVersion: "4.1.1",
    formatted: ["kafka-2/broker"],
    members: { "kafka-1/broker": 9, "kafka-2/broker": 2 },
    machines: {
      "kafka-1": { ...machine, folders: ["/b"], made: ["user kctl"] },
      "kafka-2": { ...machine, address: "10.0.0.2" },
    },
  };
  const both = withBoth(base, other);
  expect(both).toEqual({
    ...base,
    reassigning,
    formatted: ["kafka-1/broker", "kafka-2/broker"],
    members: { "kafka-1/broker": 1, "kafka-2/broker": 2 },
    machines: {
      "kafka-1": { ...machine, folders: ["/a", "/b"], made: ["user kctl"] },
      "kafka-2": { ...machine, address: "10.0.0.2" },
    },
  });
  expect(parseReceipt(receiptText(both))).toEqual(both);
  expect(withBoth(base, base)).toEqual(base);
});
