/** Topics of a broker that started just now: with ZooKeeper there is a moment in which it knows of brokers and of no topic. */
import { afterEach, describe, expect, test } from "vitest";
import { certainTopics } from "../../src/kafka/certain-topics.ts";
import { compose } from "../../src/kafka/wire/compose.ts";
import { answering, fakeServer, type FakeServer } from "./support/fake-server.ts";

const never = new AbortController().signal;
let server: FakeServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const createTopics = 19;

/** It names itself and no topic, and says this of a topic that is to be made; `asked` counts how often. */
async function broker(error: number): Promise<{ readonly asked: () => number; readonly made: FakeServer }> {
  let asked = 0;
  const made = await fakeServer(
    answering((request) => {
      if (request.readInt16BE(0) !== createTopics) return metadataOf(made.port);
      asked += 1;
      return compose()
        .noTags()
        .int32(0)
        .compactArray(["orders"], (name, part) => {
          part.compactString(name).uuid(null).int16(error).compactString(null).int32(-1).int16(-1);
          part.compactArray([], () => undefined).noTags();
        })
        .noTags()
        .done();
    }),
  );
  return { asked: () => asked, made };
}

function metadataOf(port: number): Buffer {
  return compose()
    .noTags()
    .int32(0)
    .compactArray([1], (id, part) => {
      part.int32(id).compactString("127.0.0.1").int32(port).compactString(null).noTags();
    })
    .compactString("a cluster")
    .int32(1)
    .compactArray([], () => undefined)
    .int32(0)
    .noTags()
    .done();
}

describe("a topic that a broker does not name", () => {
  test.each([
    ["is not there where the controller would make it", 0, true],
    ["nor where only a policy is against it", 44, true],
    ["nor where its name is", 17, true],
    ["is there where the controller says so: nothing is certain yet", 36, false],
    ["is not known where no broker is there to hold it", 38, false],
  ])("%s", async (_name, error, certain) => {
    const { made, asked } = await broker(error);
    server = made;
    expect(await certainTopics([made], ["orders"], never, 1000, 400)).toEqual(certain ? [] : null);
    expect(asked()).toBeGreaterThan(certain ? 0 : 1);
  });

  test("is not asked for where it is of no interest", async () => {
    const { made, asked } = await broker(36);
    server = made;
    expect(await certainTopics([made], [], never, 1000, 400)).toEqual([]);
    expect(asked()).toBe(0);
  });

  test("is not known where nobody answers", async () => {
    expect(await certainTopics([{ host: "127.0.0.1", port: 1 }], ["orders"], never, 1000, 400)).toBeNull();
  });
});
