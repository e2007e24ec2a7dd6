/** A reader in a group whose broker is made up here: what it tells, and what it commits, where more than one thing goes wrong. */
import { expect, onTestFinished, test } from "vitest";
import { delivery } from "../../src/kafka/records/delivery.ts";
import { compose } from "../../src/kafka/wire/compose.ts";
import { assignment } from "../../src/kafka/wire/consumer-protocol.ts";
import { readInGroup } from "../../src/operations/consume-in-group.ts";
import type { Context } from "../../src/operations/context.ts";
import { textPrinter } from "../../src/report/record-text.ts";
import { batchAt, fetchAnswer, positionsIn } from "../kafka/support/fetched.ts";
import { oneBroker } from "../kafka/support/one-partition.ts";

const groupDenied = 30;
const apis = { fetch: 1, offsets: 2, commit: 8, committed: 9, find: 10, join: 11, beat: 12, leave: 13, sync: 14 };
const calm = (): ReturnType<typeof compose> => compose().int32(0);

/** The group has committed nothing; its topic ends at 3. */
function answer(api: number, body: Buffer, port: number, commitError: number): Buffer | null | undefined {
  switch (api) {
    case apis.find:
      return calm().int16(0).nullableString(null).int32(1).string("127.0.0.1").int32(port).done();
    case apis.join: {
      const joined = calm().int16(0).int32(1).string("range").string("m").string("m");
      return joined.array(["m"], (id, part) => void part.string(id).bytes(assignment("t", []))).done();
    }
    case apis.sync:
      return calm()
        .int16(0)
        .bytes(assignment("t", [0]))
        .done();
    case apis.committed:
      return calm()
        .array(["t"], (name, part) => {
          part.string(name).array([0], (index, one) => {
            one.int32(index).int64(-1n).nullableString(null).int16(0);
          });
        })
        .int16(0)
        .done();
    case apis.offsets: {
      const earliest = body.readBigInt64BE(body.length - 8) === -2n;
      return calm()
        .array(["t"], (name, part) => {
          part.string(name).array([0], (index, one) => {
            one
              .int32(index)
              .int16(0)
              .int64(-1n)
              .int64(earliest ? 0n : 3n);
          });
        })
        .done();
    }
    case apis.fetch: {
      const offset = positionsIn(body)[0]?.offset ?? -1;
      return offset < 3 ? fetchAnswer({ records: batchAt(offset) }) : undefined;
    }
    case apis.commit:
      return calm()
        .array(["t"], (name, part) => {
          part.string(name).array([0], (index, one) => void one.int32(index).int16(commitError));
        })
        .done();
    case apis.beat:
    case apis.leave:
      return calm().int16(0).done();
    default:
      return null;
  }
}

type Read = {
  readonly ended: Promise<void>;
  readonly asked: readonly number[];
  readonly out: readonly string[];
  /** Of the partitions of the topic. */
  readonly leaders: number[];
  readonly stop: AbortController;
};

async function read(write: (count: number) => boolean, commitError: number, follow = false): Promise<Read> {
  const asked: number[] = [];
  const leaders = [1];
  const at = { host: "127.0.0.1", port: 0 };
  const broker = await oneBroker((api, body) => {
    asked.push(api);
    return answer(api, body, at.port, commitError);
  }, leaders);
  at.port = broker.port;
  onTestFinished(() => broker.close());
  const out: string[] = [];
  const options = {
    topic: "t",
    fromBeginning: true,
    group: "g",
    partition: null,
    offset: null,
    most: null,
    follow,
    committed: true,
    printer: textPrinter({ separator: null, nothing: "" }),
    write: async (bytes: Buffer) => {
      out.push(bytes.toString());
      return write(out.length);
    },
  };
  const stop = new AbortController();
  const ended = readInGroup(
    { emit: () => undefined } as unknown as Context,
    { bootstrap: [at], signal: stop.signal, seconds: 5 },
    { partitions: 1, leaders: new Map([[0, { id: 1, at }]]) },
    options,
    delivery(options),
    { beatMs: 20, newPartitionsMs: 20 },
  );
  return { ended, asked, out, leaders, stop };
}

test("what it printed is committed, and the group left", async () => {
  const { ended, asked, out } = await read(() => true, 0);
  await ended;
  expect(out).toEqual(["x\n", "x\n", "x\n"]);
  expect(asked.slice(-2)).toEqual([apis.commit, apis.leave]);
});

test("a commit that is refused is told", async () => {
  const { ended } = await read(() => true, groupDenied);
  await expect(ended).rejects.toThrow(
    "could not commit offsets of the group g: Kafka answered GROUP_AUTHORIZATION_FAILED",
  );
});

test("what went wrong first is told, though the commit behind it is refused too", async () => {
  const { ended, asked } = await read((count) => {
    if (count === 2) throw new Error("no space left");
    return true;
  }, groupDenied);
  await expect(ended).rejects.toThrow("no space left");
  expect(asked.slice(-2)).toEqual([apis.commit, apis.leave]);
});

test("its leader joins anew once the topic has more partitions, and then no more", async () => {
  const { ended, asked, out, leaders, stop } = await read(() => true, 0, true);
  const count = (wanted: number): number => asked.filter((api) => api === wanted).length;
  await expect.poll(() => out).toHaveLength(3);
  await expect.poll(() => count(apis.beat)).toBeGreaterThan(3);
  expect(count(apis.join)).toBe(1);
  leaders.push(1);
  await expect.poll(() => count(apis.join)).toBe(2);
  const beats = count(apis.beat);
  await expect.poll(() => count(apis.beat)).toBeGreaterThan(beats + 3);
  expect(count(apis.join)).toBe(2);
  stop.abort();
  await expect(ended).rejects.toThrow("aborted");
});
