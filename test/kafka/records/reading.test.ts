/** Reading from a broker that loses connections, its leadership and its records: what is delivered in the end, and in what order. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { KctlError } from "../../../src/fault.ts";
import { readPartitions } from "../../../src/kafka/records/reading.ts";
import { compose } from "../../../src/kafka/wire/compose.ts";
import { batchAt, fetchAnswer, positionsIn } from "../support/fetched.ts";
import { oneBroker } from "../support/one-partition.ts";

const [outOfRange, notLeader, topicDenied] = [1, 6, 29];
const listOffsetsKey = 2;

/** What is done with a fetch, in the order in which they come; beyond the last, a batch of one record is answered. */
type Act = "give" | "cut" | { readonly error: number };

function edgeAnswer(body: Buffer, first: number, end = 6, partition = 0): Buffer {
  const earliest = body.readBigInt64BE(body.length - 8) === -2n;
  return compose()
    .array(["t"], (name, part) => {
      part.string(name).array([partition], (index) => {
        part
          .int32(index)
          .int16(0)
          .int64(-1n)
          .int64(BigInt(earliest ? first : end));
      });
    })
    .done();
}

type Read = { readonly delivered: readonly number[]; readonly skipped: readonly (readonly [number, number])[] };

/** Offsets `from` to 5, though those before `first` and those from `end` on are gone. */
async function read(
  acts: readonly Act[],
  { first = 0, end = 6, from = 0, most = 99, seconds = 20 } = {},
): Promise<Read> {
  const left = [...acts];
  const broker = await oneBroker((apiKey, body) => {
    if (apiKey === listOffsetsKey) return edgeAnswer(body, first, end);
    const act = left.shift() ?? "give";
    if (act === "cut") return null;
    if (act !== "give") return fetchAnswer({ error: act.error });
    const offset = positionsIn(body)[0]?.offset ?? -1;
    if (offset < first || offset > end) return fetchAnswer({ error: outOfRange });
    return fetchAnswer({ records: offset < end ? batchAt(offset) : null });
  });
  const delivered: number[] = [];
  const skipped: [number, number][] = [];
  try {
    await readPartitions(
      {
        kafka: {
          bootstrap: [{ host: broker.host, port: broker.port }],
          signal: new AbortController().signal,
          seconds,
        },
        topic: "t",
        committed: true,
        deliver: async ({ batches }) => {
          delivered.push(Number(batches.readBigInt64BE(0)));
          return delivered.length < most;
        },
        skipped: (_, gone, to) => void skipped.push([Number(gone), Number(to)]),
        lookForNewMs: null,
      },
      new Map([[0, BigInt(from)]]),
      new Map([[0, 6n]]),
    );
    return { delivered, skipped };
  } finally {
    await broker.close();
  }
}

describe("each batch is delivered once, in order, though", () => {
  test.each<[string, readonly Act[]]>([
    ["nothing goes wrong", []],
    ["the connection is cut", ["give", "cut", "give", "cut", "cut"]],
    ["it does not lead for a moment", ["give", { error: notLeader }, { error: notLeader }]],
  ])("%s", async (_, acts) => {
    expect(await read(acts)).toEqual({ delivered: [0, 1, 2, 3, 4, 5], skipped: [] });
  });
});

test("what is gone is passed over, and told", async () => {
  expect(await read([], { first: 3 })).toEqual({ delivered: [3, 4, 5], skipped: [[0, 3]] });
});

test("what is not there any more is not waited for", async () => {
  expect(await read([], { end: 3, from: 5 })).toEqual({ delivered: [], skipped: [[5, 3]] });
});

