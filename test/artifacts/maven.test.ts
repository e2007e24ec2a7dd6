/** The way through a real Maven, and what its archives are good for. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { list } from "tar";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { assemble } from "../../src/artifacts/assemble.ts";
import { officialNames, softwareFolder, workFolder } from "../../src/artifacts/cache.ts";
import { fetchArtifact, prepareArtifact } from "../../src/artifacts/fetch.ts";
import { kafkaLaunchers } from "../../src/artifacts/launchers.ts";
import { mavenSource } from "../../src/artifacts/sources/maven.ts";
import type { Artifact } from "../../src/services/desired.ts";
import { injectFault } from "../faults/fault.ts";
import { prepareShared, sharedCache } from "./shared-cache.ts";
import { failures, recorded, sha512, temporary } from "./support.ts";
import { freePort } from "../free-ports.ts";

const kafka: Artifact = { name: "kafka", version: "3.9.1" };
const zookeeper: Artifact = { name: "zookeeper", version: "3.8.4" };
const kafkaFolder = softwareFolder(sharedCache, kafka);
const zookeeperFolder = softwareFolder(sharedCache, zookeeper);

beforeAll(async () => {
  await Promise.all([kafka, zookeeper].map(prepareShared));
}, 300_000);

/** What a program prints, whatever its exit code. */
async function outputOf(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  return await new Promise((resolve) => {
    execFile(program, args, { env, timeout: 30_000 }, (_, stdout, stderr) => resolve(stdout + stderr));
  });
}

