/**
 * The recipes for CI, run: each shell step of examples/ci in order, as that system runs them, in a project with kctl's package in it.
 * Left out is what is the system's own: actions, images, what is installed into those, caches and uploads.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { parse } from "yaml";
import { newPlace, processes, type Place } from "./kctl.ts";

const root = join(import.meta.dirname, "../..");
type Env = Readonly<Record<string, string | undefined>>;
type Done = { readonly step: string; readonly ok: boolean; readonly said: string };

/** A project as the recipes expect it: a spec, kctl's package, and tests of its own that need Kafka. */
async function project(): Promise<Place> {
  const at = await newPlace({ name: "ci", count: 1, version: "4.3.1", quorum: "controller" });
  await mkdir(join(at.folder, "ci"));
  await copyFile(inject("package"), join(at.folder, "ci/kctl.tgz"));
  await writeFile(join(at.folder, "package.json"), JSON.stringify({ scripts: { test: "node test.mjs" } }));
  await cp(join(root, "test/e2e/project"), at.folder, { recursive: true });
  await symlink(join(root, "node_modules"), join(at.folder, "node_modules"));
  return at;
}

async function bash(at: Place, script: string, env: Env): Promise<Omit<Done, "step">> {
  // npm installs there, as into the Node that a CI system sets up.
  const prefix = join(at.folder, "prefix");
  const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], {
    cwd: at.folder,
    env: { ...at.env, ...env, npm_config_prefix: prefix, PATH: `${prefix}/bin:${process.env["PATH"]}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [exit] = (await once(child, "close")) as [number | null];
  return { ok: exit === 0, said };
}

type Workflow = {
  readonly jobs: { readonly integration: { readonly steps: readonly { name?: string; if?: string; run?: string }[] } };
};

/** A step that fails skips the rest, but for those that always run; what a step writes to $GITHUB_ENV is in the environment of the next. */
async function github(at: Place, given: Env): Promise<readonly Done[]> {
  const { jobs } = parse(await readFile(join(root, "examples/ci/github-actions.yml"), "utf8")) as Workflow;
  const passedOn = join(at.folder, "github-env");
  await writeFile(passedOn, "");
  const done: Done[] = [];
  for (const step of jobs.integration.steps) {
    if (step.run === undefined) continue;
    if (step.if !== "always()" && done.some(({ ok }) => !ok)) continue;
    const lines = (await readFile(passedOn, "utf8")).split("\n").filter((line) => line !== "");
    const kept = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    const ended = await bash(at, step.run, { ...given, ...kept, GITHUB_ENV: passedOn });
    done.push({ step: step.name ?? step.run, ...ended });
  }
  return done;
}

type Pipeline = {
  readonly integration: Readonly<Record<"before_script" | "script" | "after_script", readonly string[]>>;
};

/** before_script and script are one shell, which ends with the first line that fails; after_script is another, whatever became of them. */
async function gitlab(at: Place, given: Env): Promise<readonly Done[]> {
  const { integration: job } = parse(await readFile(join(root, "examples/ci/gitlab-ci.yml"), "utf8")) as Pipeline;
  const ofImage = job.before_script.filter((line) => line.startsWith("apt-get "));
  expect(ofImage).toHaveLength(1);
  const lines = [...job.before_script, ...job.script].filter((line) => !ofImage.includes(line));
  return [
    { step: "script", ...(await bash(at, lines.join("\n"), given)) },
    { step: "after_script", ...(await bash(at, job.after_script.join("\n"), given)) },
  ];
}

const outcome = (done: readonly Done[]): readonly string[] =>
  done.map(({ step, ok }) => `${step}: ${ok ? "ok" : "failed"}`);
const saidBy = (done: readonly Done[]): string => done.map(({ said }) => said).join("\n");
const smokeReport = async (at: Place): Promise<string> => readFile(join(at.folder, "kctl-smoke.xml"), "utf8");
const ownReport = async (at: Place): Promise<string> => readFile(join(at.folder, "junit.xml"), "utf8");

describe("GitHub Actions", () => {
  const steps = ["Install kctl", "Fetch Kafka", "Bring up the cluster", "Prove it", "Test", "Destroy the cluster"];

  test("every step of the recipe does its work, and nothing runs afterwards", async () => {
    const at = await project();
    const done = await github(at, {});
    expect(outcome(done), saidBy(done)).toEqual(steps.map((step) => `${step}: ok`));
    expect(await smokeReport(at)).toMatch(/ failures="0"/);
    expect(await ownReport(at)).toMatch(/ failures="0"/);
    expect(await readFile(join(at.folder, "github-env"), "utf8")).toBe(
      `KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:${at.port}\n`,
    );
    expect((await processes(at)).size).toBe(0);
  });

  test("where the project's tests fail, the job does, and the cluster is destroyed all the same", async () => {
    const at = await project();
    const done = await github(at, { PROJECT_IS_BROKEN: "1" });
    expect(outcome(done), saidBy(done)).toEqual(steps.map((step) => `${step}: ${step === "Test" ? "failed" : "ok"}`));
    expect(await ownReport(at)).toMatch(/ failures="1"/);
    expect((await processes(at)).size).toBe(0);
  });

  test("where the cluster does not come up, no test is run, and nothing is left", async () => {
    const at = await project();
    await writeFile(at.spec, (await readFile(at.spec, "utf8")).replace("4.3.1", "4.3.1, jvm: [-XX:+NoSuchFlag]"));
    const done = await github(at, {});
    const failed = outcome(done).filter((line) => line.endsWith("failed"));
    expect(failed, saidBy(done)).toHaveLength(1);
    expect(outcome(done).at(-1)).toBe("Destroy the cluster: ok");
    expect(outcome(done)).not.toContain("Test: ok");
    expect((await processes(at)).size).toBe(0);
  });
});

describe("GitLab CI", () => {
  test("every line of the recipe does its work, and nothing runs afterwards", async () => {
    const at = await project();
    const done = await gitlab(at, {});
    expect(outcome(done), saidBy(done)).toEqual(["script: ok", "after_script: ok"]);
    expect(await smokeReport(at)).toMatch(/ failures="0"/);
    expect(await ownReport(at)).toMatch(/ failures="0"/);
    const listed = await bash(at, "tar -tzf kafka-logs.tar.gz", {});
    expect(listed.said).toContain(".kctl/ci/kafka-1/broker/log/");
    expect((await processes(at)).size).toBe(0);
  });
});
