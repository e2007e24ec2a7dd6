/**
 * Consumer groups of Java's own consumers, classic and new: their lag as Kafka's tool tells it, a stopped, a stalled and a slow consumer by
 * Burrow's rules, and offsets that are set.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { encodeBatch } from "../../src/kafka/canary/batch.ts";
import { withBroker } from "../../src/kafka/wire/exchange.ts";
import { produce } from "../../src/kafka/wire/produce.ts";
import type { GroupLag } from "../../src/report/lag-shown.ts";
import { described, groupOf, groupsOf, shown } from "./group-rows.ts";
import { javaEnv, javaTool } from "./java-tools.ts";
import { cleanUp, kctl, kill, place, start, type Ended, type Line, type Place } from "./kctl.ts";
import { openTerminal } from "./terminal.ts";

const run = promisify(execFile);
const never = new AbortController().signal;

type Side = {
  readonly version: string;
  readonly quorum: "zookeeper" | "controller";
  readonly protocol: "classic" | "consumer";
};

const sides = {
  old: { version: "3.9.1", quorum: "zookeeper", protocol: "classic" },
  new: { version: "4.3.1", quorum: "controller", protocol: "consumer" },
} as const satisfies Record<string, Side>;

const places = new Map<string, Place>();
const placeOf = (name: string): Place => {
  const at = places.get(name);
  if (at === undefined) throw new Error(`${name} is not up`);
  return at;
};
const addressOf = (name: string) => ({ host: "127.0.0.1", port: placeOf(name).port });

const topics = `topics:
  - { name: orders, partitions: 3, replicas: 1 }
  - { name: bills, partitions: 1, replicas: 1 }
  - { name: slow, partitions: 1, replicas: 1 }
`;

beforeAll(async () => {
  // One after the other: each looks for ports that are free.
  for (const [name, { version, quorum }] of Object.entries(sides)) {
    const at = await place({ name, count: 1, quorum, version, more: topics });
    places.set(name, at);
    const { exit, err } = await kctl(at, "up");
    if (exit !== 0) throw new Error(err);
    for (const [partition, count] of [100, 50, 0].entries()) await write(name, "orders", partition, count);
  }
});
afterAll(async () => {
  for (const at of places.values()) await cleanUp(at);
});

/** Records of so many bytes, as a producer without a memory of what it sent. */
async function write(name: string, topic: string, partition: number, count: number, bytes = 10): Promise<void> {
  if (count === 0) return;
  const values = Array.from({ length: count }, () => Buffer.alloc(bytes, "x"));
  const batch = encodeBatch(values, { id: -1n, epoch: -1 }, -1, BigInt(Date.now()));
  const { error } = await withBroker(addressOf(name), never, 5000, (ask) =>
    ask(produce(topic, partition, batch, 5000)),
  );
  expect(error).toBe(0);
}

function tool(
  name: keyof typeof sides,
  script: string,
  ...args: readonly string[]
): readonly [string, readonly string[]] {
  return [javaTool(sides[name].version, script), ["--bootstrap-server", `127.0.0.1:${placeOf(name).port}`, ...args]];
}

/** Java's console consumer, killed at the end of the test. @param into what it writes to: a command of the shell */
function consumer(
  name: keyof typeof sides,
  group: string,
  topic: string,
  settings: Readonly<Record<string, string>> = {},
  into = "cat >/dev/null",
): ChildProcess {
  const properties = Object.entries({
    "group.protocol": sides[name].protocol,
    "auto.commit.interval.ms": "200",
    ...settings,
  })
    // Kafka 3.9 knows it as well, and warns.
    .flatMap(([key, value]) => ["--consumer-property", `${key}=${value}`]);
  const [command, args] = tool(name, "kafka-console-consumer", "--topic", topic, "--group", group, "--from-beginning");
  const child = spawn("sh", ["-c", `"$@" 2>/dev/null | ${into}`, "sh", command, ...args, ...properties], {
    detached: true, // a process group of its own
    stdio: "ignore",
    env: javaEnv,
  });
  onTestFinished(() => signal(child, "SIGKILL"));
  return child;
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // It has ended.
  }
}

