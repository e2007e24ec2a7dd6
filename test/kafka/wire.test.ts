import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { KctlError } from "../../src/fault.ts";
import { brokerAnswers } from "../../src/kafka/broker-answers.ts";
import { kafkaView, viewOf } from "../../src/kafka/view.ts";
import { compose } from "../../src/kafka/wire/compose.ts";
import { cursor } from "../../src/kafka/wire/cursor.ts";
import { silentBroker, unreachableWhy, withBroker } from "../../src/kafka/wire/exchange.ts";
import { wholeBatches } from "../../src/kafka/wire/fetch.ts";
import { frameReader, largestFrame } from "../../src/kafka/wire/frames.ts";
import { metadata } from "../../src/kafka/wire/metadata.ts";
import { answering, fakeServer, type FakeServer } from "./support/fake-server.ts";

const never = new AbortController().signal;
let server: FakeServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

function framed(body: Buffer): Buffer {
  return Buffer.concat([compose().int32(body.length).done(), body]);
}

/** Metadata's answer as Kafka sends it, tagged fields of the header first. */
function metadataAnswer(brokers: readonly number[]): Buffer {
  return Buffer.concat([compose().noTags().done(), metadataBody(brokers)]);
}

function metadataBody(brokers: readonly number[]): Buffer {
  return compose()
    .int32(0)
    .compactArray(brokers, (id, part) => {
      part.int32(id).compactString("127.0.0.1").int32(9092).compactString(null).noTags();
    })
    .compactString("a cluster")
    .int32(brokers[0] ?? -1)
    .compactArray(["b", "a"], (name, part) => {
      part
        .int16(0)
        .compactString(name)
        .uuid(null)
        .boolean(false)
        .compactArray([1, 0], (partition) => {
          const ids = (list: readonly number[]) => part.compactArray(list, (id) => void part.int32(id));
          part
            .int16(0)
            .int32(partition)
            .int32(partition === 1 ? -1 : 1)
            .int32(0);
          ids([1, 2]);
          ids([1, 2]);
          ids(partition === 1 ? [1] : []);
          part.noTags();
        })
        .int32(0)
        .noTags();
    })
    .int32(0)
    .noTags()
    .done();
}

describe("frames", () => {
  it("come out whole, however the stream is cut", () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 4, maxLength: 40 }), { maxLength: 5 });
    const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
    fc.assert(
      fc.property(bodies, cuts, (wanted, sizes) => {
        const stream = Buffer.concat(wanted.map((body) => framed(Buffer.from(body))));
        const got: string[] = [];
        const read = frameReader((frame) => got.push(frame.toString("hex")));
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          read(stream.subarray(at, at + size));
          at += size;
        }
        expect(got).toEqual(wanted.map((body) => Buffer.from(body).toString("hex")));
      }),
    );
  });

  it.each([0, 3, -1, largestFrame + 1, 0x48545450])("of %i bytes are refused before they are waited for", (size) => {
    const read = frameReader(() => undefined);
    expect(() => read(compose().int32(size).done())).toThrow(KctlError);
  });
});

