/** examples/clients/, as its README says: each program in each language, with the settings that kctl prints, on a real cluster; and files of settings. */
import { execFile, spawn, spawnSync } from "node:child_process";
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { partitionForKey } from "../../src/kafka/murmur2.ts";
import { cleanUp, kctl, place, type Place } from "../e2e/kctl.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const partitions = 3;
const count = 12;

type Command = readonly [string, ...string[]];

type Language = {
  readonly name: string;
  /** Below examples/clients/. */
  readonly folder: string;
  readonly settings: { readonly format: string; readonly file: string };
  readonly install: readonly Command[];
  readonly produce: Command;
  readonly consume: Command;
  /** null: its library has no such thing. */
  readonly consumePartition: Command | null;
};

/** Java cannot read a path that has an é without it. */
const env = { ...process.env, LANG: "C.UTF-8", LC_ALL: "C.UTF-8" };

const java: Command = ["java", "-cp", "target/classes:target/libs/*"];
const byGradle: Command = ["java", "-cp", "build/classes/java/main:build/libraries/*"];

/** Not every machine has them. */
const hasKcat = spawnSync("kcat", ["-V"]).status === 0;
const hasGradle = spawnSync("gradle", ["--version"]).status === 0;

const languages: readonly Language[] = [
  {
    name: "python",
    folder: "python",
    settings: { format: "python", file: "kafka_settings.py" },
    install: [
      ["python3", "-m", "venv", "venv"],
      ["venv/bin/pip", "install", "-q", "-r", "requirements.txt"],
    ],
    produce: ["venv/bin/python", "produce.py"],
    consume: ["venv/bin/python", "consume.py"],
    consumePartition: ["venv/bin/python", "consume_partition.py"],
  },
  {
    name: "java",
    folder: "java",
    settings: { format: "java", file: "src/main/java/KafkaSettings.java" },
    install: [["mvn", "-q", "-B", "compile", "dependency:copy-dependencies", "-DoutputDirectory=target/libs"]],
    produce: [...java, "Produce"],
    consume: [...java, "Consume"],
    consumePartition: [...java, "ConsumePartition"],
  },
  ...(hasGradle
    ? [
        {
          name: "gradle",
          folder: "java",
          settings: { format: "java", file: "src/main/java/KafkaSettings.java" },
          install: [["gradle", "-q", "--no-daemon", "classes", "copyLibraries"]] satisfies readonly Command[],
          produce: [...byGradle, "Produce"] satisfies Command,
          consume: [...byGradle, "Consume"] satisfies Command,
          consumePartition: [...byGradle, "ConsumePartition"] satisfies Command,
        },
      ]
    : []),
  {
    name: "node",
    folder: "node",
    settings: { format: "node", file: "kafka-settings.js" },
    install: [["npm", "install", "--no-audit", "--no-fund"]],
    produce: [process.execPath, "produce.js"],
    consume: [process.execPath, "consume.js"],
    consumePartition: null,
  },
];

let at: Place;
beforeAll(async () => {
  at = await place();
  const names = [...languages.map(({ name }) => name), "files"];
  const topics = names.map((name) => `{ name: orders-${name}, partitions: ${partitions} }`);
  await writeFile(
    at.spec,
    `name: demo
provider: { type: local, port: ${at.port} }
kafka: { version: 4.3.1 }
nodes: [{ name: solo, roles: [controller, broker] }]
topics: [${topics.join(", ")}]
`,
  );
  const { exit, err } = await kctl(at, "up");
  if (exit !== 0) throw new Error(err);
});
afterAll(() => cleanUp(at));

type Read = {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string;
};

function recordsIn(printed: string): readonly Read[] {
  return [...printed.matchAll(/^partition (\d+) offset (\d+) key (\S+) value (.*)$/gm)].map(
    ([, partition, offset, key = "", value = ""]) => ({
      partition: Number(partition),
      offset: Number(offset),
      key: /^(null|None)$/.test(key) ? null : key,
      value,
    }),
  );
}

