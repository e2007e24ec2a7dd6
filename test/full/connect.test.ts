/** Connectors of other makers' kind: Debezium from a plugin archive, loaded and asked to check its settings; MirrorMaker between two clusters. */
import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { cleanUp, kctl, place, type Ended, type Place } from "../e2e/kctl.ts";

const version = "3.9.1";
const debezium = "io.debezium:debezium-connector-postgres:3.6.1.Final";
const records = Array.from({ length: 50 }, (_, index) => `record ${index}`);

let from: Place;
let to: Place;

const head = ({ port }: Place, name: string): string =>
  `name: ${name}\nprovider: { type: local, port: ${port} }\nkafka: { version: ${version} }\n`;
const run = (at: Place, ...args: readonly string[]): Promise<Ended> => kctl(at, ...args, "--json");

beforeAll(async () => {
  from = await place();
  await writeFile(
    from.spec,
    `${head(from, "from")}nodes: [{ name: solo, roles: [zookeeper, broker] }]\ntopics: [{ name: orders, partitions: 1 }]\n`,
  );
  const up = await run(from, "up");
  if (up.exit !== 0) throw new Error(up.out);
  to = await place();
}, 120_000);

afterAll(async () => {
  await Promise.all([from, to].map(cleanUp));
});

const workers = (plugins: string, connectors: string): string =>
  `${head(to, "to")}nodes: [{ name: solo, roles: [zookeeper, broker, connect] }]\nconnect: { plugins: [${plugins}] }\nconnectors:\n${connectors}`;

/** As its makers publish it: one folder of jars, with its digest. */
async function debeziumArchive(): Promise<{ readonly archive: string; readonly sha512: string }> {
  await writeFile(to.spec, workers(`{ maven: "${debezium}" }`, "").replace(/connectors:\n$/, ""));
  const { result } = await run(to, "fetch");
  const artifacts = result?.["artifacts"] as readonly { name: string; path: string }[];
  const archive = artifacts.find(({ name }) => name === "connect-plugin")?.path ?? "";
  return {
    archive,
    sha512: createHash("sha512")
      .update(await readFile(archive))
      .digest("hex"),
  };
}

async function produce(): Promise<void> {
  const tool = join(inject("cache"), `software/kafka_2.13-${version}/bin/kafka-console-producer.sh`);
  const running = promisify(execFile)(tool, ["--bootstrap-server", `127.0.0.1:${from.port}`, "--topic", "orders"]);
  running.child.stdin?.end(`${records.join("\n")}\n`);
  await running;
}

test("Debezium loads from an archive and says what it lacks; MirrorMaker brings records from another cluster", async () => {
  const { archive, sha512 } = await debeziumArchive();
  const plugins = [
    `{ archive: "${archive}", sha512: ${sha512} }`,
    ...["mirror", "file"].map((name) => `{ maven: "org.apache.kafka:connect-${name}:${version}" }`),
  ].join(", ");
  const bytes = "org.apache.kafka.connect.converters.ByteArrayConverter";
  const mirror = `  - name: mirror
    class: org.apache.kafka.connect.mirror.MirrorSourceConnector
    config:
      source.cluster.alias: from
      source.cluster.bootstrap.servers: "127.0.0.1:${from.port}"
      target.cluster.alias: to
      target.cluster.bootstrap.servers: "127.0.0.1:${to.port}"
      topics: orders
      replication.factor: 1
      offset-syncs.topic.replication.factor: 1
      key.converter: ${bytes}
      value.converter: ${bytes}
`;
  const text = "org.apache.kafka.connect.storage.StringConverter";
  const copy = join(to.folder, "copy.txt");
  const sink = `  - { name: copy, class: FileStreamSink, config: { topics: from.orders, file: "${copy}", key.converter: ${text}, value.converter: ${text} } }\n`;
  const postgres = `  - { name: pg, class: io.debezium.connector.postgresql.PostgresConnector, config: { database.hostname: 127.0.0.1, database.port: 1 } }\n`;
  await writeFile(to.spec, workers(plugins, mirror + sink + postgres));
  expect((await run(to, "up")).result).toMatchObject({ ok: true, errors: [] });

  const refused = await run(to, "connectors", "apply");
  const faults = refused.result?.["errors"] as readonly { code: string; where: string }[];
  expect({ exit: refused.exit, faults }).toMatchObject({ exit: 2 });
  expect(new Set(faults.map(({ code }) => code))).toEqual(new Set(["connector-invalid"]));
  expect(faults.map(({ where }) => where)).toEqual(expect.arrayContaining(["pg.topic.prefix", "pg.database.dbname"]));

  await produce();
  expect((await run(to, "connectors", "apply", "mirror", "copy")).result).toMatchObject({ ok: true, changed: 2 });
  await expect
    .poll(async () => (await readFile(copy, "utf8").catch(() => "")).split("\n").filter(Boolean), { timeout: 60_000 })
    .toEqual(records);
  expect((await run(to, "connectors", "plan", "--check", "mirror", "copy")).exit).toBe(0);
}, 300_000);
