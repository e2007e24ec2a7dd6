/** Plain JVMs of this process in a folder of their own, for clusters on loopback. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

export type Servers = {
  readonly folder: string;
  readonly write: (name: string, files: Readonly<Record<string, string>>) => Promise<void>;
  /** Starts it in its folder; `arguments_` come after the main class. */
  readonly run: (name: string, mainClass: string, ...arguments_: readonly string[]) => void;
  /** Runs a tool to its end. */
  readonly tool: (name: string, mainClass: string, ...arguments_: readonly string[]) => Promise<void>;
  readonly runs: (name: string) => boolean;
  /** Whether it was ever started. */
  readonly has: (name: string) => boolean;
  /** Waits until `look` says so; throws with its log where it dies before. */
  readonly ready: (name: string, look: (signal: AbortSignal) => Promise<boolean>) => Promise<void>;
  /** SIGKILL, and gone when it returns. */
  readonly kill: (name: string) => Promise<void>;
  readonly stop: () => Promise<void>;
};

const flags = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

export async function startServers(
  jars: string,
  moreFlags: (folder: string) => readonly string[] = () => [],
): Promise<Servers> {
  const folder = await mkdtemp(join(tmpdir(), "kctl-test-kafka-"));
  const children = new Map<string, ChildProcess>();
  const argv = (mainClass: string, rest: readonly string[]): string[] =>
    flags.concat(moreFlags(folder), "-cp", join(jars, "*"), mainClass, rest);
  const runs = (name: string): boolean => {
    const child = children.get(name);
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  };
  const kill = async (name: string): Promise<void> => {
    const child = children.get(name);
    if (child === undefined || !runs(name)) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  return {
    folder,
    runs,
    kill,
    has: (name) => children.has(name),
    run: (name, mainClass, ...rest) => {
      const child = spawn("java", argv(mainClass, rest), {
        cwd: join(folder, name),
        stdio: ["ignore", "pipe", "pipe"],
      });
      const log = createWriteStream(join(folder, `${name}.log`), { flags: "a" });
      child.stdout.pipe(log);
      child.stderr.pipe(log);
      children.set(name, child);
    },
    tool: async (name, mainClass, ...rest) => {
      await promisify(execFile)("java", argv(mainClass, rest), { cwd: join(folder, name) });
    },
    ready: async (name, look) => {
      const signal = AbortSignal.timeout(60_000);
      while (!(await look(signal).catch(() => false))) {
        if (signal.aborted || !runs(name)) {
          throw new Error(`${name} did not start:\n${await readFile(join(folder, `${name}.log`), "utf8")}`);
        }
        await delay(50);
      }
    },
    write: async (name, files) => {
      await mkdir(join(folder, name), { recursive: true });
      await Promise.all(Object.entries(files).map(([file, text]) => writeFile(join(folder, name, file), text)));
    },
    stop: async () => {
      await Promise.all([...children.keys()].map(kill));
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
