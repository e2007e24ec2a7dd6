/** Clients that are not kctl's, beside it on one cluster: what each writes the others read, and they share groups. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { batchesIn } from "../../src/kafka/records/batch-reader.ts";
import {
  bootstrapOf,
  clients,
  codecs,
  ours,
  output,
  pythonClients,
  usualHeaders,
  type Client,
  type Codec,
  type Side,
} from "./interop/clients.ts";
import {
  fromJava,
  fromJson,
  fromKcat,
  fromKctl,
  fromLines,
  javaForm,
  kcatForm,
  toJson,
  type Got,
  type JsonRecord,
  type Sent,
} from "./interop/forms.ts";
import { preparePython } from "./interop/python.ts";
import { groupOf, described, shown } from "./group-rows.ts";
import { javaMember, kctlMember, pythonMember, type Member } from "./interop/members.ts";
import { javaTool } from "./java-tools.ts";
import { cleanUp, configure, kctl, place } from "./kctl.ts";

const topics = `topics:
  - { name: mixed, partitions: 1 }
  - { name: keys, partitions: 7 }
  - { name: shared, partitions: 8 }
  - { name: chain, partitions: 1 }
  - { name: marked, partitions: 1 }
`;

const patient = { timeout: 120_000, interval: 200 };
const numbers = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => `${from + index}\n`).join("");
const bytes = (text: string): Buffer => Buffer.from(text);
const allBytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
const inOneLine = allBytes.filter((byte) => !bytes("\t\n").includes(byte));
const usual = (key: Sent["key"], value: Sent["value"]): Sent => ({ key, value, headers: usualHeaders });

const records: readonly Sent[] = [
  usual(bytes("first"), bytes("plain")),
  usual(bytes("schlüssel ключ 𝄞"), bytes("日本語 naïve")),
  usual(bytes(""), bytes("")),
  usual(Buffer.from(inOneLine), Buffer.from(inOneLine)),
  // A client may leave as it is what compression does not make smaller.
  usual(bytes("long"), bytes("long ".repeat(5000))),
  usual(null, bytes("keyless")),
  usual(bytes("tombstone"), null),
  usual(null, null),
  {
    key: allBytes,
    value: allBytes,
    headers: [
      ["binary", Buffer.from([255, 254, 1])],
      ["none", null],
    ],
  },
  {
    key: bytes("twice"),
    value: bytes("v"),
    headers: [
      ["twice", bytes("1")],
      ["once", bytes("2")],
      ["twice", bytes("3")],
    ],
  },
  { key: bytes("bare"), value: bytes("v"), headers: [] },
];

/** In one order, and so that a difference can be read. */
const told = (all: readonly Got[]): readonly JsonRecord[] =>
  all
    .toSorted((a, b) => a.partition - b.partition || a.offset - b.offset)
    .map((one) => ({ partition: one.partition, offset: one.offset, ...toJson(one) }));

const writerOf = ({ headers }: Sent): string => headers.find(([name]) => name === "by")?.[1]?.toString() ?? "";

/** The new coordinator tells its members how often to come: with less, they hear sooner of one another. */
const often = { "group.consumer.min.heartbeat.interval.ms": 300, "group.consumer.heartbeat.interval.ms": 300 };