describe("a cursor", () => {
  it("reads back what was composed", () => {
    const bytes = compose().int8(-1).int16(-2).int32(-3).int64(-4n).boolean(true).string("größe").done();
    const read = cursor(bytes);
    const values = [read.int8(), read.int16(), read.int32(), read.int64(), read.boolean(), read.string()];
    expect(values).toEqual([-1, -2, -3, -4n, true, "größe"]);
  });

  it("says of any bytes either what they are or that they are no answer of Kafka's", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          metadata(null).read(cursor(Buffer.from(bytes)));
        } catch (error) {
          expect(error).toBeInstanceOf(KctlError);
        }
      }),
    );
  });

  it("refuses every answer that was cut short", () => {
    const whole = metadataBody([1, 2]);
    expect(metadata(null).read(cursor(whole)).brokers).toHaveLength(2);
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => metadata(null).read(cursor(whole.subarray(0, length)))).toThrow("no answer of Kafka's");
    }
  });

  it("reads back what was composed in the compact types", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 200 });
    const lists = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 300 });
    const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("base64url"));
    fc.assert(
      fc.property(text, fc.option(text), lists, id, (some, perhaps, list, uuid) => {
        const bytes = compose()
          .compactString(some)
          .compactString(perhaps)
          .compactArray(list, (item, part) => void part.int8(item).noTags())
          .compactArray(null, () => undefined)
          .uuid(uuid)
          .uuid(null)
          .uint16(65_535)
          .noTags()
          .done();
        const read = cursor(bytes);
        expect([read.compactString(), read.compactNullableString()]).toEqual([some, perhaps]);
        const item = (): number => {
          const value = read.int8();
          read.tags();
          return value;
        };
        expect([read.compactArray(item), read.compactArray(() => read.int8())]).toEqual([list, []]);
        const none = Buffer.from(uuid, "base64url").every((byte) => byte === 0);
        expect([read.uuid(), read.uuid(), read.uint16()]).toEqual([none ? null : uuid, null, 65_535]);
        read.tags();
        expect(() => read.int8()).toThrow("1 bytes wanted");
      }),
    );
  });

  it("passes over tagged fields that it does not know, and hands over those that it does", () => {
    const bytes = Buffer.from([3, 0, 1, 42, 1, 2, 7, 7, 0x81, 1, 1, 9, 5]);
    const read = cursor(bytes);
    const got: number[] = [];
    read.tags({ 0: (field) => void got.push(field.int8()), 129: (field) => void got.push(field.int8()) });
    expect([...got, read.int8()]).toEqual([42, 9, 5]);
  });

  it("refuses a number of more than five bytes", () => {
    expect(() => cursor(Buffer.alloc(9, 255)).compactString()).toThrow("a number of more than five bytes");
  });

  it("does not make an array of two thousand million elements", () => {
    expect(() =>
      cursor(
        compose()
          .int32(2 ** 31 - 1)
          .done(),
      ).array(() => 0),
    ).toThrow("an array of 2147483647");
  });
});

describe("record batches", () => {
  const batch = (offset: bigint, last: number) =>
    compose()
      .int64(offset)
      .int32(49 + 8)
      .int32(0)
      .int8(2)
      .int32(0)
      .int16(0)
      .int32(last)
      .array(Array.from({ length: 42 }), (_zero, part) => void part.int8(0))
      .done()
      .subarray(0, 12 + 49 + 8);

  it("leave out the last one where it is cut short", () => {
    const two = Buffer.concat([batch(10n, 4), batch(15n, 0)]);
    expect(wholeBatches(two)).toEqual({ batches: two, next: 16n });
    expect(wholeBatches(two.subarray(0, -1))).toEqual({ batches: two.subarray(0, 69), next: 15n });
    expect(wholeBatches(two.subarray(0, 5))).toEqual({ batches: Buffer.alloc(0), next: null });
  });

  it("of an impossible size are refused, not walked for ever", () => {
    expect(() => wholeBatches(Buffer.alloc(200))).toThrow("a record batch of 12 bytes");
    expect(() => wholeBatches(Buffer.alloc(200, 255))).toThrow("a record batch of 11 bytes");
  });
});