const codesOf = ({ result }: Ended) => (result?.["errors"] as { code: string; what: string; fix: string }[]) ?? [];

async function committedOf(name: string, group: string): Promise<readonly unknown[] | undefined> {
  return (await groupOf(placeOf(name), group))?.partitions.map(({ committed }) => committed);
}

describe.each(Object.keys(sides) as (keyof typeof sides)[])("%s", (name) => {
  const { protocol } = sides[name];
  const at = (): Place => placeOf(name);

  test("without groups it says so", async () => {
    expect((await kctl(at(), "lag")).out).toBe("There are no consumer groups.\n");
    const unknown = await kctl(at(), "lag", "g", "--json");
    expect({ exit: unknown.exit, errors: codesOf(unknown) }).toMatchObject({
      exit: 1,
      errors: [{ code: "no-group", what: `${name} has no consumer group g` }],
    });
  });

  test("groups have the figures that Kafka's own tool tells", async () => {
    const alive = consumer(name, "alive", "orders");
    const gone = consumer(name, "gone", "orders");
    const hasRead = async (group: string, offsets: readonly number[]): Promise<void> =>
      await expect.poll(() => committedOf(name, group), { timeout: 30_000 }).toEqual(offsets);
    await hasRead("gone", [100, 50, 0]);
    signal(gone, "SIGTERM");
    await expect.poll(() => groupOf(at(), "gone"), { timeout: 30_000 }).toMatchObject({ members: 0 });
    await write(name, "orders", 1, 7);
    await hasRead("alive", [100, 57, 0]);
    expect(await groupOf(at(), "alive")).toMatchObject({ protocol });
    const all = await kctl(at(), "lag", "--json");
    expect(shown(groupsOf(all))).toEqual(await described(at(), sides[name].version));
    expect(groupsOf(all)).toMatchObject([
      { cluster: name, group: "alive", status: "OK", lag: 0, state: "Stable", members: 1 },
      { cluster: name, group: "gone", status: "ERR", lag: 7, state: "Empty", members: 0 },
    ]);
    expect(groupsOf(all)[1]?.partitions.map(({ status }) => status)).toEqual(["OK", "STOP", "OK"]);

    const active = await kctl(at(), "offsets", "reset", "alive", "--to", "earliest", "--yes", "--json");
    expect({ exit: active.exit, errors: codesOf(active) }).toMatchObject({
      exit: 1,
      errors: [
        {
          code: "group-active",
          what: "the group alive is active, and its members would go on from where they are: console-consumer at /127.0.0.1",
        },
      ],
    });
    signal(alive, "SIGTERM");
  });

  test("over --max-lag the exit status is 3", async () => {
    const over = await kctl(at(), "lag", "--max-lag", "6", "--json");
    expect({ exit: over.exit, over: over.result?.["over"] }).toEqual({
      exit: 3,
      over: [{ cluster: name, group: "gone", lag: 7 }],
    });
    expect((await kctl(at(), "lag", "gone", "--max-lag", "7")).exit).toBe(0);
    const text = await kctl(at(), "lag", "gone", "--max-lag", "0");
    expect(text.exit).toBe(3);
    expect(text.out).toBe(`gone of ${name}: ERR, lag 7, 0 members (Empty)
TOPIC   PARTITION  END  COMMITTED  LAG  OWNER  STATUS
orders          0  100        100    0  -      OK
orders          1   57         50    7  -      STOP
orders          2    0          0    0  -      OK

Over --max-lag 0: gone (7)
`);
  });

  test.each([
    [["gonne"], "no-group", "has no consumer group gonne; did you mean gone?", "its groups are alive, gone"],
    [
      ["gone", "--topic", "order"],
      "no-offsets",
      "the group gone has no offsets for the topic order; did you mean orders?",
      "it has offsets for orders",
    ],
    [
      ["gone", "--topic", "bills"],
      "no-offsets",
      "the group gone has no offsets for the topic bills",
      "it has offsets for orders",
    ],
  ])("offsets reset %j is refused", async (args, code, what, fix) => {
    const refused = await kctl(at(), "offsets", "reset", ...args, "--to", "latest", "--yes", "--json");
    const [error] = codesOf(refused);
    expect({ exit: refused.exit, code: error?.code, fix: error?.fix }).toEqual({ exit: 1, code, fix });
    expect(error?.what).toContain(what);
  });

  test("offsets are shown first, and set with --yes, as a consumer then finds them", async () => {
    const dry = await kctl(at(), "offsets", "reset", "gone", "--to", "55");
    expect(dry.exit).toBe(2);
    expect(dry.out).toBe(`The offsets of gone, to offset 55:
TOPIC   PARTITION  BEGINS  ENDS  OLD  NEW
orders  0          0       100   100  55
orders  1          0       57    50   55
orders  2          0       0     0    =    55 is not there yet: it ends at 0
`);
    expect(dry.err).toContain("there is no terminal to ask on: nothing was changed");
    expect(await groupOf(at(), "gone")).toMatchObject({ lag: 7 });
    const done = await kctl(at(), "offsets", "reset", "gone", "--to", "55", "--yes", "--json");
    expect({ exit: done.exit, changed: done.result?.["changed"] }).toEqual({ exit: 0, changed: 2 });
    expect(await committedOf(name, "gone")).toEqual([55, 55, 0]);
    const again = await kctl(at(), "offsets", "reset", "gone", "--to", "55", "--yes", "--json");
    expect(again.result).toMatchObject({ ok: true, changed: 0 });
    const { result: history } = await kctl(at(), "history", "-n", "1", "--json");
    expect(history?.["entries"]).toMatchObject([
      {
        command: "offsets reset gone --to 55",
        changed: 2,
        titles: ["set 2 offsets of the group gone (orders) to offset 55"],
        ok: true,
      },
    ]);
    const args = ["--topic", "orders", "--group", "gone", "--timeout-ms", "20000", "--max-messages", "47"];
    const { stdout } = await run(...tool(name, "kafka-console-consumer", ...args), { env: javaEnv });
    expect(stdout.trim().split("\n")).toHaveLength(45 + 2);
    await expect.poll(() => groupOf(at(), "gone"), { timeout: 30_000 }).toMatchObject({ lag: 0, members: 0 });
  });

  test("offsets are set to a time, and to the ends", async () => {
    const between = new Date(Date.now()).toISOString();
    await write(name, "orders", 0, 3);
    const committed = async (to: string): Promise<readonly unknown[] | undefined> => {
      expect(await kctl(at(), "offsets", "reset", "gone", "--to", to, "--yes", "--json")).toMatchObject({ exit: 0 });
      return committedOf(name, "gone");
    };
    expect(await committed("earliest")).toEqual([0, 0, 0]);
    expect(await committed(between)).toEqual([100, 57, 0]);
    expect(await committed("latest")).toEqual([103, 57, 0]);
    expect(await committed("2020-01-01")).toEqual([0, 0, 0]);
    const wrong = await kctl(at(), "offsets", "reset", "gone", "--to", "yesterday", "--json");
    expect({ exit: wrong.exit, errors: codesOf(wrong) }).toMatchObject({
      exit: 2,
      errors: [{ code: "usage", what: "--to yesterday is neither earliest, latest, an offset nor a time" }],
    });
  });
});

