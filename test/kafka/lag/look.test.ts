/** A look at groups where not all is well: brokers made up here answer as Kafka's protocol has it. */
import { describe, expect, onTestFinished, test } from "vitest";
import type { Address } from "../../../src/kafka/address.ts";
import { lookAtGroups, type GroupsSeen, type LookOptions } from "../../../src/kafka/lag/look.ts";
import { compose, type Compose } from "../../../src/kafka/wire/compose.ts";
import { leaderless } from "../../../src/operations/lag.ts";
import { answering, fakeServer } from "../support/fake-server.ts";

const never = new AbortController().signal;

/** What the brokers of a cluster of two say; each answer may depend on how often it was asked for. */
type World = {
  readonly brokers?: readonly Address[];
  readonly maxListGroups?: number;
  readonly groups?: readonly string[];
  readonly listError?: (asked: number) => number;
  readonly offsetsError?: number;
  readonly endError?: (asked: number) => number;
  /** -1: none. */
  readonly leader?: number;
};

const apis = { metadata: 3, listOffsets: 2, offsetFetch: 9, describeGroups: 15, listGroups: 16, apiVersions: 18 };

async function broker(world: World): Promise<Address> {
  const asked = new Map<number, number>();
  const self: { address: Address } = { address: { host: "", port: 0 } };
  const server = await fakeServer(
    answering((request) => {
      const api = request.readInt16BE(0);
      asked.set(api, (asked.get(api) ?? 0) + 1);
      return answer(api, world, world.brokers ?? [self.address], asked.get(api) ?? 0);
    }),
  );
  self.address = { host: server.host, port: server.port };
  onTestFinished(() => server.close());
  return self.address;
}

const flexible = (): Compose => compose().noTags();

/** One group, `g`, has read 3 of orders-0, which ends at 10. */
function answer(api: number, world: World, brokers: readonly Address[], asked: number): Buffer {
  const { groups = ["g"], leader = 0, maxListGroups = 5 } = world;
  switch (api) {
    case apis.metadata:
      return flexible()
        .int32(0)
        .compactArray([...brokers.entries()], ([id, { host, port }], part) => {
          part.int32(id).compactString(host).int32(port).compactString(null).noTags();
        })
        .compactString("c")
        .int32(0)
        .compactArray(["orders"], (name, part) => {
          part.int16(0).compactString(name).uuid(null).boolean(false);
          part.compactArray([0], (index, one) => {
            one.int16(0).int32(index).int32(leader).int32(0);
            one
              .compactArray([], () => undefined)
              .compactArray([], () => undefined)
              .compactArray([], () => undefined);
            one.noTags();
          });
          part.int32(0).noTags();
        })
        .int32(0)
        .noTags()
        .done();
    case apis.apiVersions:
      return compose()
        .int16(0)
        .compactArray([apis.listGroups, apis.offsetFetch], (key, part) => {
          part
            .int16(key)
            .int16(0)
            .int16(key === apis.listGroups ? maxListGroups : 8)
            .noTags();
        })
        .int32(0)
        .noTags()
        .done();
    case apis.listGroups:
      return flexible()
        .int32(0)
        .int16(world.listError?.(asked) ?? 0)
        .compactArray(groups, (group, part) => {
          part.compactString(group).compactString("consumer").compactString("Empty");
          if (maxListGroups === 5) part.compactString("Classic");
          part.noTags();
        })
        .noTags()
        .done();
    case apis.describeGroups:
      return compose()
        .int32(0)
        .array(groups, (group, part) => {
          part
            .int16(0)
            .string(group)
            .string("Empty")
            .string("consumer")
            .string("")
            .array([], () => undefined);
        })
        .done();
    case apis.offsetFetch:
      return flexible()
        .int32(0)
        .compactArray(groups, (group, part) => {
          part.compactString(group).compactArray(["orders"], (topic, one) => {
            one.compactString(topic).compactArray([0], (index, each) => {
              each.int32(index).int64(3n).int32(-1).compactString(null).int16(0).noTags();
            });
            one.noTags();
          });
          part.int16(world.offsetsError ?? 0).noTags();
        })
        .noTags()
        .done();
    case apis.listOffsets:
      return compose()
        .array(["orders"], (topic, part) => {
          part.string(topic).array([0], (index, one) => {
            one
              .int32(index)
              .int16(world.endError?.(asked) ?? 0)
              .int64(-1n)
              .int64(10n);
          });
        })
        .done();
    default:
      throw new Error(`nobody was to ask for ${api}`);
  }
}