test("what has come is delivered, though the connection is lost while it is asked where another partition begins", async () => {
  let cuts = 0;
  const broker = await oneBroker(
    (apiKey, body) => {
      if (apiKey === listOffsetsKey) return (cuts += 1) < 3 ? null : edgeAnswer(body, 2, 4, 1);
      const answers = positionsIn(body).map(({ partition, offset }) =>
        partition === 1 && offset < 2 ? { partition, error: outOfRange } : { partition, records: batchAt(offset) },
      );
      return fetchAnswer(...answers);
    },
    [1, 1],
  );
  onTestFinished(() => broker.close());
  const delivered: [number, number][] = [];
  await readPartitions(
    {
      kafka: { bootstrap: [broker], signal: new AbortController().signal, seconds: 20 },
      topic: "t",
      committed: true,
      deliver: async ({ partition, batches }) => {
        delivered.push([partition, Number(batches.readBigInt64BE(0))]);
        return true;
      },
      skipped: () => undefined,
      lookForNewMs: null,
    },
    new Map([
      [0, 0n],
      [1, 0n],
    ]),
    new Map([
      [0, 4n],
      [1, 4n],
    ]),
  );
  const of = (wanted: number) => delivered.flatMap(([partition, offset]) => (partition === wanted ? offset : []));
  expect([of(0), of(1)]).toEqual([
    [0, 1, 2, 3],
    [2, 3],
  ]);
  expect(cuts).toBeGreaterThan(2);
});

test("it ends where that was enough", async () => {
  expect((await read([], { most: 2 })).delivered).toEqual([0, 1]);
});

test("what does not pass ends it", async () => {
  await expect(read(["give", { error: topicDenied }])).rejects.toThrow(
    "could not read partition 0 of t: Kafka answered TOPIC_AUTHORIZATION_FAILED",
  );
});

test("what does not pass in time ends it", async () => {
  const acts = Array.from({ length: 500 }, () => ({ error: notLeader }));
  const ended = read(acts, { seconds: 1 });
  await expect(ended).rejects.toThrow(KctlError);
  await expect(ended).rejects.toThrow(
    "waited 1 s for partition 0 of t to be readable: its leader answers NOT_LEADER_OR_FOLLOWER",
  );
});

test("what could not be printed ends it, though who leads is just asked for anew", async () => {
  const broker = await oneBroker(
    (_, body) => fetchAnswer({ records: batchAt(positionsIn(body)[0]?.offset ?? -1) }),
    [1, -1],
  );
  onTestFinished(() => broker.close());
  let delivered = 0;
  const reading = readPartitions(
    {
      kafka: { bootstrap: [broker], signal: new AbortController().signal, seconds: 20 },
      topic: "t",
      committed: true,
      deliver: async () => {
        delivered += 1;
        // By then partition 1, which has no leader, is looked for again.
        await delay(1100);
        throw new Error("no space left");
      },
      skipped: () => undefined,
      lookForNewMs: null,
    },
    new Map([
      [0, 0n],
      [1, 0n],
    ]),
    null,
  );
  await expect(reading).rejects.toThrow("no space left");
  expect(delivered).toBe(1);
});

test("whoever follows gets the records of partitions that are new", async () => {
  const leaders = [1];
  const broker = await oneBroker((_, body) => {
    const answers = positionsIn(body).flatMap(({ partition, offset }) =>
      offset < 2 ? { partition, records: batchAt(offset) } : [],
    );
    // There is nothing more to come.
    return answers.length === 0 ? undefined : fetchAnswer(...answers);
  }, leaders);
  onTestFinished(() => broker.close());
  const delivered: string[] = [];
  await readPartitions(
    {
      kafka: { bootstrap: [broker], signal: new AbortController().signal, seconds: 20 },
      topic: "t",
      committed: true,
      deliver: async ({ partition, batches }) => {
        delivered.push(`${partition}:${batches.readBigInt64BE(0)}`);
        if (delivered.length === 2) leaders.push(1);
        return delivered.length < 4;
      },
      skipped: () => undefined,
      lookForNewMs: 50,
    },
    new Map([[0, 0n]]),
    null,
  );
  expect(delivered).toEqual(["0:0", "0:1", "1:0", "1:1"]);
});
