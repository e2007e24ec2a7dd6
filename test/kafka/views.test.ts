import { afterEach, describe, expect, it } from "vitest";
import { askController } from "../../src/kafka/ask-controller.ts";
import { viewOfQuorum } from "../../src/kafka/quorum.ts";
import { topicsOf } from "../../src/kafka/topic-state.ts";
import { compose } from "../../src/kafka/wire/compose.ts";
import type { DescribedResource } from "../../src/kafka/wire/describe-configs.ts";
import type { QuorumReplica } from "../../src/kafka/wire/describe-quorum.ts";
import { deleteTopics } from "../../src/kafka/wire/delete-topics.ts";
import { errorName, refusal } from "../../src/kafka/wire/error-names.ts";
import { answering, fakeServer, type FakeServer } from "./support/fake-server.ts";

const never = new AbortController().signal;

describe("the view of a quorum", () => {
  const replica = (id: number, logEndOffset: bigint): QuorumReplica => ({
    id,
    directoryId: null,
    logEndOffset,
    lastFetch: 5,
    lastCaughtUp: 4,
  });
  const view = (finalized: Record<string, number>) =>
    viewOfQuorum({
      quorum: {
        error: 0,
        errorMessage: null,
        leaderId: 3002,
        leaderEpoch: 7,
        highWatermark: 90n,
        voters: [replica(3003, -1n), replica(3002, 100n), replica(3001, 97n)],
        observers: [replica(2, 101n), replica(1, 100n)],
        nodes: [{ id: 3001, listeners: [{ name: "CONTROLLER", host: "kafka-1", port: 9093 }] }],
      },
      versions: { error: 0, apis: new Map(), supported: {}, finalized },
    });

  it("is in the order of the ids, with lag and addresses as far as they are told", () => {
    const { voters, observers, leaderId, leaderEpoch } = view({ "kraft.version": 1 });
    expect([leaderId, leaderEpoch]).toEqual([3002, 7]);
    expect(voters.map(({ id, lag, address }) => [id, lag, address])).toEqual([
      [3001, 3, { host: "kafka-1", port: 9093 }],
      [3002, 0, null],
      [3003, null, null],
    ]);
    // One that fetched in between is not ahead of its leader.
    expect(observers.map(({ id, lag }) => [id, lag])).toEqual([
      [1, 0],
      [2, 0],
    ]);
  });

  it.each([
    [{ "kraft.version": 1 }, true],
    [{ "kraft.version": 0 }, false],
    [{}, false],
  ])("with features %j is dynamic: %j", (finalized, dynamic) => {
    expect(view(finalized).dynamic).toBe(dynamic);
  });
});

describe("topics", () => {
  const partitions = [{ error: 0, partition: 0, leader: 1, replicas: [1, 2], isr: [1, 2], offline: [2] }];
  const topic = (name: string) => ({ error: 0, name, id: null, internal: false, partitions });
  const metadata = (...names: readonly string[]) => ({
    brokers: [],
    clusterId: "c",
    controllerId: 1,
    topics: names.map(topic),
  });
  const config = (name: string, error: number): DescribedResource => ({
    name,
    error,
    errorMessage: null,
    entries: [
      { name: "retention.ms", value: "5", source: "topic", readOnly: false, secret: false, layers: [] },
      { name: "min.insync.replicas", value: "2", source: "file", readOnly: false, secret: false, layers: [] },
    ],
  });

  it("have their own settings apart from those that they inherit, and no dead replica in the ISR", () => {
    expect(topicsOf(metadata("b", "a"), [config("b", 0), config("a", 0)])).toMatchObject([
      { name: "a" },
      {
        name: "b",
        minIsr: 2,
        settings: { "retention.ms": "5" },
        inherited: { "min.insync.replicas": "2" },
        partitions: [{ leader: 1, replicas: [1, 2], isr: [1] }],
      },
    ]);
  });

  it("whose settings may not be read, or were not told, have none that are known", () => {
    const forbidden = 29;
    const seen = topicsOf(metadata("a", "b"), [{ ...config("a", forbidden), entries: [] }]);
    expect(seen).toMatchObject([
      { name: "a", settings: null, minIsr: null },
      { name: "b", settings: null, minIsr: null },
    ]);
  });

  it("that were deleted between the two questions are left out", () => {
    expect(topicsOf(metadata("a"), [{ ...config("a", 3), entries: [] }])).toEqual([]);
  });
});