describe("the archive made for Kafka", () => {
  test("has the official layout, and says where it came from", async () => {
    const fetched = await prepareShared(kafka);
    expect(fetched).toMatchObject({ ...kafka, source: "maven" });
    expect((await readdir(kafkaFolder)).toSorted()).toEqual([".kctl-artifact.json", "bin", "config", "libs"]);
    const jars = await readdir(join(kafkaFolder, "libs"));
    expect(jars.length).toBeGreaterThan(90);
    expect(jars).toEqual(expect.arrayContaining(["kafka_2.13-3.9.1.jar", "kafka-clients-3.9.1.jar"]));
    expect(jars).toEqual(
      expect.arrayContaining([expect.stringMatching(/^zookeeper-3/), expect.stringMatching(/^slf4j-reload4j/)]),
    );
    expect((await readdir(join(kafkaFolder, "bin"))).toSorted()).toEqual(
      ["kafka-run-class.sh", ...kafkaLaunchers.map((launcher) => launcher.name)].toSorted(),
    );
  });

  test("has one owner, one time and sorted names, so that its bytes depend on its content alone", async () => {
    const { path } = await fetchArtifact(kafka, (await recorded({ cache: sharedCache })).options);
    const entries: { path: string; uid: number | undefined; mode: number | undefined; time: number | undefined }[] = [];
    await list({
      file: path,
      onReadEntry: ({ path: name, uid, mode, mtime }) =>
        entries.push({ path: name, uid, mode, time: mtime?.getTime() }),
    });
    expect(entries.map((entry) => entry.path)).toEqual(entries.map((entry) => entry.path).toSorted());
    expect(new Set(entries.map((entry) => entry.uid))).toEqual(new Set([undefined]));
    expect(new Set(entries.map((entry) => entry.time))).toEqual(new Set([0]));
    for (const { path: name, mode } of entries) expect(mode, name).toBe(name.includes("/bin/") ? 0o755 : 0o644);
  });

  test("comes out the same, byte for byte, from other folders and another umask", async () => {
    const digests: string[] = [];
    for (const mask of [0o022, 0o077]) {
      const folder = await temporary();
      // Workers of vitest are processes here; where they are threads, this throws and says so.
      const before = process.umask(mask);
      try {
        await cp(join(kafkaFolder, "libs"), join(folder, "jars"), { recursive: true });
        for (const jar of await readdir(join(folder, "jars"))) await chmod(join(folder, "jars", jar), 0o600);
        const archive = join(folder, "archive.tgz");
        const signal = new AbortController().signal;
        await assemble(kafka, { jars: join(folder, "jars"), stage: join(folder, "stage"), archive, signal });
        digests.push(sha512(await readFile(archive)));
      } finally {
        process.umask(before);
      }
    }
    expect(digests[1]).toBe(digests[0]);
    expect(digests[0]).toBe((await prepareShared(kafka)).sha512);
  });

  const usages: readonly [string, readonly string[], RegExp][] = [
    ["kafka-topics.sh", ["--version"], /^3\.9\.1/],
    ["kafka-console-consumer.sh", ["--version"], /^3\.9\.1/],
    ["kafka-console-producer.sh", ["--version"], /^3\.9\.1/],
    ["kafka-consumer-groups.sh", ["--version"], /^3\.9\.1/],
    ["kafka-configs.sh", ["--version"], /^3\.9\.1/],
    ["kafka-reassign-partitions.sh", ["--help"], /move(s)? topic partitions between replicas/i],
    ["kafka-storage.sh", ["random-uuid"], /^[\w-]{22}\n/],
    ["kafka-server-start.sh", ["--version"], /^3\.9\.1/m],
    ["connect-distributed.sh", ["--help"], /ConnectDistributed worker\.properties/],
    ["kafka-producer-perf-test.sh", ["--help"], /usage: producer-performance/],
    ["kafka-run-class.sh", ["kafka.Kafka", "--version"], /^3\.9\.1/],
    ["kafka-run-class.sh", [], /usage: .*kafka-run-class\.sh CLASS/],
  ];
  test.each(usages)("has a %s that runs with %j", async (name, args, output) => {
    expect(await outputOf(join(kafkaFolder, "bin", name), args)).toMatch(output);
  });

  test("has launchers that heed the environment, links and spaces in paths", async () => {
    const folder = await temporary();
    await mkdir(join(folder, "java home", "bin"), { recursive: true });
    // Stands for a Java: says what it was started with.
    await writeFile(join(folder, "java home", "bin", "java"), `#!/bin/sh\nprintf '%s\\n' "$@"\n`, { mode: 0o755 });
    const copy = join(folder, "a kafka");
    await mkdir(join(copy, "bin"), { recursive: true });
    for (const name of ["kafka-topics.sh", "kafka-run-class.sh", "zookeeper-shell.sh"]) {
      await cp(join(kafkaFolder, "bin", name), join(copy, "bin", name));
    }
    await symlink(join(copy, "bin", "kafka-topics.sh"), join(folder, "topics"));
    const env = {
      PATH: process.env["PATH"],
      JAVA_HOME: join(folder, "java home"),
      KAFKA_HEAP_OPTS: "-Xms1m -Xmx64m",
      KAFKA_OPTS: "-Da=1 -Db=2",
      CLASSPATH: "/extra.jar",
    };
    expect((await outputOf(join(folder, "topics"), ["--list", "a b"], env)).trimEnd().split("\n")).toEqual([
      "-Xms1m",
      "-Xmx64m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-Da=1",
      "-Db=2",
      `-Dlog4j.configuration=file:${copy}/config/tools-log4j.properties`,
      "-cp",
      `/extra.jar:${copy}/libs/*`,
      "org.apache.kafka.tools.TopicCommand",
      "--list",
      "a b",
    ]);
    expect(await outputOf(join(copy, "bin", "zookeeper-shell.sh"), ["h:1", "ls", "/"], env)).toMatch(
      /ZooKeeperMainWithTlsSupportForKafka\n-server\nh:1\nls\n\/\n$/,
    );
    const without = { ...env, JAVA_HOME: join(folder, "nowhere") };
    expect(await outputOf(join(folder, "topics"), [], without)).toMatch(/no Java at .*nowhere\/bin\/java/);
  });
});

