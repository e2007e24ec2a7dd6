/** What the end of a log says of the tests that failed, from reports that vitest wrote. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { failedTests, type Report } from "../../scripts/failed-tests.ts";

async function failuresOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "kctl-failed-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const report = join(folder, "report.json");
  const args = ["run", "--root", folder, "--globals", "--reporter=json", `--outputFile=${report}`];
  spawnSync(join(import.meta.dirname, "../../node_modules/.bin/vitest"), args, { stdio: "ignore" });
  return failedTests("unit", JSON.parse(await readFile(report, "utf8")) as Report, folder);
}

const passing = `test("passes", () => {})`;

test("nothing where all passed", async () => {
  expect(await failuresOf({ "a.test.js": passing })).toEqual([]);
});

test("each test with its file, its names and the first line of its message; a file that does not load, or whose hook fails", async () => {
  const failing = `describe("a cluster", () => {
    test("is up", () => expect({ exit: 1 }).toEqual({ exit: 0 }));
    test("is down", () => { throw new Error("first\\nsecond") });
  })`;
  const files = { "a.test.js": failing, "b.test.js": "throw new Error('no')", "c.test.js": passing };
  const hook = `beforeAll(() => { throw new Error("no cluster") }); ${passing}`;
  expect(await failuresOf({ ...files, "d.test.js": hook })).toEqual([
    "unit  a.test.js > a cluster > is up: AssertionError: expected { exit: 1 } to deeply equal { exit: +0 }",
    "unit  a.test.js > a cluster > is down: Error: first",
    "unit  b.test.js: no",
    "unit  d.test.js: no cluster",
  ]);
});

test("a run that failed though every test passed", () => {
  const report: Report = { success: false, testResults: [] };
  expect(failedTests("unit", report, "/")).toEqual([
    "unit  failed, and no test of it did (an error that no test waited for, or the page of faults): see above",
  ]);
});
