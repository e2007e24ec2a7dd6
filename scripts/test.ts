/** `npm test`: installs what the tests need, runs the checks and every test, and ends with one line of counts. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };

const root = join(import.meta.dirname, "..");
const full = process.argv.includes("--full");

function run(command: string, ...args: readonly string[]): boolean {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: process.env,
  });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  return status === 0;
}

const has = (command: string): boolean => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;

/** Java and Maven: from the distribution where they are missing and this user may install them. */
function prepare(): boolean {
  const missing = [...(has("javac") ? [] : ["default-jdk-headless"]), ...(has("mvn") ? [] : ["maven"])];
  if (missing.length === 0) return true;
  if (!has("apt-get")) {
    console.error(`the tests need ${missing.join(" and ")}: on macOS \`brew install openjdk@17 maven\``);
    return false;
  }
  const apt = (...args: readonly string[]): boolean =>
    process.getuid?.() === 0 ? run("apt-get", ...args) : run("sudo", "--non-interactive", "apt-get", ...args);
  return apt("update", "-qq") && apt("install", "-y", "-qq", "--no-install-recommends", ...missing);
}

/** Runs one vitest project and reads its counts; a run that tells none has failed. */
function vitest(project: string): Counts {
  const folder = mkdtempSync(join(tmpdir(), "kctl-test-"));
  const report = join(folder, "report.json");
  run(
    "npx",
    "vitest",
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  );
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, success } = JSON.parse(
      readFileSync(report, "utf8"),
    ) as Record<string, number> & { success: boolean };
    const failed = numFailedTests ?? 0;
    // A file that does not even load fails without a failed test of its own.
    return {
      passed: numPassedTests ?? 0,
      failed: failed === 0 && !success ? 1 : failed,
      skipped: (numPendingTests ?? 0) + (numTodoTests ?? 0),
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const step = (ok: boolean): Counts => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 });

const results = [
  step(prepare()),
  step(run("npm", "run", "--silent", "check")),
  step(run("npm", "run", "--silent", "build")),
  vitest("unit"),
  vitest("e2e"),
  ...(full ? [vitest("full")] : []),
];
const sum = (key: keyof Counts): number => results.reduce((total, counts) => total + counts[key], 0);
console.log(
  `\n${sum("passed")} passed, ${sum("failed")} failed${sum("skipped") === 0 ? "" : `, ${sum("skipped")} skipped`}`,
);
process.exitCode = sum("failed") === 0 ? 0 : 1;