test("on a terminal it asks before it sets offsets; --watch draws until q", async () => {
  const at = placeOf("new");
  const env = { ...at.env, KCTL: inject("kctl") };
  const reset = openTerminal(`"$KCTL" offsets reset gone --to latest`, { cwd: at.folder, env });
  await reset.see("Set these 2 offsets? [y/N] ");
  reset.type("n\n");
  expect(await reset.ended).toBe(1);
  expect(reset.shown()).toContain("not confirmed: nothing was changed");
  expect(await committedOf("new", "gone")).toEqual([0, 0, 0]);
  const again = openTerminal(`"$KCTL" offsets reset gone --to latest`, { cwd: at.folder, env });
  await again.see("Set these 2 offsets? [y/N] ");
  again.type("y\n");
  expect(await again.ended).toBe(0);
  expect(again.shown()).toContain("2 offsets are set.");
  expect(await groupOf(placeOf("new"), "gone")).toMatchObject({ lag: 0 });
  const watching = openTerminal(`"$KCTL" lag --watch --interval 1s`, { cwd: at.folder, env });
  await watching.see("GROUP");
  await watching.see("look 1 of 10: each status is that of one look yet");
  await watching.see("look 2 of 10");
  watching.type("q");
  expect(await watching.ended).toBe(0);
});

