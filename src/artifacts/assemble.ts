/** Makes an archive of the official layout from a folder of jars: our launchers in bin/, small defaults beside them. */
import { createWriteStream } from "node:fs";
import { chmod, mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { KctlError } from "../fault.ts";
import type { ApacheArtifact } from "../services/desired.ts";
import { hasLog4j2 } from "../spec/versions.ts";
import { readTemplate } from "../templates.ts";
import { officialNames } from "./cache.ts";
import { jarEntries } from "./jar.ts";
import { kafkaLaunchers, type Launcher, type LoggingFile } from "./launchers.ts";

/** Taken as they are, by their folder in templates/. */
const verbatim = {
  kafka: ["config/connect-distributed.properties", "config/connect-standalone.properties"],
  "kafka-3": [
    "config/connect-log4j.properties",
    "config/log4j.properties",
    "config/server.properties",
    "config/tools-log4j.properties",
    "config/zookeeper.properties",
  ],
  "kafka-4": [
    "config/connect-log4j2.yaml",
    "config/log4j2.yaml",
    "config/server.properties",
    "config/tools-log4j2.yaml",
  ],
  zookeeper: ["bin/zkCli.sh", "bin/zkEnv.sh", "bin/zkServer.sh", "conf/logback.xml", "conf/zoo_sample.cfg"],
} as const;

function foldersOf({ name, version }: ApacheArtifact): readonly (keyof typeof verbatim)[] {
  if (name === "zookeeper") return ["zookeeper"];
  return ["kafka", hasLog4j2(version) ? "kafka-4" : "kafka-3"];
}

type Logging = { readonly flag: string; readonly files: Readonly<Record<LoggingFile, string>> };

const log4j: Logging = {
  flag: "-Dlog4j.configuration=file:",
  files: { tools: "tools-log4j.properties", server: "log4j.properties", connect: "connect-log4j.properties" },
};
const log4j2: Logging = {
  flag: "-Dlog4j2.configurationFile=",
  files: { tools: "tools-log4j2.yaml", server: "log4j2.yaml", connect: "connect-log4j2.yaml" },
};

const performance: Readonly<Record<Launcher["profile"], string>> = {
  tool: "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
  server: "-XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35",
};

const chunk = 1 << 20;

/** The entries of all jars; throws where one of them is not whole. */
async function entriesOf(jars: string): Promise<ReadonlySet<string>> {
  const names = (await readdir(jars)).toSorted();
  const lists = await Promise.all(names.map(async (name) => ({ name, entries: await jarEntries(join(jars, name)) })));
  const all = new Set<string>();
  for (const { name, entries } of lists) {
    if (entries === null) throw new KctlError({ code: "artifact-damaged", what: `${name} is not a whole jar` });
    for (const entry of entries) all.add(entry);
  }
  return all;
}

async function put(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, text);
  // Whatever the umask: the archive is to come out the same everywhere.
  await chmod(path, name.startsWith("bin/") ? 0o755 : 0o644);
}

async function writeLaunchers(
  folder: string,
  { version }: ApacheArtifact,
  entries: ReadonlySet<string>,
): Promise<void> {
  const { Eta } = await import("eta");
  const eta = new Eta({ autoEscape: false, autoTrim: false });
  const [runClass, template] = await Promise.all([
    readTemplate("kafka/bin/kafka-run-class.sh.eta"),
    readTemplate("kafka/bin/launcher.sh.eta"),
  ]);
  const logging = hasLog4j2(version) ? log4j2 : log4j;
  await put(folder, "bin/kafka-run-class.sh", eta.renderString(runClass, { logging }));
  for (const launcher of kafkaLaunchers) {
    const mainClass = launcher.mainClasses.find((name) => entries.has(`${name.replaceAll(".", "/")}.class`));
    // A tool that this version of Kafka does not have.
    if (mainClass === undefined) continue;
    const command = `${mainClass} ${launcher.before}`.trimEnd();
    const file = logging.files[launcher.logging];
    const values = { ...launcher, logging: file, mainClass, command, performance: performance[launcher.profile] };
    await put(folder, `bin/${launcher.name}`, eta.renderString(template, values));
  }
}

/** Lays `jars` out as `FOLDER/libs` (or `lib`) with the rest beside it, below `stage`. The jars are moved, not copied. */
async function layOut(artifact: ApacheArtifact, jars: string, stage: string): Promise<void> {
  const names = officialNames(artifact);
  const entries = await entriesOf(jars);
  const folder = join(stage, names.folder);
  await mkdir(folder, { recursive: true });
  for (const from of foldersOf(artifact)) {
    for (const name of verbatim[from]) await put(folder, name, await readTemplate(`${from}/${name}`));
  }
  if (artifact.name === "kafka") await writeLaunchers(folder, artifact, entries);
  await rename(jars, join(folder, names.jars));
  for (const jar of await readdir(join(folder, names.jars))) await chmod(join(folder, names.jars, jar), 0o644);
}

export async function assemble(
  artifact: ApacheArtifact,
  { jars, stage, archive, signal }: { jars: string; stage: string; archive: string; signal: AbortSignal },
): Promise<void> {
  await layOut(artifact, jars, stage);
  await packFolder(stage, officialNames(artifact).folder, archive, signal);
}

/** The archive's bytes depend on its content alone: sorted, without owners, with one time for all. */
export async function packFolder(stage: string, folder: string, archive: string, signal: AbortSignal): Promise<void> {
  const { create } = await import("tar");
  const files = (await readdir(join(stage, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(stage.length + 1))
    .toSorted();
  const pack = create({ cwd: stage, portable: true, mtime: new Date(0), maxReadSize: chunk }, files);
  // Jars are compressed already: to press them again takes a second of work for a few percent.
  const gzip = createGzip({ level: 0, chunkSize: chunk });
  await pipeline(Readable.from(pack), gzip, createWriteStream(archive), { signal });
}