describe.each([
  { version: "3.9.1", quorum: "zookeeper", config: {}, protocol: "classic" },
  { version: "4.3.1", quorum: "controller", config: often, protocol: "consumer" },
] as const)("Kafka $version with a $quorum", ({ version, quorum, config, protocol }) => {
  let side: Side;
  beforeAll(async () => {
    const at = await place({ version, quorum, count: 1, more: topics });
    await configure(at, config);
    const [python, up] = await Promise.all([preparePython(), kctl(at, "up", "--json")]);
    side = { at, version, python };
    if (up.exit !== 0) throw new Error(up.err);
  });
  afterAll(() => cleanUp(side.at));

  test("records of every form, in batches of every codec, are read by all as they were written", async () => {
    const wanted = (client: Client, codec: Codec): readonly JsonRecord[] =>
      records
        .filter(client.writes)
        .map(({ headers, ...one }) =>
          toJson({ ...one, headers: [["by", bytes(`${client.name}/${codec}`)], ...headers] }),
        );
    await Promise.all(
      clients.map(async (client) => client.write(side, "mixed", records.filter(client.writes), client.codecs)),
    );
    const read = await ours.read(side, "mixed", 0);
    const byWriter = Map.groupBy(read, writerOf);
    for (const client of clients)
      for (const codec of client.codecs)
        expect((byWriter.get(`${client.name}/${codec}`) ?? []).map(toJson)).toEqual(wanted(client, codec));
    for (const [name, all] of await others(side, "mixed", read.length))
      expect({ name, all }).toEqual({ name, all: told(read) });

    const log = join(side.at.folder, ".kctl/demo/kafka-1/broker/data/mixed-0/00000000000000000000.log");
    const batches = [...batchesIn(await readFile(log))].flatMap((seen) => (seen.kind === "sound" ? [seen.batch] : []));
    const packed = read
      .filter(({ key }) => key?.toString() === "long")
      .map((record) => {
        const batch = batches.find(({ firstOffset, next }) => firstOffset <= record.offset && record.offset < next);
        return `${writerOf(record).split("/")[0] ?? ""}/${codecs[batch?.codec ?? 7]}`;
      });
    expect(packed.toSorted()).toEqual(
      clients.flatMap(({ name, codecs }) => codecs.map((one) => `${name}/${one}`)).toSorted(),
    );
  });

  test("a key goes to the same partition from each of them", async () => {
    const texts = Array.from({ length: 100 }, (_, index) => bytes(`key ${"ä".repeat(index % 7)}${index * 7919}`));
    const keys = [...texts, bytes(""), ...texts.map((key) => Buffer.concat([key, inOneLine.subarray(key.length * 2)]))];
    const byClient = (client: Client): readonly Sent[] =>
      keys.map((key) => usual(key, bytes(client.name))).filter(client.writes);
    await Promise.all(clients.map(async (client) => client.write(side, "keys", byClient(client), ["none"])));
    const byWriter = Map.groupBy(await ours.read(side, "keys", 0), ({ value }) => value?.toString());
    const placed = (client: Client, only: Client): ReadonlyMap<string | undefined, number> =>
      new Map(
        (byWriter.get(client.name) ?? [])
          .filter(({ key, value }) => only.writes(usual(key, value)))
          .map(({ key, partition }) => [key?.toString("latin1"), partition]),
      );
    const [, java] = clients;
    if (java === undefined) throw new Error("nobody");
    for (const client of clients) expect(placed(client, java)).toEqual(placed(java, java));
    for (const client of clients) expect(placed(client, client)).toEqual(placed(ours, client));
    expect(new Set(placed(java, java).values()).size).toBe(7);
  });

  // kctl and kafka-python have the classic protocol only, and are let in beside those of the new one.
  test(`members by all of them share a group (${protocol}): each record is read once`, async () => {
    const topic = "shared";
    const group = { topic, name: topic, protocol };
    const members: Member[] = [
      kctlMember(side, group),
      javaMember(side, group),
      pythonMember(side, "kafka-python", group),
      pythonMember(side, "confluent", group),
    ];
    const all = [...members];
    let written = 0;
    const read = (): readonly Got[] => all.flatMap(({ seen }) => seen());
    /** All partitions are had, by as many as there are; then records come, and each is read by one of them, and committed. */
    const goesWell = async (): Promise<void> => {
      await expect
        .poll(async () => {
          const seen = await groupOf(side.at, topic);
          const owners = seen?.partitions.map(({ owner }) => owner) ?? [];
          return { state: seen?.state, members: seen?.members, had: owners.length, owners: new Set(owners).size };
        }, patient)
        .toEqual({ state: "Stable", members: members.length, had: 8, owners: members.length });
      const before = new Map(members.map((member) => [member, member.seen().length]));
      await output(side, [inject("kctl"), "produce", topic], numbers(written, 160));
      written += 160;
      await expect.poll(() => read().length, patient).toBeGreaterThanOrEqual(written);
      expect(
        read()
          .map(({ value }) => Number(value))
          .toSorted((a, b) => a - b),
      ).toEqual([...Array(written).keys()]);
      const shares = members.map(
        (member) =>
          new Set(
            member
              .seen()
              .slice(before.get(member))
              .map(({ partition }) => partition),
          ),
      );
      expect(shares.flatMap((share) => [...share]).toSorted((a, b) => a - b)).toEqual([...Array(8).keys()]);
      const isRead = async (): Promise<boolean | undefined> =>
        (await groupOf(side.at, topic))?.partitions.every(({ committed, end }) => committed === end);
      await expect.poll(isRead, patient).toBe(true);
    };
    const leave = async (...names: readonly string[]): Promise<void> => {
      const gone = members.filter(({ name }) => names.includes(name));
      members.splice(0, Infinity, ...members.filter((member) => !gone.includes(member)));
      await Promise.all(gone.map(async (member) => member.leave()));
    };
    const agrees = async (): Promise<void> => {
      const ours = await groupOf(side.at, topic);
      const theirs = (await described(side.at, version)).filter((row) => row.startsWith(`${topic} `));
      expect(ours === undefined ? [] : shown([ours])).toEqual(theirs);
    };

    await goesWell();
    expect(await groupOf(side.at, topic)).toMatchObject({ protocol });
    await agrees();
    await leave("kctl");
    await goesWell();
    await leave("java", "kafka-python");
    const again = kctlMember(side, group);
    members.push(again);
    all.push(again);
    await goesWell();
    await leave("confluent");
    await goesWell();
    await leave("kctl");
    await output(side, [inject("kctl"), "produce", topic], numbers(written, 16));
    await agrees();
    expect(await groupOf(side.at, topic)).toMatchObject({ lag: 16, members: 0 });
  });

  test("what one has committed the next goes on from", async () => {
    await output(side, [inject("kctl"), "produce", "chain"], numbers(0, 100));
    const where = ["--bootstrap-server", bootstrapOf(side), "--topic", "chain", "--group", "chain"];
    const java = [javaTool(version, "kafka-console-consumer"), ...where, "--from-beginning", "--timeout-ms", "20000"];
    const python = (library: string, protocol: string): readonly string[] => [
      side.python,
      pythonClients,
      library,
      "member",
      bootstrapOf(side),
      "chain",
      "chain",
      "10",
      protocol,
    ];
    const ofKctl = [inject("kctl"), "consume", "chain", "--group", "chain", "--max", "10", "--json"];
    const ofKcat = ["kcat", "-G", "chain", "-b", bootstrapOf(side), "-c", "10", "-X", "auto.offset.reset=earliest"];
    const runs: readonly (readonly [argv: readonly string[], parse: (out: Buffer) => readonly Got[]])[] = [
      [ofKctl, fromLines(fromKctl)],
      [[...java, "--max-messages", "10", ...javaForm], fromJava],
      [ofKctl, fromLines(fromKctl)],
      ...[...new Set(["classic", protocol])].map(
        (one) => [python("confluent", one), fromLines((line) => [fromJson(line)])] as const,
      ),
      [ofKctl, fromLines(fromKctl)],
      [[...ofKcat, "-q", "-f", kcatForm, "chain"], fromKcat],
      [ofKctl, fromLines(fromKctl)],
      [python("kafka-python", "classic"), fromLines((line) => [fromJson(line)])],
      [ofKctl, fromLines(fromKctl)],
    ];
    for (const [index, [argv, parse]] of runs.entries()) {
      const read = parse(await output(side, argv));
      const offsets = Array.from({ length: 10 }, (_, step) => 10 * index + step);
      expect({ argv, offsets: read.map(({ offset }) => offset) }).toEqual({ argv, offsets });
    }
    expect(await groupOf(side.at, "chain")).toMatchObject({ lag: 100 - 10 * runs.length, members: 0 });
  });

  test("of the transactions of each, only what was committed is read", async () => {
    const transact = async (
      library: string,
      value: string,
      end: string,
      ...offset: readonly string[]
    ): Promise<void> => {
      const argv = [side.python, pythonClients, library, "transaction", bootstrapOf(side), "marked"];
      const record = toJson({ key: null, value: bytes(value), headers: [] });
      await output(side, [...argv, `${library}-${value}`, end, ...offset], `${JSON.stringify(record)}\n`);
    };
    await transact("kafka-python", "1 aborted", "abort");
    await transact("confluent", "2 committed", "commit", "whole", "3");
    const kcat = ["kcat", "-P", "-b", bootstrapOf(side), "-t", "marked", "-X", "transactional.id=kcat"];
    await output(side, kcat, "3 committed\n");
    await transact("confluent", "4 aborted", "abort", "whole", "7");
    await transact("kafka-python", "5 committed", "commit");
    await output(side, [inject("kctl"), "produce", "marked"], "6 plain\n");
    await transact("confluent", "7 open", "open");
    await output(side, [inject("kctl"), "produce", "marked"], "8 behind\n");
    const values = async (argv: readonly string[]): Promise<readonly string[]> =>
      (await output(side, argv)).toString().trim().split("\n");
    const committed = ["2 committed", "3 committed", "5 committed", "6 plain"];
    const isolated = ["--isolation-level", "read_committed", "--max-messages", "4", "--timeout-ms", "20000"];
    const java = [
      javaTool(version, "kafka-console-consumer"),
      "--bootstrap-server",
      bootstrapOf(side),
      "--topic",
      "marked",
    ];
    expect(await values([inject("kctl"), "consume", "marked"])).toEqual(committed);
    expect(await values([...java, "--from-beginning", ...isolated])).toEqual(committed);
    expect(await values(["kcat", "-C", "-b", bootstrapOf(side), "-t", "marked", "-e", "-q"])).toEqual(committed);
    const all = [
      "1 aborted",
      "2 committed",
      "3 committed",
      "4 aborted",
      "5 committed",
      "6 plain",
      "7 open",
      "8 behind",
    ];
    expect(await values([inject("kctl"), "consume", "marked", "--uncommitted"])).toEqual(all);
    // So is what a transaction commits of a group's offsets.
    expect(await values([inject("kctl"), "consume", "marked", "--group", "whole"])).toEqual(committed.slice(1));
  });
});

async function others(side: Side, topic: string, count: number) {
  return Promise.all(clients.map(async ({ name, read }) => [name, told(await read(side, topic, count))] as const));
}
