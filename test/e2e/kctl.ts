/** The packed and installed command line, run as a process: what a user has. */
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject, onTestFinished } from "vitest";
import { parseStat, readOfProcess } from "../../src/hosts/local/linux-processes.ts";
import { isFree } from "../free-ports.ts";

export type Line = Readonly<Record<string, unknown>> & { readonly type: string };

export type Ended = {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  readonly lines: readonly Line[];
  readonly result: Line | undefined;
};

export type Run = { readonly child: ChildProcess; readonly ended: Promise<Ended> };

/** A folder of its own with a spec in it, ports that are free, and a cache shared by all tests. */
export type Place = {
  readonly folder: string;
  readonly spec: string;
  readonly port: number;
  /** Its servers, `NODE/ROLE`, sorted. */
  readonly servers: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** How a command is run where the machines of the spec can be reached. */
  readonly inside?: (argv: readonly string[]) => readonly [string, ...string[]];
  /** What its commands read; nothing, where it is not there. */
  readonly input?: string;
};

const cache = (): string => inject("cache");

/** The ports of a local cluster of three of each role. */
function portsFrom(port: number): readonly number[] {
  const moved = port - 9092;
  const bases = [
    port - 1,
    port,
    port + 1,
    port + 2,
    moved + 2181,
    moved + 2888,
    moved + 3888,
    moved + 8083,
    moved + 8000,
    moved + 7070,
    moved + 7071,
    moved + 7072,
    moved + 7073,
  ];
  return [0, 10, 20].flatMap((step) => bases.map((base) => base + step));
}

/** Bases that this file has taken, for as long as it runs. */
const claimed = new Set<number>();

/** Held by a port that no cluster has: files side by side each have their own. */
async function isOurs(base: number): Promise<boolean> {
  if (claimed.has(base)) return true;
  const server = createServer().unref();
  const isHeld = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(base + 550, "127.0.0.1", () => resolve(true));
  });
  if (isHeld) claimed.add(base);
  return isHeld;
}

/**
 * A base port from which a local cluster's ports are free on 127.0.0.1, all below those that the system gives to clients. Runs
 * side by side begin at different ones, and no two of these bases have a port in common.
 */
async function freeBase(): Promise<number> {
  const bases = Array.from({ length: 20 }, (_, index) => 10_092 + 1100 * index);
  const first = process.ppid % bases.length;
  for (const port of [...bases.slice(first), ...bases.slice(0, first)]) {
    if (!(await isOurs(port))) continue;
    const free = await Promise.all(portsFrom(port).map(isFree));
    if (free.every(Boolean)) return port;
  }
  throw new Error("no free ports");
}

export type Quorum = "zookeeper" | "controller";

export type PlaceOptions = {
  readonly name?: string;
  /** Servers of each role. */
  readonly count?: number;
  /** The role of those that are not brokers. */
  readonly quorum?: Quorum;
  /** Lines of YAML at the end. */
  readonly more?: string;
  readonly version?: string;
};

export async function place(options: PlaceOptions = {}): Promise<Place> {
  const { count = 3, version = "3.9.1" } = options;
  const roles = [options.quorum ?? "zookeeper", "broker"];
  const folder = await mkdtemp(join(tmpdir(), "kctl e2é-"));
  const port = await freeBase();
  const spec = join(folder, "kctl.yaml");
  await writeFile(
    spec,
    `name: ${options.name ?? "demo"}
provider: { type: local, port: ${port} }
kafka: { version: ${version} }
nodes:
  - { group: kafka, count: ${count}, roles: [${roles.join(", ")}] }
${options.more ?? ""}`,
  );
  return {
    folder,
    spec,
    port,
    servers: Array.from({ length: count }, (_, index) => roles.map((role) => `kafka-${index + 1}/${role}`))
      .flat()
      .toSorted(),
    env: { PATH: process.env["PATH"], HOME: folder, KCTL_CACHE: cache(), NO_COLOR: "1" },
  };
}

/** One that is cleaned up when the test that asks for it has finished. */
export async function newPlace(options: PlaceOptions = {}): Promise<Place> {
  const made = await place(options);
  onTestFinished(() => cleanUp(made));
  return made;
}

