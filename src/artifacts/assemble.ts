/** Makes an archive of the official layout from a folder of jars: our launchers in bin/, small defaults beside them. */
import { createWriteStream } from "node:fs";
import { chmod, mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { KctlError } from "../fault.ts";
import type { ApacheArtifact } from "../services/desired.ts";
import { readTemplate } from "../templates.ts";
import { officialNames } from "./cache.ts";
import { jarEntries } from "./jar.ts";
import { kafkaLaunchers, type Launcher } from "./launchers.ts";

const verbatim: Readonly<Record<ApacheArtifact["name"], readonly string[]>> = {
  kafka: [
    "bin/kafka-run-class.sh",
    "config/connect-distributed.properties",
    "config/connect-log4j.properties",
    "config/connect-standalone.properties",
    "config/log4j.properties",
    "config/server.properties",
    "config/tools-log4j.properties",
    "config/zookeeper.properties",
  ],
  zookeeper: ["bin/zkCli.sh", "bin/zkEnv.sh", "bin/zkServer.sh", "conf/logback.xml", "conf/zoo_sample.cfg"],
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

async function writeLaunchers(folder: string, entries: ReadonlySet<string>): Promise<void> {
  const { Eta } = await import("eta");
  const eta = new Eta({ autoEscape: false, autoTrim: false });
  const template = await readTemplate("kafka/bin/launcher.sh.eta");
  for (const launcher of kafkaLaunchers) {
    const mainClass = launcher.mainClasses.find((name) => entries.has(`${name.replaceAll(".", "/")}.class`));
    // A tool that this version of Kafka does not have.
    if (mainClass === undefined) continue;
    const command = `${mainClass} ${launcher.before}`.trimEnd();
    const values = { ...launcher, mainClass, command, performance: performance[launcher.profile] };
    await put(folder, `bin/${launcher.name}`, eta.renderString(template, values));
  }
}

/** Lays `jars` out as `FOLDER/libs` (or `lib`) with the rest beside it, below `stage`. The jars are moved, not copied. */
async function layOut(artifact: ApacheArtifact, jars: string, stage: string): Promise<void> {
  const names = officialNames(artifact);
  const entries = await entriesOf(jars);
  const folder = join(stage, names.folder);
  await mkdir(folder, { recursive: true });
  for (const name of verbatim[artifact.name]) {
    await put(folder, name, await readTemplate(`${artifact.name}/${name}`));
  }
  if (artifact.name === "kafka") await writeLaunchers(folder, entries);
  await rename(jars, join(folder, names.jars));
  for (const jar of await readdir(join(folder, names.jars))) await chmod(join(folder, names.jars, jar), 0o644);
}

/** The archive's bytes depend on its content alone: sorted, without owners, with one time for all. */
export async function assemble(
  artifact: ApacheArtifact,
  { jars, stage, archive, signal }: { jars: string; stage: string; archive: string; signal: AbortSignal },
): Promise<void> {
  await layOut(artifact, jars, stage);
  const { create } = await import("tar");
  const { folder } = officialNames(artifact);
  const files = (await readdir(join(stage, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(stage.length + 1))
    .toSorted();
  const pack = create({ cwd: stage, portable: true, mtime: new Date(0), maxReadSize: chunk }, files);
  // Jars are compressed already: to press them again takes a second of work for a few percent.
  const gzip = createGzip({ level: 0, chunkSize: chunk });
  await pipeline(Readable.from(pack), gzip, createWriteStream(archive), { signal });
}
