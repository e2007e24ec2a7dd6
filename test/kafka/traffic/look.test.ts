/** A look at what went through a cluster: what nobody told of is said to be missing. */
import { expect, test } from "vitest";
import { lookAtTraffic } from "../../../src/kafka/traffic/look.ts";

const never = new AbortController().signal;
/** Nobody listens there. */
const address = { host: "127.0.0.1", port: 1 };
const led = (partition: number, leader: number | null) => ({ partition, leader, replicas: [1, 2], isr: [1] });

test("leaders that do not answer, and those that nobody can ask, are missing; what has no leader is not", async () => {
  const topics = [{ name: "t", partitions: [led(0, 1), led(1, 2), led(2, null)] }];
  const look = await lookAtTraffic(topics, [{ id: 1, address }], never);
  expect([look.partitions, look.missing]).toEqual([
    new Map(),
    new Map([
      ["t 0", 1],
      ["t 1", 2],
    ]),
  ]);
});

test("that no broker answers is another thing than that there are no partitions", async () => {
  expect((await lookAtTraffic(null, [{ id: 1, address }], never)).missing).toBeNull();
  expect((await lookAtTraffic([], [{ id: 1, address }], never)).missing).toEqual(new Map());
});
