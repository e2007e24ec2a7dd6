/** Traffic over a running cluster, by the clients that come with its Kafka: 200 records a second, confirmed by all replicas. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { accountOf, type TrafficLine, type TrafficReport } from "../traffic/account.ts";

export type Traffic = {
  /** Sends no more, waits for what is unconfirmed, reads to the end, and tells what happened. */
  readonly stop: () => Promise<TrafficReport>;
  /** For a test that has failed: ends it wherever it is. */
  readonly kill: () => void;
};

type Options = {
  /** Where this Kafka is unpacked. */
  readonly software: string;
  readonly bootstrap: string;
  readonly topic: string;
};

export const recordsPerSecond = 200;
export const partitions = 6;
const program = join(import.meta.dirname, "../traffic/Traffic.java");

/** Creates the topic (three replicas, of which two must confirm); resolves when the first record has been confirmed and read. */
export async function startTraffic({ software, bootstrap, topic }: Options): Promise<Traffic> {
  const home = process.env["JAVA_HOME"];
  const child = spawn(
    home === undefined ? "java" : join(home, "bin/java"),
    [
      "-Xmx256m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      // Warnings of the clients, to standard error: by log4j 1 and, from Kafka 4 on, log4j 2.
      `-Dlog4j.configuration=file:${join(software, "config/tools-log4j.properties")}`,
      "-Dorg.apache.logging.log4j.level=WARN",
      "-cp",
      join(software, "libs/*"),
      program,
      bootstrap,
      topic,
      String(partitions),
      String(recordsPerSecond),
    ],
    { stdio: ["pipe", "pipe", "pipe"] },
  );
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