describe("withBroker", () => {
  const ask = (timeoutMs = 300) =>
    withBroker({ host: "127.0.0.1", port: server?.port ?? 1 }, never, timeoutMs, (one) => one(metadata([]))).then(
      () => "an answer",
      unreachableWhy,
    );

  it.each([
    ["nobody listens", null, "connection refused"],
    ["it never answers", () => undefined, "it accepts connections and gave no answer within 0.3 s"],
    ["it closes", "end", "it closed the connection without an answer"],
    ["it is a web server", "HTTP/1.1 400 Bad Request\r\n\r\n", "a frame of 1213486160 bytes"],
    ["it answers another request", framed(compose().int32(77).done()), "an answer to a request that was not sent (77)"],
    [
      "its answer is cut short",
      framed(compose().int32(1).noTags().int16(0).done()),
      "4 bytes wanted at 5, of 7 in all",
    ],
  ])("says why where %s", async (_name, behaviour, why) => {
    if (behaviour !== null) {
      server = await fakeServer((socket) => {
        if (behaviour === "end") socket.end();
        else if (typeof behaviour === "string" || Buffer.isBuffer(behaviour)) socket.write(behaviour);
      });
    }
    expect(await ask()).toContain(why);
  });

  it("names a broker with the address where it was looked for", async () => {
    const asked = withBroker({ host: "127.0.0.1", port: 1 }, never, 300, (one) => one(metadata([])));
    const error: unknown = await asked.catch((why: unknown) => why);
    expect(silentBroker(2, error)).toBe(
      "broker 2 does not answer at 127.0.0.1:1, where clients are sent: connection refused",
    );
  });

  it("does not wait longer for a peer that drips bytes", async () => {
    const drops: NodeJS.Timeout[] = [];
    server = await fakeServer((socket) => {
      socket.write(compose().int32(1000).done());
      drops.push(setInterval(() => socket.write("x"), 20));
    });
    expect(await ask(200)).toContain("gave no answer within 0.2 s");
    drops.forEach(clearInterval);
  });

  it("throws the abort's own reason", async () => {
    const control = new AbortController();
    server = await fakeServer(() => control.abort(new Error("enough")));
    const asked = withBroker(server, control.signal, 60_000, (one) => one(metadata([])));
    await expect(asked).rejects.toThrow("enough");
  });
});

describe("a broker's readiness and view", () => {
  /** Metadata is API key 3; DescribeConfigs, 32, is answered for broker 1 only. */
  const broker = (brokers: readonly number[]) =>
    answering((request) => {
      if (request.readInt16BE(0) === 3) return metadataAnswer(brokers);
      const itself = request.includes("\0\u00011");
      const text = "Unexpected broker id, expected 1 or empty string, but received 2";
      return compose()
        .int32(0)
        .array([0], (_one, part) => {
          part
            .int16(itself ? 0 : 42)
            .string(text)
            .int8(4)
            .string("1")
            .int32(0);
        })
        .done();
    });

  it("is not ready before it lists itself", async () => {
    server = await fakeServer(broker([]));
    expect(await brokerAnswers(server.host, server.port, 1, never)).toBe(false);
    expect(await kafkaView([server], never)).toMatchObject({ brokers: [], controllerId: null });
  });

  it("is ready for its own id only", async () => {
    server = await fakeServer(broker([1, 2]));
    const { host, port } = server;
    expect(await Promise.all([1, 2, 3].map((id) => brokerAnswers(host, port, id, never)))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("is false, never an error, for whatever else answers, and throws only when aborted", async () => {
    server = await fakeServer((socket) => void socket.write("220 smtp ready\r\n"));
    expect(await brokerAnswers(server.host, server.port, 1, never, 200)).toBe(false);
    expect(await kafkaView([server], never, 200)).toBeNull();
    await expect(brokerAnswers(server.host, server.port, 1, AbortSignal.abort(), 200)).rejects.toThrow("abort");
    await expect(kafkaView([server], AbortSignal.abort(), 200)).rejects.toThrow("abort");
  });

  it("counts offline and under-replicated partitions, sorted by name and number", () => {
    const view = viewOf(metadata(null).read(cursor(metadataBody([2, 1]))));
    expect(view.brokers.map(({ id }) => id)).toEqual([1, 2]);
    expect(view.partitions).toEqual({ total: 4, underReplicated: 2, offline: 2 });
    expect(view.topics.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(view.topics[0]?.partitions).toEqual([
      { partition: 0, leader: 1, replicas: [1, 2], isr: [1, 2] },
      { partition: 1, leader: null, replicas: [1, 2], isr: [2] },
    ]);
  });
});
