/** `kctl topics`: what there is, and topics made what the spec says: replicas moved, a run that was killed finished, nothing deleted unasked. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeBatch } from "../../src/kafka/canary/batch.ts";
import { reassignmentsUnderWay } from "../../src/kafka/reassignments.ts";
import { topicStates } from "../../src/kafka/topic-state.ts";
import { describeConfigs } from "../../src/kafka/wire/describe-configs.ts";
import { withBroker } from "../../src/kafka/wire/exchange.ts";
import { produce } from "../../src/kafka/wire/produce.ts";
import { cleanUp, kctl, place, start, type Ended, type Place } from "./kctl.ts";
import { brokersOf, deleteTopic, makeTopic, topics as topicsOf } from "./topics.ts";

const never = new AbortController().signal;
const rates = ["leader.replication.throttled.rate", "follower.replication.throttled.rate"];
const throttledReplicas = ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

type Shown = {
  readonly name: string;
  readonly records: number;
  readonly bytes: number;
  readonly bytesOnDisk: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly partitions: readonly {
    readonly leader: number;
    readonly replicas: readonly number[];
    readonly isr: readonly number[];
  }[];
};

describe.each([
  { version: "3.9.1", keeper: "zookeeper" },
  { version: "4.3.1", keeper: "controller" },
])("Kafka $version with a $keeper", ({ version, keeper }) => {
  let at: Place;
  beforeAll(async () => {
    at = await place();
    await spec(["name: orders, partitions: 3, replicas: 1", "name: drafts, partitions: 1, replicas: 1"]);
    const { exit, err } = await kctl(at, "up", "--json");
    if (exit !== 0) throw new Error(err);
    await makeTopic(at, "theirs", [[1]]);
  });
  afterAll(() => cleanUp(at));

  const spec = (topics: readonly string[], more = ""): Promise<void> =>
    writeFile(
      at.spec,
      `name: demo
provider: { type: local, port: ${at.port} }
kafka: { version: ${version} }
nodes: [{ name: one, roles: [${keeper}, broker] }, { name: two, roles: [broker] }, { name: three, roles: [broker] }]
topics: [${topics.map((topic) => `{ ${topic} }`).join(", ")}]
${more}`,
    );
  const errorsOf = ({ result }: Ended) => result?.["errors"] as { code: string; what: string; fix: string }[];
  const titlesOf = ({ result }: Ended) => (result?.["changes"] as { title: string }[]).map(({ title }) => title);
  const named = async (name: string) => (await topicsOf(at)).find((topic) => topic.name === name);
  const idOf = async (name: string): Promise<string | null | undefined> =>
    (await topicStates(brokersOf(at), never, 10_000, [name]))?.[0]?.id;
  const described = async (): Promise<Shown> => {
    const { result } = await kctl(at, "topics", "describe", "orders", "--json");
    const [topic] = result?.["topics"] as readonly Shown[];
    if (topic === undefined) throw new Error(JSON.stringify(result));
    return topic;
  };
  const receipt = async () =>
    JSON.parse(await readFile(join(at.folder, ".kctl/demo/receipt.json"), "utf8")) as {
      readonly reassigning?: object;
      readonly topics: Readonly<Record<string, { readonly made: boolean; readonly id: string | null }>>;
    };

  /** What is set on brokers and on the topic for moves of replicas. */
  async function throttles(): Promise<readonly string[]> {
    const told = await Promise.all(
      brokersOf(at).map((address, index) =>
        withBroker(address, never, 10_000, async (ask) => [
          await ask(describeConfigs("broker", String(index + 1), rates)),
          await ask(describeConfigs("topic", "orders", throttledReplicas)),
        ]),
      ),
    );
    return told
      .flat()
      .flatMap(({ entries }) => entries)
      .filter(({ source }) => source === "broker" || source === "topic")
      .map(({ name }) => name);
  }

  /** Records that take a while to copy. */
  async function fill(mebibytes: number): Promise<void> {
    const batch = encodeBatch([Buffer.alloc(512 * 1024)], { id: -1n, epoch: -1 }, -1, BigInt(Date.now()));
    const brokers = brokersOf(at);
    for (const { partition, leader } of (await named("orders"))?.partitions ?? [])
      await withBroker(brokers[(leader ?? 0) - 1] ?? { host: "", port: 0 }, never, 30_000, async (ask) => {
        for (let count = 0; count < 2 * mebibytes; count += 1)
          expect(await ask(produce("orders", partition, batch, 10_000))).toMatchObject({ error: 0 });
      });
  }

  /** As the spec says, a second time nothing to do, and no throttle. */
  async function settled(replicas: number): Promise<void> {
    const { partitions } = await described();
    for (const one of partitions) expect([one.replicas.length, one.isr.length]).toEqual([replicas, replicas]);
    expect(await throttles()).toEqual([]);
    expect((await receipt()).reassigning).toBeUndefined();
    expect(await reassignmentsUnderWay({ bootstrap: brokersOf(at), signal: never, timeoutMs: 10_000 })).toEqual([]);
    const again = await kctl(at, "topics", "apply", "--json");
    expect({ exit: again.exit, changed: again.result?.["changed"] }).toEqual({ exit: 0, changed: 0 });
    expect((await kctl(at, "topics", "plan", "--check", "--json")).exit).toBe(0);
  }

  test("list and describe tell what there is", async () => {
    expect((await receipt()).topics).toMatchObject({
      drafts: { made: true, id: await idOf("drafts") },
      orders: { made: true, id: await idOf("orders") },
    });
    await fill(3);
    const { result } = await kctl(at, "topics", "list", "--json");
    const counts = { internal: false, replicas: 1, underReplicated: 0, offline: 0 };
    expect(result).toMatchObject({
      cluster: "demo",
      topics: [
        { name: "drafts", partitions: 1, ...counts },
        { name: "orders", partitions: 3, ...counts },
        { name: "theirs", partitions: 1, ...counts },
      ],
    });
    const { records, bytes, bytesOnDisk, partitions } = await described();
    expect({ records, isAll: bytes === bytesOnDisk, partitions: partitions.length }).toEqual({
      records: 18,
      isAll: true,
      partitions: 3,
    });
    expect(bytes).toBeGreaterThan(9 * 1024 * 1024);
    const wrong = await kctl(at, "topics", "describe", "order", "--json");
    expect({ exit: wrong.exit, errors: errorsOf(wrong) }).toMatchObject({
      exit: 1,
      errors: [{ code: "no-topic", what: "there is no topic order in demo", fix: "did you mean orders?" }],
    });
  });

  test.each([
    [
      "more replicas than brokers",
      "name: orders, replicas: 4",
      { exit: 2, code: "spec-rule", what: "4 replicas need 4 brokers; this cluster has 3" },
    ],
    [
      "an unknown setting",
      "name: orders, config: { retention.mz: 1 }",
      { exit: 2, code: "spec-rule", what: `Kafka ${version.slice(0, 3)} has no topic setting \`retention.mz\`` },
    ],
    [
      "fewer partitions than it has",
      "name: orders, partitions: 1",
      {
        exit: 1,
        code: "not-built",
        what: "orders has 3 partitions, and the spec says 1: Kafka cannot take partitions away",
      },
    ],
  ])("%s is refused", async (_, topic, { exit, code, what }) => {
    await spec([topic]);
    const planned = await kctl(at, "topics", "apply", "--json");
    expect(planned.exit).toBe(exit);
    expect(errorsOf(planned)).toMatchObject([{ code, what: expect.stringContaining(what) as string }]);
    expect((await named("orders"))?.partitions).toHaveLength(3);
  });

  test("up moves no data, and says who does", async () => {
    await spec(["name: orders, partitions: 3, replicas: 3"]);
    const up = await kctl(at, "up", "--json");
    expect({ exit: up.exit, errors: errorsOf(up) }).toMatchObject({
      exit: 1,
      errors: [
        {
          code: "topics-apply",
          what: "orders has 1 replica a partition, and the spec says 3: that moves data, which `up` does not",
          fix: "`kctl topics apply` moves it, throttled",
        },
      ],
    });
    expect((await kctl(at, "topics", "plan", "--check", "--json")).exit).toBe(3);
  });

  test("a run that is killed while replicas are moved is finished by the next, and no throttle is left", async () => {
    const { child, ended } = start(at, "topics", "apply", "--throttle", "64KiB", "--json");
    await expect
      .poll(() => reassignmentsUnderWay({ bootstrap: brokersOf(at), signal: never, timeoutMs: 10_000 }), {
        timeout: 30_000,
      })
      .toHaveLength(3);
    child.kill("SIGKILL");
    expect((await ended).signal).toBe("SIGKILL");
    expect(new Set(await throttles())).toEqual(new Set([...rates, ...throttledReplicas]));
    expect((await receipt()).reassigning).toEqual({ topics: ["orders"], brokers: [1, 2, 3] });
    const planned = await kctl(at, "topics", "plan", "--json");
    expect(titlesOf(planned)).toEqual(["finish moving replicas of orders, which a run that was cut off began"]);
    const finished = await kctl(at, "topics", "apply", "--json");
    expect(finished.result).toMatchObject({ ok: true, changed: 1 });
    await settled(3);
    expect((await described()).partitions.map(({ leader }) => leader).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    expect((await described()).records).toBe(18);
  });

  test("fewer replicas: they go evenly, and a setting that needs fewer goes before", async () => {
    await spec(["name: orders, partitions: 4, replicas: 2, config: { min.insync.replicas: 1 }"]);
    const applied = await kctl(at, "topics", "apply", "--json");
    expect(applied.result).toMatchObject({ ok: true, changed: 3, cluster: "demo" });
    const done = applied.lines.filter(({ type }) => type === "change-done").map(({ title }) => title);
    expect(done).toEqual([
      "change min.insync.replicas of topic orders",
      "give topic orders 2 replicas instead of 3",
      "grow topic orders from 3 to 4 partitions",
    ]);
    await settled(2);
    const kept = (await described()).partitions.slice(0, 3).flatMap(({ replicas }) => replicas);
    expect(kept.toSorted((a, b) => a - b)).toEqual([1, 1, 2, 2, 3, 3]);
  });

  test("a topic goes only where the spec says so, and not unasked; nobody else's goes", async () => {
    await spec(["name: orders, delete: true"], "prune: true");
    const asked = await kctl(at, "topics", "apply", "--json");
    expect(asked.exit).toBe(2);
    expect(errorsOf(asked)).toMatchObject([
      {
        code: "confirmation-needed",
        what: expect.stringMatching(
          /^data would be lost, and there is no terminal to ask on: delete topic orders with its data \(18 records, 9\.\d MiB\); delete topic drafts with its data \(0 records, 0 KiB\)$/,
        ) as string,
        fix: "add --yes",
      },
    ]);
    expect((await topicsOf(at)).map(({ name }) => name)).toEqual(["drafts", "orders", "theirs"]);
    const applied = await kctl(at, "topics", "apply", "--yes", "--json");
    expect(applied.result).toMatchObject({ ok: true, errors: [], changed: 2 });
    expect((await topicsOf(at)).map(({ name }) => name)).toEqual(["theirs"]);
    expect((await kctl(at, "topics", "apply", "--json")).result).toMatchObject({ ok: true, changed: 0 });
    expect((await kctl(at, "up", "--json")).result).toMatchObject({ ok: true, changed: 0 });
  });

  test("a topic that kctl made is its own by its id, and no longer where somebody makes another of its name", async () => {
    await spec(["name: mine, partitions: 1, replicas: 1"], "prune: true");
    expect((await kctl(at, "topics", "apply", "--json")).result).toMatchObject({ ok: true, changed: 1 });
    const { made, id } = (await receipt()).topics["mine"] ?? { made: false, id: null };
    expect({ made, id }).toEqual({ made: true, id: await idOf("mine") });
    await deleteTopic(at, id ?? "");
    // With ZooKeeper it is marked for deletion for a while.
    const again = () =>
      makeTopic(at, "mine", [[1]]).then(
        () => "made",
        (reason: unknown) => String(reason),
      );
    await expect.poll(again, { timeout: 30_000 }).toBe("made");
    await spec([], "prune: true");
    expect((await kctl(at, "topics", "apply", "--yes", "--json")).result).toMatchObject({ ok: true, changed: 0 });
    expect((await topicsOf(at)).map(({ name }) => name)).toEqual(["mine", "theirs"]);
  });

  test("an option of another action is refused", async () => {
    const wrong = await kctl(at, "topics", "list", "--yes", "--json");
    expect({ exit: wrong.exit, errors: errorsOf(wrong) }).toMatchObject({
      exit: 2,
      errors: [{ code: "usage", what: "--yes goes with `topics apply`, not with `topics list`" }],
    });
  });
});
