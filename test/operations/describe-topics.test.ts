/** A topic that Kafka answers nothing but an error for: it is not shown as one without partitions. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { KctlError } from "../../src/fault.ts";
import { compose } from "../../src/kafka/wire/compose.ts";
import type { Context } from "../../src/operations/context.ts";
import { describeTopics } from "../../src/operations/topics/describe-topics.ts";
import { answering, fakeServer, type FakeServer } from "../kafka/support/fake-server.ts";

const done: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(done.splice(0).map((one) => one()));
});

const metadata = 3;
const topicType = 2;
const nothing = (): void => undefined;

/** A cluster that kctl does not manage, whose only broker says this of every topic. */
async function contextOf(error: number): Promise<Context> {
  const server: FakeServer = await fakeServer(
    answering((request) =>
      request.readInt16BE() === metadata
        ? metadataOf(error, server)
        : compose()
            .int32(0)
            .array(["orders"], (name, part) => {
              part.int16(error).nullableString(null).int8(topicType).string(name).array([], nothing);
            })
            .done(),
    ),
  );
  const cwd = await mkdtemp(join(tmpdir(), "kctl-test-describe-"));
  done.push(
    () => server.close(),
    () => rm(cwd, { recursive: true, force: true }),
  );
  const provider = `{ type: external, bootstrap: ["${server.host}:${server.port}"] }`;
  await writeFile(join(cwd, "theirs.yaml"), `name: theirs\nprovider: ${provider}\n`);
  const { signal } = new AbortController();
  return { specFile: "theirs.yaml", cwd, env: {}, home: cwd, signal, timeoutSeconds: 5 } as unknown as Context;
}

function metadataOf(error: number, { host, port }: FakeServer): Buffer {
  return compose()
    .noTags()
    .int32(0)
    .compactArray([1], (id, part) => {
      part.int32(id).compactString(host).int32(port).compactString(null).noTags();
    })
    .compactString("a cluster")
    .int32(1)
    .compactArray(["orders"], (name, part) => {
      part.int16(error).compactString(name).uuid(null).boolean(false);
      part.compactArray([], nothing).int32(0).noTags();
    })
    .int32(0)
    .noTags()
    .done();
}

test.each([
  ["is not there", 3, "no-topic: there is no topic orders in theirs"],
  ["has no name that a topic can have", 17, "no-topic: there is no topic orders in theirs"],
  [
    "may not be looked at",
    29,
    "kafka-refused: could not find the topic orders: Kafka answered TOPIC_AUTHORIZATION_FAILED",
  ],
])("a topic that %s", async (_, error, said) => {
  const told: unknown = await describeTopics(await contextOf(error), "orders", false).catch(
    (reason: unknown) => reason,
  );
  if (!(told instanceof KctlError)) throw new Error("it is shown", { cause: told });
  expect(told.faults.map(({ code, what }) => `${code}: ${what}`)).toEqual([said]);
});
