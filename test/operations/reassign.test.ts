/** Moves of replicas where brokers are down or a topic goes meanwhile: what is throttled after them, and what is said. Broker 1 is a stand-in, broker 2 is not there. */
import { afterEach, expect, test } from "vitest";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { KctlError } from "../../src/fault.ts";
import { compose } from "../../src/kafka/wire/compose.ts";
import { cursor } from "../../src/kafka/wire/cursor.ts";
import type { Context } from "../../src/operations/context.ts";
import { reassign } from "../../src/operations/topics/reassign.ts";
import type { Throttled } from "../../src/operations/topics/throttle.ts";
import type { PartitionMove } from "../../src/plan/reassignment.ts";
import { answering, fakeServer, type FakeServer } from "../kafka/support/fake-server.ts";

const key = { metadata: 3, describeConfigs: 32, elect: 43, alterConfigs: 44, underWay: 46 } as const;

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const down = { host: "127.0.0.1", port: 1 };

/** @param registered whom broker 1 knows @returns settings of brokers by their names, as they are set on broker 1 */
async function broker(registered: readonly number[]): Promise<ReadonlyMap<string, string>> {
  const set = new Map<string, string>();
  const made: FakeServer = await fakeServer(
    answering((request) => {
      const head = cursor(request);
      const apiKey = head.int16();
      head.int16(); // version
      head.int32(); // correlation id
      head.string(); // client id
      if (apiKey === key.metadata) return metadataOf(registered, made);
      if (apiKey === key.describeConfigs) return described(set);
      if (apiKey === key.elect) return compose().int32(0).int16(0).array([], nothing).done();
      if (apiKey === key.underWay)
        return compose().noTags().int32(0).int16(0).compactString(null).compactArray([], nothing).noTags().done();
      if (apiKey !== key.alterConfigs) throw new RangeError(`API key ${apiKey}`);
      const changed = head.array(() => {
        const type = head.int8();
        const name = head.string();
        for (const { setting, value } of head.array(() => {
          const setting = head.string();
          head.int8(); // operation
          return { setting, value: head.nullableString() };
        }))
          if (type === brokerType && value === null) set.delete(setting);
          else if (type === brokerType) set.set(setting, value ?? "");
        return { type, name };
      });
      return compose()
        .int32(0)
        .array(changed, ({ type, name }, part) => {
          part
            .int16(name === "gone" ? unknownTopic : 0)
            .nullableString(null)
            .int8(type)
            .string(name);
        })
        .done();
    }),
  );
  server = made;
  return set;
}

const brokerType = 4;
const unknownTopic = 3;
const nothing = (): void => undefined;

function metadataOf(registered: readonly number[], first: FakeServer): Buffer {
  return compose()
    .noTags()
    .int32(0)
    .compactArray(registered, (id, part) => {
      const { host, port } = id === 1 ? first : down;
      part.int32(id).compactString(host).int32(port).compactString(null).noTags();
    })
    .compactString("a cluster")
    .int32(1)
    .compactArray([], nothing)
    .int32(0)
    .noTags()
    .done();
}

function described(set: ReadonlyMap<string, string>): Buffer {
  return compose()
    .int32(0)
    .array([set], (settings, part) => {
      part.int16(0).nullableString(null).int8(brokerType).string("1");
      part.array([...settings], ([name, value], entry) => {
        entry.string(name).nullableString(value).boolean(false).int8(2).boolean(false).array([], nothing);
      });
    })
    .done();
}

type Change = Parameters<typeof reassign>[0];

/** @returns what it recorded, and what it said where it failed */
async function moved(change: Pick<Change, "moves" | "underWay">, former: Throttled | null, ids: readonly number[]) {
  const members = ids.map((id) => {
    const { host, port } = id === 1 && server !== undefined ? server : down;
    return { id, role: "broker", address: host, ports: { clients: port } };
  });
  const recorded: (Throttled | null)[] = [];
  const doing = reassign(
    { key: "reassignment", throttle: 1000, ...change } as Change,
    former,
    { members } as unknown as Cluster,
    async (throttled) => void recorded.push(throttled),
    { signal: new AbortController().signal, timeoutSeconds: 1, emit: () => undefined } as unknown as Context,
  );
  const error = await doing.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error !== null && !(error instanceof KctlError)) throw new Error("it is no fault", { cause: error });
  return { recorded, said: error?.faults.map(({ what }) => what) ?? [] };
}

const move = (topic: string, from: readonly number[], to: readonly number[]): PartitionMove => ({
  topic,
  partition: 0,
  from,
  to,
});

const rate = "leader.replication.throttled.rate";

test("a throttle that was left is taken back where it can be, also while a broker is down", async () => {
  const set = await broker([1]);
  const { recorded, said } = await moved({ moves: [], underWay: [] }, { topics: ["orders"], brokers: [1, 2] }, [1, 2]);
  expect(recorded).toEqual([{ topics: [], brokers: [2] }]);
  expect(said).toEqual([expect.stringMatching(/^the replicas are moved, and their throttle is not all taken back: /)]);
  expect(set.has(rate)).toBe(false);
});

test("a topic that is deleted while its replicas are moved does not keep those of others from being finished", async () => {
  const set = await broker([1]);
  const underWay = [move("gone", [1], [1]), move("orders", [1], [1])];
  const { recorded, said } = await moved({ moves: [], underWay }, null, [1]);
  expect(said).toEqual([]);
  expect(recorded).toEqual([{ topics: ["gone", "orders"], brokers: [1] }, null]);
  expect(set.has(rate)).toBe(false);
});

test("where moves fail and their throttle cannot all be taken back, both are said", async () => {
  const set = await broker([1, 2]);
  const { recorded, said } = await moved({ moves: [move("orders", [1], [1, 2])], underWay: [] }, null, [1, 2]);
  expect(said).toEqual([
    "127.0.0.1:1 does not answer as a Kafka broker: connection refused",
    "the replicas are not being moved any more, and their throttle is not all taken back: 127.0.0.1:1 does not answer as a Kafka broker: connection refused",
  ]);
  expect(recorded).toEqual([
    { topics: ["orders"], brokers: [1, 2] },
    { topics: [], brokers: [2] },
  ]);
  expect(set.has(rate)).toBe(false);
});