describe.each(languages)("$name", ({ name, folder: from, settings, install, produce, consume, consumePartition }) => {
  const topic = `orders-${name}`;
  const folder = (): string => join(at.folder, name);
  const ran = async ([program, ...words]: Command, ...more: readonly string[]): Promise<string> =>
    (await run(program, [...words, ...more], { cwd: folder(), env })).stdout;

  beforeAll(async () => {
    await cp(join(root, "examples/clients", from), folder(), { recursive: true });
    const { out } = await kctl(at, "client-config", "--format", settings.format, "--group", `group-${name}`);
    await writeFile(join(folder(), settings.file), out);
    for (const command of install) await ran(command);
  });

  /** Reads as the group until there were so many, then is told to end. */
  async function consumed(wanted: number): Promise<readonly Read[]> {
    const [program, ...words] = consume;
    const child = spawn(program, [...words, topic], { cwd: folder(), env, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      // Once: a second signal would find it on its way out, without its handlers.
      if (recordsIn(out).length >= wanted && !child.killed) child.kill("SIGTERM");
    });
    const exit = await ended;
    expect(out, err).toMatch(/left the group\n$/);
    // A JVM that a signal ends says so in its status, whatever its hooks did.
    expect([0, 143]).toContain(exit);
    return recordsIn(out);
  }

  test("what is produced in four ways is consumed once, and committed", async () => {
    for (const how of ["keyed", "keyless", "callback", "partitioner"]) {
      const printed = await ran(produce, topic, how, String(count));
      expect(printed.match(/^partition \d+ offset \d+$/gm) ?? []).toHaveLength(how === "callback" ? count : 0);
    }
    const all = await consumed(4 * count);
    const of = (how: string): readonly Read[] => all.filter(({ value }) => value.startsWith(`${how} `));
    const numbers = Array.from({ length: count }, (_, number) => number);
    for (const how of ["keyed", "keyless", "callback", "partitioner"])
      expect(
        of(how)
          .map(({ value }) => value)
          .toSorted(),
      ).toEqual(numbers.map((number) => `${how} ${number}`).toSorted());
    for (const { key, partition } of [...of("keyed"), ...of("callback")]) {
      expect(key).toMatch(/^customer-[0-2]$/);
      expect(partition).toBe(partitionForKey(Buffer.from(key ?? ""), partitions));
    }
    for (const { key } of of("keyless")) expect(key).toBeNull();
    for (const { key, partition } of of("partitioner")) expect(partition === 0).toBe(key === "vip-1");

    await ran(produce, topic, "keyed", "1");
    expect(await consumed(1)).toEqual([expect.objectContaining({ key: "customer-0", value: "keyed 0" })]);
    if (consumePartition === null) return;
    const first = recordsIn(await ran(consumePartition, topic, "0", "2"));
    expect(first.map(({ offset }) => offset)).toEqual(first.map((_, index) => index + 2));
    expect(first.slice(0, 3)).toEqual(
      all.filter(({ partition, offset }) => partition === 0 && offset >= 2).slice(0, 3),
    );
  });
});

describe("files of settings", () => {
  const topic = "orders-files";
  const keys = ["a", "b", "c", "d", "e", "f"];
  const written = async (format: string): Promise<string> => {
    const file = join(at.folder, `client.${format}`);
    await writeFile(file, (await kctl(at, "client-config", "--format", format, "--group", `files-${format}`)).out);
    return file;
  };
  const shell = async (script: string): Promise<string> =>
    (await run("bash", ["-euo", "pipefail", "-c", script], { cwd: at.folder, env })).stdout;
  const lines = keys.map((key) => `${key}:${key.toUpperCase()}\\n`).join("");
  /** `KEY PARTITION` of each record, as Kafka's own client puts it. */
  const places = keys.map((key) => `${key} ${partitionForKey(Buffer.from(key), partitions)}`);

  test("Kafka's own tools take the properties", async () => {
    const file = await written("properties");
    const bin = join(inject("cache"), "software/kafka_2.13-4.3.1/bin");
    const server = `--bootstrap-server 127.0.0.1:${at.port} --topic ${topic} --command-config '${file}'`;
    await shell(
      `printf '${lines}' | '${bin}/kafka-console-producer.sh' ${server} --reader-property parse.key=true --reader-property key.separator=:`,
    );
    const read = await shell(
      `'${bin}/kafka-console-consumer.sh' ${server} --max-messages ${keys.length} --formatter-property print.key=true --formatter-property print.partition=true --formatter-property print.value=false`,
    );
    const seen = [...read.matchAll(/^Partition:(\d+)\t(\S+)$/gm)].map(
      ([, partition = "", key = ""]) => `${key} ${partition}`,
    );
    expect(seen.toSorted()).toEqual(places);
  });

  test.runIf(hasKcat)("kcat takes those of librdkafka, and its keys land where Java's do", async () => {
    const file = await written("librdkafka");
    await shell(`printf '${lines}' | kcat -q -F '${file}' -P -t ${topic} -K:`);
    const read = await shell(`kcat -q -F '${file}' -C -t ${topic} -o beginning -e -f '%k %p\\n'`);
    const all = read.split("\n").filter((line) => /^[a-f] \d$/.test(line));
    // Those of the test before are there too.
    expect(all.length).toBeGreaterThanOrEqual(keys.length);
    expect([...new Set(all)].toSorted()).toEqual(places);
  });

  test("a shell takes the variables", async () => {
    const file = await written("env");
    expect(await shell(`set -a; . '${file}'; env | grep ^KAFKA_ | sort`)).toBe(
      [
        "KAFKA_ACKS=all",
        "KAFKA_AUTO_OFFSET_RESET=earliest",
        `KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:${at.port}`,
        "KAFKA_ENABLE_AUTO_COMMIT=false",
        "KAFKA_ENABLE_IDEMPOTENCE=true",
        "KAFKA_GROUP_ID=files-env",
        "KAFKA_SECURITY_PROTOCOL=PLAINTEXT",
        "",
      ].join("\n"),
    );
  });
});