async function look(bootstrap: readonly Address[], more: Partial<LookOptions> = {}): Promise<GroupsSeen> {
  const options = { cluster: "demo", bootstrap, signal: never, timeoutMs: 2000, waitSeconds: 10, only: null };
  return lookAtGroups({ ...options, ...more });
}

const partition = { topic: "orders", partition: 0, committed: 3, owner: null };
const nowhere = { host: "127.0.0.1", port: 1 };

describe("a look", () => {
  test.each([4, 5])("at a broker whose ListGroups goes up to version %i", async (maxListGroups) => {
    const at = await broker({ maxListGroups });
    expect(await look([at])).toEqual({
      groups: [
        {
          group: "g",
          protocol: "classic",
          state: "Empty",
          members: [],
          coordinator: at,
          partitions: [{ ...partition, end: 10 }],
        },
      ],
      names: ["g"],
      silent: [],
    });
  });

  test("asks a coordinator again that is still loading its groups", async () => {
    const at = await broker({ listError: (asked) => (asked === 1 ? 14 : 0) });
    expect((await look([at])).names).toEqual(["g"]);
  });

  test("waits for it no longer than it may", async () => {
    const at = await broker({ listError: () => 15 });
    await expect(look([at], { waitSeconds: 0.2 })).rejects.toThrow(
      `waited 0.2 s for the coordinators of the groups: 127.0.0.1:${at.port} answers COORDINATOR_NOT_AVAILABLE`,
    );
  });

  test("asks again for the end where the leader has just moved", async () => {
    const at = await broker({ endError: (asked) => (asked === 1 ? 6 : 0) });
    expect((await look([at])).groups[0]?.partitions).toEqual([{ ...partition, end: 10 }]);
  });

  test("says what it does not know of a partition without a leader", async () => {
    const { groups } = await look([await broker({ leader: -1 })]);
    expect(groups[0]?.partitions).toEqual([{ ...partition, end: null }]);
    expect(leaderless("demo", groups)).toEqual([
      {
        code: "unhealthy",
        what: "the end of orders-0 in demo is not known, and so is the lag there: no leader told it",
        fix: "see with `kctl status` which brokers do not run; a topic that was deleted goes from its groups by itself",
      },
    ]);
  });

  test("names a broker that does not answer, and tells of the others' groups", async () => {
    const good = await broker({});
    const at = await broker({ brokers: [good, nowhere] });
    const { names, silent } = await look([nowhere, at]);
    expect(names).toEqual(["g"]);
    expect(silent).toEqual([
      {
        code: "kafka-unreachable",
        what: "a broker of demo does not answer, so the groups that it coordinates are not known: connection refused",
        where: "127.0.0.1:1",
        fix: "see with `kctl status` whether the broker runs, and that this machine can reach its address",
      },
    ]);
  });

  test("where none answers names each with its reason", async () => {
    const mute = await fakeServer(() => undefined);
    onTestFinished(() => mute.close());
    await expect(look([nowhere, { host: mute.host, port: mute.port }], { timeoutMs: 300 })).rejects.toThrow(
      `no broker of demo answers: 127.0.0.1:1 (connection refused), 127.0.0.1:${mute.port} (it accepts connections and gave no answer within 0.3 s)`,
    );
  });

  test.each<[what: string, world: World, message: string]>([
    [
      "may not be asked",
      { listError: () => 31 },
      "could not list the groups: Kafka answered CLUSTER_AUTHORIZATION_FAILED",
    ],
    [
      "has a group that may not be read",
      { offsetsError: 30 },
      "could not describe the group g: Kafka answered GROUP_AUTHORIZATION_FAILED",
    ],
    [
      "is too old",
      { maxListGroups: 3 },
      "is older than Kafka 3.0, the first that tells the offsets of many groups at once",
    ],
  ])("at a broker that %s says so", async (_, world, message) => {
    await expect(look([await broker(world)])).rejects.toThrow(message);
  });
});
