/** The producer against a broker that loses connections, answers and its leadership: what it stores in the end, and in what order. */
import { afterEach, describe, expect, test } from "vitest";
import { headerBytes } from "../../../src/kafka/records/batch-builder.ts";
import { recordProducer, type RecordProducer } from "../../../src/kafka/records/producer.ts";
import { compose } from "../../../src/kafka/wire/compose.ts";
import { cursor } from "../../../src/kafka/wire/cursor.ts";
import type { FakeServer } from "../support/fake-server.ts";
import { oneBroker } from "../support/one-partition.ts";

const [fine, outOfOrder, notLeader, timedOut, tooLarge] = [0, 45, 6, 7, 10];

/** What is done with a produce request, in the order in which they come; beyond the last, all is stored. */
type Act =
  | "store"
  /** Stored, and the connection closed before the answer. */
  | "store-and-cut"
  | "cut"
  | { readonly error: number };

type Stored = { readonly sequence: number; readonly count: number };

/** One partition, kept as Kafka keeps it for an idempotent producer: a batch comes once, and only in order after the first, which may be any. */
class Broker {
  readonly stored: Stored[] = [];
  readonly requests: Stored[] = [];
  readonly acts: Act[];
  server: FakeServer | null = null;

  constructor(acts: readonly Act[]) {
    this.acts = [...acts];
  }

  async start(leader: number): Promise<void> {
    this.server = await oneBroker((apiKey, body) => (apiKey === 0 ? this.produce(body) : null), [leader]);
  }

  private produce(body: Buffer): Buffer | null {
    const request = cursor(body);
    request.nullableString();
    request.int16();
    request.int32();
    const [batch] = request
      .array(() => {
        request.string();
        return request.array(() => {
          request.int32();
          return request.bytes();
        });
      })
      .flat();
    if (batch === undefined) throw new Error("no batch");
    const one = { sequence: batch.readInt32BE(53), count: batch.readInt32BE(57) };
    this.requests.push(one);
    const act = this.acts.shift() ?? "store";
    if (act === "cut") return null;
    if (typeof act === "object") return answerOf(act.error);
    const next = this.stored.reduce((sum, { count }) => sum + count, 0);
    const again = this.stored.some(({ sequence }) => sequence === one.sequence);
    if (!again && this.stored.length > 0 && one.sequence !== next) return answerOf(outOfOrder);
    if (!again) this.stored.push(one);
    return act === "store-and-cut" ? null : answerOf(fine, one.sequence);
  }
}

function answerOf(error: number, offset = -1): Buffer {
  return compose()
    .array(["t"], (name, part) => {
      part.string(name).array([0], (partition) => {
        part.int32(partition).int16(error).int64(BigInt(offset)).int64(-1n).int64(0n);
      });
    })
    .int32(0)
    .done();
}

let faults = 0;
let broker: Broker;
let producer: RecordProducer;
afterEach(async () => {
  await producer.end();
  await broker.server?.close();
});

async function writeTo(acts: readonly Act[], { seconds = 20, leader = 1, records = 24 } = {}): Promise<void> {
  faults = 0;
  broker = new Broker(acts);
  await broker.start(leader);
  const { host, port } = broker.server ?? { host: "", port: 0 };
  const at = { host, port };
  producer = recordProducer({
    kafka: { bootstrap: [at], signal: new AbortController().signal, seconds },
    topic: "t",
    at: { partitions: 1, leaders: new Map(leader === 1 ? [[0, { id: 1, at }]] : []) },
    acks: "all",
    producer: { id: 7n, epoch: 0 },
    form: { limit: 1000, target: 100, compression: "none", headers: headerBytes([]) },
    spread: () => 0,
    onFault: () => void (faults += 1),
  });
  // Three records of ten bytes fill a batch.
  for (let index = 0; index < records; index += 1) {
    expect(producer.add(null, Buffer.from("0123456789"), 0, 10)).toBe(true);
    await producer.room();
  }
  await producer.finish();
}

describe("whatever the broker does, each batch is there once, in order", () => {
  test.each<[string, readonly Act[]]>([
    ["nothing", []],
    ["the connection is cut", ["store", "cut"]],
    ["the connection is cut at once, again and again", ["cut", "cut", "cut", "store", "cut"]],
    ["an answer is lost", ["store", "store-and-cut"]],
    ["answers are lost, one after the other", ["store-and-cut", "store-and-cut", "store", "store-and-cut"]],
    ["it does not lead any more", ["store", { error: notLeader }, { error: notLeader }]],
    ["the very first is refused for a moment", [{ error: timedOut }]],
    ["one is refused for a moment, and those behind it are then out of order", ["store", { error: timedOut }]],
  ])("%s", async (_, acts) => {
    await writeTo(acts);
    const total = broker.stored.reduce((sum, { count }) => sum + count, 0);
    expect(total).toBe(24);
    expect(broker.stored.map(({ sequence }) => sequence)).toEqual(
      broker.stored.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
    );
    expect(producer.written()).toEqual({ records: 24, partitions: [{ partition: 0, records: 24, offset: 23 }] });
    expect(broker.requests.length).toBeGreaterThanOrEqual(broker.stored.length);
  });
});

test.each([
  [[{ error: tooLarge }], "could not write to partition 0 of t: Kafka answered MESSAGE_TOO_LARGE"],
  [[{ error: outOfOrder }], "could not write to partition 0 of t: Kafka answered OUT_OF_ORDER_SEQUENCE_NUMBER"],
])("what does not pass ends it: %j", async (acts, what) => {
  await expect(writeTo(acts)).rejects.toThrow(what);
  expect(producer.written().records).toBe(0);
  expect(faults).toBe(1);
});

test("what does not pass in time ends it, and says what was wrong last", async () => {
  const failed = writeTo(
    Array.from({ length: 2000 }, () => ({ error: notLeader })),
    { seconds: 1 },
  );
  await expect(failed).rejects.toThrow(
    "waited 1 s for partition 0 of t to take records: the leader of partition 0 answers NOT_LEADER_OR_FOLLOWER",
  );
});

test.each([1, 24])("%i records for a partition that gets no leader in time end it", async (records) => {
  await expect(writeTo([], { seconds: 0.3, leader: -1, records })).rejects.toThrow(
    "waited 0.3 s for partition 0 of t to take records: it has no leader",
  );
  expect(broker.requests).toEqual([]);
});
