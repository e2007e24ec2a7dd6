/** `kctl up` against a bare shell script, in turn: three ZooKeeper servers and three brokers; one controller and one broker. */
import { execFile, spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { bareScript, type Script, type ScriptFile, type ScriptServer } from "./bare-script.ts";

export type Compared = { readonly kctl: readonly number[]; readonly script: readonly number[] };

export type Program = {
  readonly node: string;
  readonly kctl: string;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
};

const run = promisify(execFile);
const rounds = 5;
const port = 19_092;

const zookeeperSpec = `name: bench
provider: { type: local, port: ${port} }
kafka: { version: 3.9.1 }
nodes:
  - { group: kafka, count: 3, roles: [zookeeper, broker] }
`;

const kraftSpec = `name: bench
provider: { type: local, port: ${port} }
kafka: { version: 4.3.1 }
nodes:
  - { name: kafka, roles: [controller, broker] }
`;

type Result = { readonly artifacts: readonly { readonly path: string }[]; readonly files: readonly ScriptFile[] };

async function json(program: Program, folder: string, ...args: readonly string[]): Promise<Result> {
  const { stdout } = await run(program.node, [program.kctl, ...args, "--json"], {
    cwd: folder,
    env: program.env,
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Result;
}

/** Where kctl's own servers have their Java and their jars from. */
async function software(program: Program, folder: string): Promise<Pick<Script, "java" | "libs">> {
  const { files } = await json(program, folder, "render");
  const args = files.find(({ path }) => path.endsWith("broker/config/jvm.args"))?.content.split("\n") ?? [];
  const classpath = args[args.indexOf("-cp") + 1] ?? "";
  const java = process.env["JAVA_HOME"] === undefined ? "java" : `${process.env["JAVA_HOME"]}/bin/java`;
  return { java, libs: classpath.replace(/\/\*$/, "") };
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function end(pids: readonly number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, "SIGKILL");
  const isThere = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  while (pids.some(isThere)) await delay(20);
}

async function runScript(script: Script): Promise<number> {
  await rm(script.folder, { recursive: true, force: true });
  const file = `${script.folder}.sh`;
  await writeFile(file, bareScript(script));
  const pids = async (): Promise<readonly number[]> =>
    (await readFile(join(script.folder, "pids"), "utf8").catch(() => ""))
      .split("\n")
      .flatMap((pid) => (pid === "" ? [] : [Number(pid)]));
  try {
    return await seconds(
      () =>
        new Promise<void>((resolve, reject) => {
          const child = spawn("bash", [file], { stdio: "ignore", timeout: 120_000 });
          child.once("error", reject);
          child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${file} ended with ${code}`))));
        }),
    );
  } finally {
    await end(await pids());
  }
}

async function runKctl({ node, kctl, env }: Program, folder: string): Promise<number> {
  try {
    return await seconds(() => run(node, [kctl, "up"], { cwd: folder, env }));
  } finally {
    await run(node, [kctl, "destroy", "--yes"], { cwd: folder, env });
  }
}

/** One of each first, uncounted: then everything is in the cache, and in the system's. */
async function inTurn(program: Program, folder: string, script: Script): Promise<Compared> {
  const found: { kctl: number[]; script: number[] } = { kctl: [], script: [] };
  for (let round = 0; round <= rounds; round += 1) {
    const script_ = await runScript(script);
    const kctl = await runKctl(program, folder);
    if (round === 0) continue;
    found.script.push(script_);
    found.kctl.push(kctl);
  }
  return found;
}

async function placeFor(program: Program, name: string, spec: string): Promise<string> {
  const folder = join(program.folder, name);
  await mkdir(folder);
  await writeFile(join(folder, "kctl.yaml"), spec);
  await json(program, folder, "fetch");
  return folder;
}

export async function threeAndThree(program: Program): Promise<Compared> {
  const folder = await placeFor(program, "three", zookeeperSpec);
  const own = join(program.folder, "three-script");
  const { files } = await json(program, folder, "render");
  const nodes = ["kafka-1", "kafka-2", "kafka-3"];
  const server = (node: string, role: "zookeeper" | "broker"): ScriptServer => {
    const config = `${node}/${role}/config`;
    return {
      folder: `${node}/${role}`,
      heap: role === "broker" ? "-Xmx1G -Xms1G" : "-Xmx512M -Xms512M",
      logging: `-Dlog4j.configuration=file:${config}/log4j.properties`,
      main: role === "broker" ? "kafka.Kafka" : "org.apache.zookeeper.server.quorum.QuorumPeerMain",
      config: `${config}/${role === "broker" ? "server.properties" : "zoo.cfg"}`,
    };
  };
  return inTurn(program, folder, {
    ...(await software(program, folder)),
    folder: own,
    // The same to the byte, in a folder of the script's own.
    files: files
      .filter(({ path }) => !path.endsWith("jvm.args"))
      .map(({ path, content }) => ({ path, content: content.replaceAll(`${folder}/.kctl/bench`, own) })),
    servers: (["zookeeper", "broker"] as const).flatMap((role) => nodes.map((node) => server(node, role))),
    brokerPorts: [port, port + 10, port + 20],
  });
}

/** Combined mode, as Kafka's quick start has it: one JVM that is both. */
export async function oneAndOne(program: Program): Promise<Compared> {
  const folder = await placeFor(program, "one", kraftSpec);
  const own = join(program.folder, "one-script");
  const { files } = await json(program, folder, "render");
  const logging = files.find(({ path }) => path.endsWith("broker/config/log4j2.yaml"))?.content ?? "";
  const settings = [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.bootstrap.servers=127.0.0.1:${port + 1}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}`,
    "controller.listener.names=CONTROLLER",
    "inter.broker.listener.name=PLAINTEXT",
    "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    `log.dirs=${own}/kafka/data`,
    "offsets.topic.replication.factor=1",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1",
    "group.initial.rebalance.delay.ms=0",
  ];
  const log = "kafka/config/log4j2.yaml";
  const config = "kafka/config/server.properties";
  const from = await software(program, folder);
  const format = `'${from.java}' -Xmx256M $FLAGS -cp "$LIBS" kafka.tools.StorageTool format --standalone --cluster-id AAAAAAAAAAAAAAAAAAAAAQ --config ${config} > kafka/log/format.log 2>&1 || exit 1`;
  return inTurn(program, folder, {
    ...from,
    folder: own,
    files: [
      { path: config, content: settings.join("\n") },
      { path: log, content: logging.replaceAll(`${folder}/.kctl/bench/kafka/broker`, `${own}/kafka`) },
    ],
    first: [format],
    servers: [
      {
        folder: "kafka",
        heap: "-Xmx1G -Xms1G",
        logging: `-Dlog4j2.configurationFile=file:${log}`,
        main: "kafka.Kafka",
        config,
      },
    ],
    brokerPorts: [port],
  });
}
