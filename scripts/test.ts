/** `npm test`: installs what the tests need, runs the checks and every test, and ends with one line of counts. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { hasLab } from "../test/lab/base.ts";
import { prometheusProgram, unpackPrometheus } from "../test/prometheus.ts";
import { failedTests, type Report } from "./failed-tests.ts";

type Counts = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A line for each failure. */
  readonly failures: readonly string[];
};

const root = join(import.meta.dirname, "..");
const full = process.argv.includes("--full");
const env: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [join(root, "node_modules/.bin"), process.env["PATH"] ?? ""].join(delimiter),
  ...(full ? { KCTL_FULL: "1" } : {}),
};

function run(command: string, ...args: readonly string[]): boolean {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env,
  });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  return status === 0;
}

/** Whether it is there and runs: macOS has a `java` that only says that there is none. */
const runs = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: "ignore" }).status === 0;

/** What scripts for hosts are tried with: another shell and its tools, two ways to fetch, a disk of a test's own. */
const linuxTools: readonly (readonly [command: string, option: string, aptPackage: string])[] = [
  ["busybox", "true", "busybox"],
  ["curl", "--version", "curl"],
  ["wget", "--version", "wget"],
  ["mkfs.ext4", "-V", "e2fsprogs"],
  ["mkfs.xfs", "-V", "xfsprogs"],
  ["systemd-analyze", "--version", "systemd"],
  // Other clients of Kafka are installed into an environment of their own.
  ["python3", "-cimport ensurepip", "python3-venv"],
];

/** The JDK and Maven, the shells that completion is tried in, what a pipeline of CI reads JSON with, another Kafka client, and what drives a terminal. */
const tools: readonly (readonly [command: string, option: string, aptPackage: string])[] = [
  ["javac", "-version", "default-jdk-headless"],
  ["mvn", "-version", "maven"],
  ["zsh", "--version", "zsh"],
  ["fish", "--version", "fish"],
  ["jq", "--version", "jq"],
  ["kcat", "-V", "kcat"],
  ["python3", "--version", "python3"],
  ...(process.platform === "linux" ? linuxTools : []),
];

/** From the distribution where they are missing and this user may install them. */
function prepare(): boolean {
  const missing = tools.filter(([command, option]) => !runs(command, option));
  const hasPrometheus = prometheusProgram("promtool") !== null && prometheusProgram("prometheus") !== null;
  if (missing.length === 0 && hasPrometheus) return true;
  const how =
    process.platform === "darwin"
      ? "install them with `brew install openjdk@17 maven fish jq kcat python prometheus`, and put that Java on PATH"
      : "install them (a JDK of version 17 or 21)";
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "--non-interactive"];
  const apt = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"];
  const [first = "env", ...rest] = apt;
  if (!runs("apt-get", "--version") || (sudo.length > 0 && !runs("sudo", "--non-interactive", "true"))) {
    const names = [...missing.map(([command]) => command), ...(hasPrometheus ? [] : ["prometheus and promtool"])];
    console.error(`the tests need ${names.join(", ")}: ${how}`);
    return false;
  }
  if (!run(first, ...rest, "update")) return false;
  const jdk = ["17", "21"]
    .map((version) => `openjdk-${version}-jdk-headless`)
    .find((name) => runs("apt-cache", "show", name));
  const packages = missing.map(([command, , name]) => (command === "javac" ? (jdk ?? name) : name));
  if (packages.length > 0 && !run(first, ...rest, "install", "--yes", "--no-install-recommends", ...packages))
    return false;
  return hasPrometheus || unpackPrometheus();
}

/** Runs one vitest project and reads its counts; a run that tells none has failed. */
function vitest(project: string): Counts {
  const folder = mkdtempSync(join(tmpdir(), "kctl-test-"));
  const report = join(folder, "report.json");
  const ended = run(
    "vitest",
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    "--reporter=./test/faults/reporter.ts",
    `--outputFile.json=${report}`,
  );
  try {
    const told = JSON.parse(readFileSync(report, "utf8")) as Report & Record<string, number>;
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = told;
    const failed = numFailedTests ?? 0;
    const success = told.success && ended;
    // A file that does not even load, or an error that no test waited for, fails without a failed test of its own.
    return {
      passed: numPassedTests ?? 0,
      failed: failed === 0 && !success ? 1 : failed,
      skipped: (numPendingTests ?? 0) + (numTodoTests ?? 0),
      failures: failedTests(project, { ...told, success }, root),
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: [`${project}  told nothing: see above`] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const step = (what: string, ok: boolean): Counts => ({
  passed: ok ? 1 : 0,
  failed: ok ? 0 : 1,
  skipped: 0,
  failures: ok ? [] : [`${what}: see above`],
});

if (!hasLab()) console.error("the lab needs Linux, and root on it: what runs on its hosts is not tested here");

const results = [
  step("what the tests need", prepare()),
  step("npm run check", run("npm", "run", "--silent", "check")),
  step("npm run build", run("npm", "run", "--silent", "build")),
  vitest("unit"),
  vitest("e2e"),
  vitest("timed"),
  ...(hasLab() ? [vitest("lab")] : []),
  ...(full ? [vitest("full")] : []),
];
const sum = (key: "passed" | "failed" | "skipped"): number => results.reduce((total, counts) => total + counts[key], 0);
// A skipped test proves nothing, so CI does not take it.
const skippedInCi = (env["CI"] ?? "") !== "" && sum("skipped") > 0;
if (skippedInCi) console.error("tests were skipped, which CI does not take");
const failures = results.flatMap((counts) => counts.failures);
// Once more, at the end: of a long log only that may be kept.
if (failures.length > 0) console.log(`\nfailed:\n${failures.map((line) => `  ${line}`).join("\n")}`);
console.log(
  `\n${sum("passed")} passed, ${sum("failed")} failed${sum("skipped") === 0 ? "" : `, ${sum("skipped")} skipped`}`,
);
process.exitCode = sum("failed") === 0 && !skippedInCi ? 0 : 1;