test("--watch tells a stopped, a stalled and a slow consumer from one that keeps up", async () => {
  const at = placeOf("new");
  const stalled = consumer("new", "stalled", "bills");
  const stopped = consumer("new", "stopped", "bills");
  consumer("new", "keeps-up", "bills");
  // It prints ten records a second, and what it cannot print it does not read.
  const lazily = "while read -r line; do sleep 0.1; done";
  consumer("new", "slow", "slow", { "group.protocol": "classic", "max.poll.records": "1" }, lazily);
  let fed = Promise.resolve();
  const feeding = setInterval(() => {
    fed = fed.then(() => write("new", "slow", 0, 20, 2000)).then(() => write("new", "bills", 0, 1));
  }, 200);
  onTestFinished(async () => {
    clearInterval(feeding);
    await fed;
  });
  for (const group of ["stalled", "stopped", "keeps-up", "slow"])
    await expect
      .poll(async () => (await groupOf(placeOf("new"), group))?.partitions[0]?.owner, { timeout: 120_000 })
      .toBeTruthy();
  signal(stalled, "SIGSTOP");
  signal(stopped, "SIGTERM");
  const watching = start(at, "lag", "--watch", "--interval", "1s", "--json");
  const rounds: Line[] = [];
  watching.child.stdout?.on("data", (text: string) => {
    for (const line of text.split("\n")) if (line.startsWith(`{"type":"lag"`)) rounds.push(JSON.parse(line) as Line);
  });
  const statuses = (round: Line | undefined) =>
    Object.fromEntries(
      ((round?.["groups"] as GroupLag[] | undefined) ?? []).flatMap(({ group, status, partitions }) =>
        ["stalled", "stopped", "keeps-up", "slow"].includes(group) ? [[group, [status, partitions[0]?.status]]] : [],
      ),
    );
  await expect
    .poll(() => ({ looks: rounds.at(-1)?.["looks"], ...statuses(rounds.at(-1)) }), { timeout: 40_000 })
    .toEqual({
      looks: 10,
      "keeps-up": ["OK", "OK"],
      slow: ["WARN", "WARN"],
      stalled: ["ERR", "STALL"],
      stopped: ["ERR", "STOP"],
    });
  const slow = (rounds.at(-1)?.["groups"] as GroupLag[]).find(({ group }) => group === "slow");
  expect(slow?.trend).toBeGreaterThan(0);
  watching.child.kill("SIGINT");
  const ended = await watching.ended;
  expect({ exit: ended.exit, statuses: statuses(ended.result) }).toMatchObject({
    exit: 130,
    statuses: { stalled: ["ERR", "STALL"] },
  });
});

test("two clusters at once, and one that does not answer does not hide the other", async () => {
  const both = ["lag", "-f", placeOf("old").spec, "-f", placeOf("new").spec, "gone", "--json"];
  const told = await kctl(placeOf("old"), ...both);
  expect({ exit: told.exit, clusters: groupsOf(told).map(({ cluster }) => cluster) }).toEqual({
    exit: 0,
    clusters: ["old", "new"],
  });
  await kill(placeOf("old"), ["kafka-1/broker"]);
  const half = await kctl(placeOf("old"), ...both);
  expect({
    exit: half.exit,
    errors: codesOf(half),
    clusters: groupsOf(half).map(({ cluster }) => cluster),
  }).toMatchObject({
    exit: 1,
    errors: [
      {
        code: "kafka-unreachable",
        what: `no broker of old answers: 127.0.0.1:${placeOf("old").port} (connection refused)`,
      },
    ],
    clusters: ["new"],
  });
});
