/** `kctl produce` and `kctl consume` on real clusters, what is written and printed, groups, what is wrong, broken brokers. Other clients: interop.test.ts. */
import { execFile, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { javaTool } from "./java-tools.ts";
import { cleanUp, kctl, kill, place, start, type Line, type Place } from "./kctl.ts";

const run = promisify(execFile);

const topics = `topics:
  - { name: lines, partitions: 3 }
  - { name: grouped, partitions: 3 }
  - { name: small, partitions: 1, config: { max.message.bytes: 2000 } }
`;

type Fed = {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
  readonly result: Line | undefined;
};

async function produce(at: Place, input: string | Buffer, ...args: readonly string[]): Promise<Fed> {
  const child = spawn(inject("kctl"), ["produce", ...args, "--json"], { cwd: at.folder, env: at.env });
  const texts = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (texts.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (texts.err += text));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const lines = texts.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  return { exit, ...texts, result: lines.findLast(({ type }) => type === "result") };
}

type Seen = {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
};

async function consume(at: Place, ...args: readonly string[]): Promise<readonly Seen[]> {
  const ended = await kctl(at, "consume", ...args, "--json");
  expect({ exit: ended.exit, errors: ended.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
  const records = ended.lines.filter(({ type }) => type === "record");
  expect(ended.result?.["records"]).toBe(records.length);
  return records as unknown as readonly Seen[];
}

const bootstrap = ({ port }: Place): string => `127.0.0.1:${port}`;
const numbers = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, index) => `${from + index}\n`).join("");

describe.each([
  { version: "3.9.1", quorum: "zookeeper", count: 3 },
  { version: "4.3.1", quorum: "controller", count: 1 },
] as const)("$count of Kafka $version with a $quorum", ({ version, quorum, count }) => {
  let at: Place;
  beforeAll(async () => {
    at = await place({ version, quorum, count, more: topics });
    const up = await kctl(at, "up", "--json");
    if (up.exit !== 0) throw new Error(up.err);
  });
  afterAll(() => cleanUp(at));

  test("each line is a record, byte for byte; keys, headers and tombstones too; keyless ones go to all partitions", async () => {
    const plain = await produce(at, "a\n\n ö\r\nd\ne\nlast", "lines", "--header", "from=ci", "--header", "n=");
    expect(plain).toMatchObject({ exit: 0, result: { ok: true, records: 6 } });
    const records = await consume(at, "lines");
    expect(records.map(({ value }) => value ?? "").toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      "",
      " ö\r",
      "a",
      "d",
      "e",
      "last",
    ]);
    expect(new Set(records.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2]));
    expect(records.every(({ key, headers }) => key === null && headers["from"] === "ci" && headers["n"] === "")).toBe(
      true,
    );

    const strange = Buffer.from([0x6b, 9, 0, 0xff, 0xfe, 0x0a]);
    const keyed = await produce(
      at,
      strange,
      "lines",
      "--key-separator",
      String.raw`\t`,
      "--partition",
      "2",
      "--acks",
      "1",
    );
    expect(keyed.result).toMatchObject({ records: 1, partitions: [{ partition: 2, records: 1, offset: 2 }] });
    await produce(at, "k:~\n", "lines", "--key-separator", ":", "--null", "~", "--partition", "2", "--acks", "0");
    const from = ["lines", "--partition", "2", "--offset", "2"] as const;
    const { out } = await run(
      inject("kctl"),
      ["consume", ...from, "--key-separator", "=", "--null", "NULL", "--quiet"],
      {
        cwd: at.folder,
        env: at.env,
        encoding: "latin1",
      },
    ).then(({ stdout }) => ({ out: stdout }));
    expect(Buffer.from(out, "latin1")).toEqual(
      Buffer.concat([Buffer.from("k="), strange.subarray(2), Buffer.from("k=NULL\n")]),
    );
    expect(await consume(at, ...from)).toMatchObject([
      { key: "k", valueBase64: strange.subarray(2, 5).toString("base64") },
      { key: "k", value: null, offset: 3 },
    ]);
  });

  test("a group commits what was printed, as Kafka's tool counts it, however its member ends", async () => {
    // More than a pipe holds: who writes to one that nobody reads any more is told so.
    await produce(at, numbers(40_000), "grouped");
    expect(await consume(at, "grouped", "--group", "g", "--max", "100")).toHaveLength(100);
    // The reader of the output goes, as `head` does.
    const piped = await run("sh", ["-c", `"${inject("kctl")}" consume grouped --group g --quiet | head -n 3`], {
      cwd: at.folder,
      env: at.env,
    });
    expect({ ...piped, stdout: piped.stdout.split("\n").length }).toEqual({ stdout: 4, stderr: "" });
    const rest = await consume(at, "grouped", "--group", "g");
    // What nobody took was not committed; of what was cut off in the middle nothing is.
    expect(rest.length).toBeGreaterThan(0);
    expect(rest.length).toBeLessThanOrEqual(39_900);
    const follower = start(at, "consume", "grouped", "--group", "g", "--follow", "--json");
    let told = "";
    follower.child.stdout?.on("data", (text: string) => (told += text));
    await produce(at, numbers(10, 40_000), "grouped");
    await expect.poll(() => told.split('"record"').length - 1, { timeout: 10_000 }).toBe(10);
    follower.child.kill("SIGINT");
    const ended = await follower.ended;
    expect(ended).toMatchObject({ exit: 130, err: "", result: { ok: true, records: 10, errors: [] } });
    const { stdout } = await run(javaTool(version, "kafka-consumer-groups"), [
      "--bootstrap-server",
      bootstrap(at),
      "--describe",
      "--group",
      "g",
    ]);
    const rows = stdout.split("\n").filter((line) => line.startsWith("g "));
    const columns = rows.map((row) => row.trim().split(/\s+/));
    expect(columns.map(([, , , committed, end, lag, owner]) => ({ same: committed === end, lag, owner }))).toEqual(
      [0, 1, 2].map(() => ({ same: true, lag: "0", owner: "-" })),
    );
  });

  test("what is asked for and is not there is named, with what may have been meant", async () => {
    const wrong: readonly [args: readonly string[], exit: number, fault: Readonly<Record<string, string>>][] = [
      [["consume", "linse"], 1, { code: "no-topic", what: "there is no topic linse", fix: "did you mean lines?" }],
      [
        ["consume", "telemetry"],
        1,
        {
          code: "no-topic",
          what: "there is no topic telemetry",
          fix: "the topics are grouped, lines, small",
        },
      ],
      [
        ["consume", "lines", "--partition", "3"],
        1,
        { code: "no-topic", what: "lines has no partition 3", fix: "its partitions are 0 to 2" },
      ],
      [
        ["consume", "small", "--offset", "40"],
        1,
        {
          code: "offset-out-of-range",
          what: "partition 0 of small has no offset 40: it begins at 0 and ends at 0",
          fix: "take an offset between them, or --from-beginning",
        },
      ],
      [
        ["consume", "lines", "--offset", "0"],
        2,
        {
          code: "usage",
          what: "lines has 3 partitions: --offset needs --partition",
          fix: "say which: --partition 0 to 2",
        },
      ],
      [
        ["consume", "lines", "--group", "g", "--offset", "0"],
        2,
        {
          code: "usage",
          what: "a group shares out the partitions and keeps the offsets: --group goes with neither --partition nor --offset",
        },
      ],
      [
        ["produce", "lines", "-f", "-"],
        2,
        { code: "usage", what: "standard input has the records: the spec cannot come from there too" },
      ],
    ];
    const ended = await Promise.all(wrong.map(async ([args]) => kctl(at, ...args, "--json")));
    expect(ended.map(({ exit, result }) => ({ exit, errors: result?.["errors"] }))).toMatchObject(
      wrong.map(([, exit, fault]) => ({ exit, errors: [fault] })),
    );
  });

  test("a line that cannot be a record stops it, and tells what was written before", async () => {
    const tooLarge = await produce(at, `fits\n${"x".repeat(3000)}\nnever\n`, "small");
    const what =
      "line 2 is too large: it has 3000 bytes, and small takes batches of 2000 at most; the record before it is written";
    expect(tooLarge).toMatchObject({ exit: 1, result: { errors: [{ code: "record-refused", what }], records: 1 } });
    const keyless = await produce(at, "a:1\nb:2\nc\nd:4\n", "small", "--key-separator", ":");
    const why = 'line 3 has no ":" after a key; the 2 records before it are written';
    expect(keyless).toMatchObject({ exit: 1, result: { errors: [{ code: "record-refused", what: why }], records: 2 } });
    expect((await consume(at, "small")).map(({ value }) => value)).toEqual(["fits", "1", "2"]);
  });

  test("a broker that is killed costs no record, doubles none, and keeps their order; where it is the last, it is named", async () => {
    if (count === 1) {
      await kill(at, ["kafka-1/broker"]);
      const what = `no broker answers at ${bootstrap(at)}`;
      const ended = await kctl(at, "consume", "lines", "--json");
      expect(ended).toMatchObject({ exit: 1, result: { errors: [{ code: "kafka-unreachable", what }] } });
      return;
    }
    await writeFile(
      at.spec,
      (await readFile(at.spec, "utf8")).replace("topics:", "topics:\n  - { name: safe, partitions: 3, replicas: 3 }"),
    );
    expect((await kctl(at, "up", "--json")).result).toMatchObject({ ok: true });
    const follower = start(at, "consume", "safe", "--follow", "--from-beginning", "--quiet");
    let followed = 0;
    follower.child.stdout?.on("data", (text: string) => (followed += text.split("\n").length - 1));
    const child = spawn(inject("kctl"), ["produce", "safe", "--key-separator", ":", "--json"], {
      cwd: at.folder,
      env: at.env,
    });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    let sent = 0;
    const write = (some: number): void => {
      const lines = Array.from({ length: some }, (_, index) => `${(sent + index) % 50}:${sent + index}\n`);
      sent += some;
      child.stdin.write(lines.join(""));
    };
    const timer = setInterval(() => write(500), 5);
    await expect.poll(() => sent, { timeout: 20_000 }).toBeGreaterThan(20_000);
    await kill(at, ["kafka-2/broker"]);
    const before = sent;
    await expect.poll(() => sent, { timeout: 20_000 }).toBeGreaterThan(before + 50_000);
    clearInterval(timer);
    child.stdin.end();
    expect(await closed).toBe(0);
    expect(JSON.parse(out.trim().split("\n").at(-1) ?? "")).toMatchObject({ ok: true, records: sent });
    await expect.poll(() => followed, { timeout: 30_000 }).toBe(sent);
    follower.child.kill("SIGINT");
    const { exit, err } = await follower.ended;
    expect({ exit, err }).toEqual({ exit: 130, err: "" });
    const records = await consume(at, "safe");
    expect(records).toHaveLength(sent);
    const byKey = Map.groupBy(records, ({ key }) => key);
    for (const [key, own] of byKey)
      expect(own.map(({ value }) => Number(value))).toEqual(own.map((_, index) => Number(key) + 50 * index));
  });
});