describe("the archive made for Kafka 4", () => {
  const kafka4: Artifact = { name: "kafka", version: "4.3.1" };
  let folder: string;
  beforeAll(async () => {
    await prepareShared(kafka4);
    // Made anew, since the shared one may be older than the launchers; left out is only the time that unpacking takes.
    const work = await mkdtemp(join(tmpdir(), "kctl kafka-4-"));
    const stage = join(work, "stage");
    await cp(join(softwareFolder(sharedCache, kafka4), "libs"), join(work, "jars"), { recursive: true });
    const options = { jars: join(work, "jars"), stage, archive: join(work, "archive.tgz") };
    await assemble(kafka4, { ...options, signal: new AbortController().signal });
    folder = join(stage, officialNames(kafka4).folder);
    return () => rm(work, { recursive: true, force: true });
  }, 300_000);

  /** Both outputs and the exit code, each by itself. */
  async function run(name: string, ...args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
    return await new Promise((resolve) => {
      execFile(join(folder, "bin", name), args, { timeout: 55_000 }, (error, out, err) =>
        resolve({ code: error?.code ?? 0, out, err }),
      );
    });
  }

  test("logs by log4j 2, and has nothing of ZooKeeper", async () => {
    expect((await readdir(join(folder, "config"))).toSorted()).toEqual([
      "connect-distributed.properties",
      "connect-log4j2.yaml",
      "connect-standalone.properties",
      "log4j2.yaml",
      "server.properties",
      "tools-log4j2.yaml",
    ]);
    const names = kafkaLaunchers.map(({ name }) => name).filter((name) => !name.startsWith("zookeeper-"));
    expect((await readdir(join(folder, "bin"))).toSorted()).toEqual(["kafka-run-class.sh", ...names].toSorted());
  });

  const answers: readonly [string, readonly string[], RegExp][] = [
    ["kafka-storage.sh", ["random-uuid"], /^[\w-]{22}\n$/],
    ["kafka-topics.sh", ["--version"], /^4\.3\.1\n$/],
    ["kafka-run-class.sh", ["kafka.tools.StorageTool", "random-uuid"], /^[\w-]{22}\n$/],
  ];
  test.each(answers)("has a %s whose answer to %j stands alone", async (name, args, answer) => {
    const { code, out, err } = await run(name, ...args);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(answer);
  });

  test("has servers that log to standard output", async () => {
    const { err, out } = await run("kafka-server-start.sh", "--version");
    expect(err).toBe("");
    expect(out).toMatch(/^4\.3\.1/m);
  });

  test("has Connect workers that log to standard output", async () => {
    const { err, out } = await run("connect-distributed.sh", join(folder, "no-such-file"));
    expect(err).toBe("");
    expect(out).toMatch(/^\[20\d\d-.*\] ERROR .*Stopping due to error/m);
  });

  test("has a server.properties that its storage tool takes", async () => {
    const text = await readFile(join(folder, "config", "server.properties"), "utf8");
    const own = await temporary();
    const config = join(own, "server.properties");
    await writeFile(config, text.replace(/^log\.dirs=.*$/m, `log.dirs=${join(own, "data")}`));
    const id = (await run("kafka-storage.sh", "random-uuid")).out.trim();
    const { code, err, out } = await run("kafka-storage.sh", "format", "--standalone", "-t", id, "-c", config);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^Formatting .*data with metadata\.version 4\.3/m);
    expect(await readFile(join(own, "data", "meta.properties"), "utf8")).toContain(`cluster.id=${id}`);
  });
});

