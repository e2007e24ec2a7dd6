/** A topic that takes Kafka longer than one request may: it is waited for as long as all else. The broker is a stand-in. */
import { afterEach, expect, test } from "vitest";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { compose } from "../../src/kafka/wire/compose.ts";
import { cursor } from "../../src/kafka/wire/cursor.ts";
import { changeKafka, type KafkaChange } from "../../src/operations/change-kafka.ts";
import type { Context } from "../../src/operations/context.ts";
import { answering, fakeServer, type FakeServer } from "../kafka/support/fake-server.ts";

const key = { metadata: 3, createTopics: 19, describeConfigs: 32 } as const;
const requestTimedOut = 7;
const nothing = (): void => undefined;
const topicId = "AAAAAAAAAAAAAAAAAAAAKg";

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** @param late how often it tells of its topics until the new one is among them; @returns how often it did */
async function broker(error: number, late: number): Promise<() => number> {
  let looks = 0;
  const made: FakeServer = await fakeServer(
    answering((request) => {
      const apiKey = cursor(request).int16();
      if (apiKey === key.createTopics) return refused(error);
      if (apiKey === key.describeConfigs) return compose().int32(0).array([], nothing).done();
      if (apiKey !== key.metadata) throw new RangeError(`API key ${apiKey}`);
      looks += 1;
      return metadataOf(made, looks > late ? ["orders"] : []);
    }),
  );
  server = made;
  return () => looks;
}

function refused(error: number): Buffer {
  const topic = compose().noTags().int32(0);
  return topic
    .compactArray(["orders"], (name, part) => {
      part.compactString(name).uuid(null).int16(error).compactString("says Kafka").int32(-1).int16(-1);
      part.compactArray([], nothing).noTags();
    })
    .noTags()
    .done();
}

function metadataOf({ host, port }: FakeServer, topics: readonly string[]): Buffer {
  return compose()
    .noTags()
    .int32(0)
    .compactArray([1], (id, part) => void part.int32(id).compactString(host).int32(port).compactString(null).noTags())
    .compactString("a cluster")
    .int32(1)
    .compactArray(topics, (name, part) => {
      part.int16(0).compactString(name).uuid(topicId).boolean(false);
      part.compactArray([0], (partition, each) => {
        each.int16(0).int32(partition).int32(1).int32(0);
        for (let list = 0; list < 3; list += 1) each.compactArray(list < 2 ? [1] : [], (id, one) => void one.int32(id));
        each.noTags();
      });
      part.int32(0).noTags();
    })
    .int32(0)
    .noTags()
    .done();
}

const change = {
  kind: "topic",
  topic: "orders",
  partitions: 1,
  replicas: 1,
  settings: {},
  title: "create topic orders",
};

/** @returns what was recorded of the topic */
async function create(): Promise<readonly string[]> {
  const { host, port } = server ?? { host: "", port: 0 };
  const members = [{ id: 1, role: "broker", address: host, ports: { clients: port } }];
  const context = { signal: new AbortController().signal, timeoutSeconds: 5, emit: nothing };
  const recorded: string[] = [];
  const record = async (topic: string, id: string): Promise<void> => void recorded.push(topic, id);
  await changeKafka(
    change as unknown as KafkaChange,
    { members } as unknown as Cluster,
    null,
    record,
    context as unknown as Context,
  );
  return recorded;
}

test("where Kafka is still at it, it is waited for", async () => {
  const looks = await broker(requestTimedOut, 5);
  expect(await create()).toEqual(["orders", topicId]);
  expect(looks()).toBeGreaterThan(5);
});

test("what Kafka refuses is not", async () => {
  await broker(37, 5);
  await expect(create()).rejects.toMatchObject({
    faults: [{ code: "kafka-refused", what: "Kafka did not create topic orders: says Kafka (INVALID_PARTITIONS)" }],
  });
});
