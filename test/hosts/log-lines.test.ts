import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { meaningfulLines } from "../../src/hosts/log-lines.ts";

/** Real logs of ZooKeeper 3.8.4, Kafka 3.9.1 and Burrow 1.9.5 that failed, shortened: what was printed, what was logged. */
const folder = join(import.meta.dirname, "logs");
const cases = readdirSync(folder).filter((name) => name.endsWith(".txt"));

function read(name: string): { readonly console: string; readonly log: string } {
  const [, console = "", log = ""] = readFileSync(join(folder, name), "utf8").split(/^=== (?:console|log)\n/m);
  return { console, log };
}

describe("real logs", () => {
  test.each(cases)("%s", async (name) => {
    const { console, log } = read(name);
    await expect(`${meaningfulLines(console, log)}\n`).toMatchFileSnapshot(join(folder, "shown", name));
  });

  test.each([
    ["broker-bad-setting.txt", "Invalid value many for configuration num.io.threads"],
    ["broker-port-taken.txt", "failed to bind to 127.0.0.1:32099: Address already in use"],
    ["broker-meta-corrupt.txt", "Invalid meta.properties version string 'zero'"],
    ["broker-wrong-dir.txt", "Failed to create or validate data directory /proc/none/x"],
    ["broker-oom.txt", "java.lang.OutOfMemoryError: Java heap space"],
    ["broker-heap.txt", "insufficient memory"],
    ["burrow-no-broker.txt", "client has run out of available brokers to talk to: dial tcp 127.0.0.1:1"],
    ["zookeeper-bad-setting.txt", 'For input string: "abc"'],
    ["zookeeper-no-myid.txt", "myid file is missing"],
    ["zookeeper-port-taken.txt", "java.net.BindException: Address already in use"],
    ["zookeeper-option.txt", "Unrecognized VM option 'NoSuchOption'"],
    ["zookeeper-alone.txt", "Cannot open channel to 2"],
  ])("%s says %s", (name, words) => {
    const { console, log } = read(name);
    expect(meaningfulLines(console, log)).toContain(words);
  });

  test.each(cases)("%s: no stack, no noise of the end, a dozen lines at most", (name) => {
    const { console, log } = read(name);
    const lines = meaningfulLines(console, log).split("\n");
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(lines.filter((line) => /^\s+at |Exiting JVM with code|serverChannel/.test(line))).toEqual([]);
  });
});

describe("several runs in one log", () => {
  const failed = read("broker-port-taken.txt").log;
  const now = read("broker-bad-setting.txt");

  test("the error of a former run is not told", () => {
    const shown = meaningfulLines(now.console, `${failed}${now.log}`);
    expect(shown).toBe(meaningfulLines(now.console, now.log));
  });

  test("nor where the JVM did not even start this time", () => {
    const { console } = read("zookeeper-option.txt");
    expect(meaningfulLines(console, failed)).toBe(meaningfulLines(console, ""));
  });
});

describe("little to go by", () => {
  test("nothing gives nothing", () => {
    expect(meaningfulLines("", "")).toBe("");
    expect(meaningfulLines("\n\n", "\n")).toBe("");
  });

  test("without an error, the last lines", () => {
    expect(meaningfulLines("", "[2026-01-02 03:04:05,678] INFO Starting (x.Y)\n")).toBe(
      "[2026-01-02 03:04:05,678] INFO Starting (x.Y)",
    );
    expect(meaningfulLines("Usage: something\n", "")).toBe("Usage: something");
  });

  test("a line without end is cut", () => {
    expect(meaningfulLines("", `[2026-01-02 03:04:05,678] ERROR ${"x".repeat(5000)}\n`).length).toBeLessThan(500);
  });

  test("an error on the console that nobody caught is told beside the log", () => {
    const shown = meaningfulLines(
      "Terminating due to java.lang.OutOfMemoryError: Java heap space\n",
      "[2026-01-02 03:04:05,678] ERROR Uncaught exception in scheduled task (x.Y)\njava.lang.OutOfMemoryError\n",
    );
    expect(shown.split("\n")).toHaveLength(3);
  });
});
