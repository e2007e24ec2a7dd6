/** Traffic over a running cluster, by the clients that come with its Kafka: 200 records a second, confirmed by all in-sync replicas. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { accountOf, type TrafficLine, type TrafficReport } from "../traffic/account.ts";

export type Traffic = {
  /** Lines of this kind so far. */
  readonly count: (what: TrafficLine["type"]) => number;
  /** Sends no more, waits for what is unconfirmed, reads to the end, and tells what happened. */
  readonly stop: () => Promise<TrafficReport>;
  /** For a test that has failed: ends it wherever it is. */
  readonly kill: () => void;
};

type Options = {
  /** The folder of its Kafka's jars. */
  readonly libs: string;
  readonly bootstrap: string;
  readonly topic: string;
  /** How a command is run where the brokers can be reached. */
  readonly inside?: (argv: readonly string[]) => readonly string[];
};

export const recordsPerSecond = 200;
export const partitions = 6;
const folder = join(import.meta.dirname, "../traffic");

/** Creates the topic (three replicas, of which two must confirm); resolves when the first record has been confirmed and read. */
export async function startTraffic({ libs, bootstrap, topic, inside }: Options): Promise<Traffic> {
  const home = process.env["JAVA_HOME"];
  const argv = [
    home === undefined ? "java" : join(home, "bin/java"),
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    `-Dlog4j.configuration=file:${join(folder, "log4j.properties")}`,
    "-Dorg.apache.logging.log4j.level=WARN",
    "-cp",
    join(libs, "*"),
    join(folder, "Traffic.java"),
    bootstrap,
    topic,
    String(partitions),
    String(recordsPerSecond),
  ];
  const [command = "", ...args] = inside?.(argv) ?? argv;
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const lines: TrafficLine[] = [];
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  const flowing = Promise.withResolvers<void>();
  const awaited = new Set(["confirmed", "read"]);
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = JSON.parse(text) as TrafficLine;
    lines.push(line);
    if (awaited.delete(line.type) && awaited.size === 0) flowing.resolve();
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exit, signal) =>
      exit === 0 ? resolve() : reject(new Error(`the traffic ended with ${exit ?? signal}:\n${log.slice(-4000)}`)),
    );
  });
  const kill = (): void => void child.kill("SIGKILL");
  await Promise.race([flowing.promise, ended]);
  return {
    count: (what) => lines.filter(({ type }) => type === what).length,
    kill,
    stop: async () => {
      child.stdin.end();
      await ended;
      const report = accountOf(lines);
      // The warnings before an error say why it came.
      return report.errors.length === 0 ? report : { ...report, errors: [...report.errors, log.slice(-4000)] };
    },
  };
}