describe("an error of Kafka's", () => {
  it.each([
    [0, "NONE"],
    [36, "TOPIC_ALREADY_EXISTS"],
    [41, "NOT_CONTROLLER"],
    [87, "INVALID_RECORD"],
    [100, "UNKNOWN_TOPIC_ID"],
    [126, "DUPLICATE_VOTER"],
    [-1, "UNKNOWN_SERVER_ERROR"],
    [9999, "error 9999"],
  ])("%i is called %s", (code, name) => {
    expect(errorName(code)).toBe(name);
  });

  it.each([
    [{ error: 36, errorMessage: "Topic 'a' already exists." }, "TOPIC_ALREADY_EXISTS (Topic 'a' already exists)"],
    [{ error: 36, errorMessage: null }, "TOPIC_ALREADY_EXISTS"],
    [{ error: 41 }, "NOT_CONTROLLER"],
  ])("%j is a fault that says what was refused and why", (refused, said) => {
    const what = `could not create topic a: Kafka answered ${said}`;
    expect(refusal("create topic a", refused)).toEqual({ code: "kafka-refused", what });
  });
});

describe("the controller", () => {
  const servers: FakeServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  /** A broker that says which broker is the controller, at its own address whichever it is, and answers DeleteTopics. */
  const broker = async (controllers: readonly number[], errors: readonly number[]) => {
    const asked: number[] = [];
    const left = { controllers: [...controllers], errors: [...errors] };
    const server = await fakeServer((socket) =>
      answering((request) => {
        const apiKey = request.readInt16BE(0);
        asked.push(apiKey);
        const { port } = server;
        const start = compose().noTags().int32(0);
        if (apiKey === 20) {
          const error = left.errors.shift() ?? 0;
          start.compactArray([error], (code, part) => {
            part.compactString("t").uuid(null).int16(code).compactString(null).noTags();
          });
          return start.noTags().done();
        }
        return start
          .compactArray(
            [1],
            (id, part) => void part.int32(id).compactString("127.0.0.1").int32(port).compactString(null).noTags(),
          )
          .compactString("c")
          .int32(left.controllers.shift() ?? 1)
          .compactArray([], () => undefined)
          .int32(0)
          .noTags()
          .done();
      })(socket),
    );
    servers.push(server);
    return { server, asked };
  };
  const remove = (server: FakeServer, timeoutMs = 2000) =>
    askController({ bootstrap: [server], signal: never, timeoutMs }, deleteTopics([], 1), (answer) =>
      answer.map(({ error }) => error),
    );

  it("is waited for while it is being elected, and asked anew where it is no more", async () => {
    const { server, asked } = await broker([-1, 2, 1, 1], [41, 0]);
    expect(await remove(server)).toMatchObject([{ name: "t", error: 0 }]);
    expect(asked).toEqual([3, 3, 3, 20, 3, 20]);
  });

  it("is asked once where it refuses for another reason", async () => {
    const { server, asked } = await broker([], [29]);
    expect(await remove(server)).toMatchObject([{ error: 29 }]);
    expect(asked).toEqual([3, 20]);
  });

  it("is not waited for for ever", async () => {
    const { server } = await broker(
      Array.from({ length: 500 }, () => -1),
      [],
    );
    await expect(remove(server, 200)).rejects.toThrow(
      "waited 0.2 s for the cluster's controller: the brokers know of none",
    );
  });

  it("is not found where nobody answers", async () => {
    const { server } = await broker([], []);
    await server.close();
    servers.length = 0;
    await expect(remove(server, 200)).rejects.toThrow("no broker answers");
  });
});