describe("the archive made for ZooKeeper", () => {
  test("has the official layout, and all that its server needs", async () => {
    expect((await readdir(zookeeperFolder)).toSorted()).toEqual([".kctl-artifact.json", "bin", "conf", "lib"]);
    const jars = (await readdir(join(zookeeperFolder, "lib"))).map((name) => name.replace(/-\d.*$/, ""));
    const needed = [
      "zookeeper",
      "metrics-core",
      "snappy-java",
      "logback-classic",
      "slf4j-api",
      "jetty-server",
      "jline",
    ];
    expect(jars).toEqual(expect.arrayContaining(needed));
  });

  test("has a zkServer.sh that tells its version and its usage", async () => {
    const program = join(zookeeperFolder, "bin", "zkServer.sh");
    expect(await outputOf(program, ["version"])).toMatch(/Apache ZooKeeper, version 3\.8\.4/);
    expect(await outputOf(program, [])).toMatch(/usage: .*start-foreground\|status\|version/);
  });

  test("has a server that serves and logs, its admin server included, and shells that reach it", async () => {
    const [client, admin] = [await freePort(), await freePort()];
    const folder = await temporary();
    const config = join(folder, "zoo.cfg");
    const lines = [`dataDir=${folder}`, `clientPort=${client}`, "clientPortAddress=127.0.0.1"];
    const more = [`admin.serverPort=${admin}`, "admin.serverAddress=127.0.0.1", "4lw.commands.whitelist=srvr"];
    await writeFile(config, [...lines, ...more, ""].join("\n"));
    const bin = join(zookeeperFolder, "bin");
    const server = spawn(join(bin, "zkServer.sh"), ["start-foreground", config], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    server.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
    const ended = once(server, "close");
    onTestFinished(async () => {
      server.kill("SIGTERM");
      await ended;
    });
    const status = (): Promise<string> => outputOf(join(bin, "zkServer.sh"), ["status", config]);
    await expect.poll(status, { timeout: 30_000, interval: 200 }).toMatch(/Mode: standalone/);
    expect(log).toMatch(/INFO {2}\[main:.*\] - .*QuorumPeerMain|INFO .*binding to port/);
    const page = await fetch(`http://127.0.0.1:${admin}/commands/ruok`);
    expect(await page.json()).toMatchObject({ command: "ruok", error: null });
    const at = `127.0.0.1:${client}`;
    expect(await outputOf(join(bin, "zkCli.sh"), ["-server", at, "ls", "/"])).toMatch(/^\[zookeeper\]$/m);
    expect(await outputOf(join(kafkaFolder, "bin", "zookeeper-shell.sh"), [at, "ls", "/"])).toMatch(/^\[zookeeper\]$/m);
  }, 60_000);
});

/** A mvn that does as told, first on the PATH. */
async function fakeMaven(script: string): Promise<NodeJS.ProcessEnv> {
  const folder = await temporary();
  await writeFile(join(folder, "mvn"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` };
}

describe("a Maven", () => {
  test("that cannot find a version says which", async () => {
    const { options, events } = await recorded({ sources: [mavenSource] });
    const never: Artifact = { name: "kafka", version: "3.9.99" };
    await expect(fetchArtifact(never, options)).rejects.toThrow("no source could give Kafka 3.9.99");
    expect(failures(events)).toEqual([expect.stringMatching(/^maven: .*kafka.*3\.9\.99/)]);
    expect(await readdir(options.cache)).toEqual(["work"]);
  }, 60_000);

  test("that fails is quoted without colours", async () => {
    const env = await fakeMaven(`printf '[\\033[1;31mERROR\\033[m] No plugin found -> [Help 1]\\n'; exit 1`);
    const { options, events } = await recorded({ sources: [mavenSource], env });
    await expect(fetchArtifact(kafka, options)).rejects.toThrow("no source");
    expect(failures(events)).toEqual(["maven: No plugin found"]);
  });

  injectFault(60, "a jar of Maven's local repository is cut short", async () => {
    const libs = join(kafkaFolder, "libs");
    const env = await fakeMaven(`
      for arg; do case $arg in -DoutputDirectory=*) out=\${arg#*=};; -Dmaven.repo.local=*) whole=1;; esac; done
      mkdir -p "$out" && cp "${libs}/kafka_2.13-3.9.1.jar" "${libs}/slf4j-api-1.7.36.jar" "$out"
      [ -n "$whole" ] || head -c 100000 "${libs}/kafka_2.13-3.9.1.jar" > "$out/kafka_2.13-3.9.1.jar"`);
    const { options } = await recorded({ sources: [mavenSource], env });
    await prepareArtifact(kafka, options);
    const jar = join(softwareFolder(options.cache, kafka), "libs", "kafka_2.13-3.9.1.jar");
    expect((await stat(jar)).size).toBe((await stat(join(libs, "kafka_2.13-3.9.1.jar"))).size);
    return "it is seen, and Maven is run again, away from that repository";
  });

  test("is ended with all that it started when kctl is interrupted", async () => {
    const folder = await temporary();
    const env = await fakeMaven(
      `sleep 300 & echo $! > "${folder}/aside"; mv "${folder}/aside" "${folder}/child"; wait`,
    );
    const controller = new AbortController();
    const { options } = await recorded({ sources: [mavenSource], env, signal: controller.signal });
    const fetching = fetchArtifact(kafka, options);
    fetching.catch(() => undefined);
    await expect
      .poll(() =>
        stat(join(folder, "child")).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    const pid = Number(await readFile(join(folder, "child"), "utf8"));
    controller.abort();
    await expect(fetching).rejects.toMatchObject({ name: "AbortError" });
    const gone = async (): Promise<boolean> => {
      const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z");
      return state.split(") ")[1]?.startsWith("Z") === true;
    };
    await expect.poll(gone).toBe(true);
    await expect(stat(workFolder(options.cache, kafka))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