/** Writes these settings, and no others, as `kafka.config` into the spec. */
export async function configure(at: Place, config: Readonly<Record<string, string | number>>): Promise<void> {
  const text = await readFile(at.spec, "utf8");
  const settings = Object.entries(config).map(([key, value]) => `${key}: ${value}`);
  const line = `kafka: { version: $1, config: { ${settings.join(", ")} } }`;
  await writeFile(at.spec, text.replace(/^kafka: \{ version: ([0-9.]+).*$/m, line));
}

export function start(at: Place, ...args: readonly string[]): Run {
  const argv = [inject("kctl"), ...args];
  const [command = "", ...words] = at.inside?.(argv) ?? argv;
  const child = spawn(command, words, {
    cwd: at.folder,
    env: { ...at.env, JAVA_HOME: process.env["JAVA_HOME"] },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // One that ends without reading is its own affair.
  child.stdin.on("error", () => undefined).end(at.input);
  const texts = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (texts.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (texts.err += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exit, signal) => {
      const lines = args.includes("--json")
        ? texts.out.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Line]))
        : [];
      resolve({ exit, signal, ...texts, lines, result: lines.findLast(({ type }) => type === "result") });
    });
  });
  return { child, ended };
}

export async function kctl(at: Place, ...args: readonly string[]): Promise<Ended> {
  return start(at, ...args).ended;
}

/** Every process of the cluster: pid by `NODE/ROLE`, with its time of birth. Linux. */
export async function processes(
  at: Place,
): Promise<ReadonlyMap<string, { readonly pid: number; readonly birth: string }>> {
  const found = new Map<string, { pid: number; birth: string }>();
  // Without waiting, or one would be looked at long after another where cores are busy.
  for (const name of readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      const argv = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
      // A JVM's argument file, or the folder of Burrow's configuration.
      const marks = [`@${at.folder}/.kctl/`, `--config-dir=${at.folder}/.kctl/`];
      const mark = argv.find((argument) => marks.some((one) => argument.startsWith(one)));
      // A shell is what will be the service once kctl gives the word.
      if (mark === undefined || argv[0] === "/bin/sh") continue;
      const [node = "", role = ""] = mark
        .slice(mark.indexOf("/.kctl/") + "/.kctl/".length)
        .split("/")
        .slice(1);
      const birth = parseStat(readFileSync(`/proc/${name}/stat`, "utf8"))?.started ?? "";
      const key = `${node}/${role}`;
      if (found.has(key)) throw new Error(`two processes of ${key}: ${found.get(key)?.pid} and ${name}`);
      found.set(key, { pid: Number(name), birth });
    } catch (error) {
      // It ended while it was looked at.
      if (!(error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")))
        throw error;
    }
  }
  return found;
}

/** Gone when it returns, its last thread too, which may hold its ports for a while longer. */
export async function endBy(signal: NodeJS.Signals, at: Place, keys: readonly string[]): Promise<void> {
  const running = await processes(at);
  const told = keys.map((key) => {
    const one = running.get(key);
    if (one === undefined) throw new Error(`${key} does not run`);
    process.kill(one.pid, signal);
    return one;
  });
  await untilOver(told);
}

/** SIGKILL, and gone when it returns. */
export async function kill(at: Place, keys: readonly string[]): Promise<void> {
  await endBy("SIGKILL", at, keys);
}

async function untilOver(those: readonly { readonly pid: number; readonly birth: string }[]): Promise<void> {
  const left = (): readonly number[] =>
    those
      .filter(({ pid, birth }) => parseStat(readOfProcess(`/proc/${pid}/stat`) ?? "")?.started === birth)
      .map(({ pid }) => pid);
  const deadline = performance.now() + 60_000;
  while (left().length > 0) {
    if (performance.now() > deadline) throw new Error(`processes do not end: ${left().join(", ")}`);
    await delay(20);
  }
}

/** Whether nothing of the cluster is left: no process, no file but the spec, no port. */
export async function expectNothingLeft(at: Place): Promise<void> {
  expect((await processes(at)).size).toBe(0);
  expect(await readdir(at.folder)).toEqual(["kctl.yaml"]);
  const ports = portsFrom(at.port);
  expect(await Promise.all(ports.map(isFree))).toEqual(ports.map(() => true));
}

/** Ends what is left of a failed test, by pid, and removes the folder. */
export async function cleanUp(at: Place): Promise<void> {
  const left = [...(await processes(at)).values()];
  for (const { pid } of left) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
  await untilOver(left);
  await rm(at.folder, { recursive: true, force: true });
}

/** What the spec needs is in the cache after it: where its machines are, nothing can be fetched. */
export async function fetched(at: Place): Promise<void> {
  const { folder, spec, port, servers, env } = at;
  const { exit, err } = await kctl({ folder, spec, port, servers, env }, "fetch", "--file", spec, "--json");
  if (exit !== 0) throw new Error(err);
}
