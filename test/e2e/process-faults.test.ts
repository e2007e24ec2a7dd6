/** Faults of kctl's own process: Ctrl-C twice, several at once, stale locks, streams and disks that take nothing more. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, inject, onTestFinished } from "vitest";
import { injectFault } from "../faults/fault.ts";
import { kctl, processes, start, type Ended, type Place } from "./kctl.ts";
import { allOf, codesOf, errorsOf, heals, placeWithSecret } from "./law.ts";
import { reached, stopAt } from "./moment.ts";

const exits = (all: readonly Ended[]): readonly string[] =>
  all.map((ended) => [ended.exit, ...codesOf(ended)].join(" ")).toSorted();

injectFault(26, "Ctrl-C twice while a roll has a broker down", async () => {
  const at = await placeWithSecret({ count: 1 });
  expect((await kctl(at, "up", "--json")).exit).toBe(0);
  const spec = await readFile(at.spec, "utf8");
  await writeFile(
    at.spec,
    spec.replace("{ version: 3.9.1 }", "{ version: 3.9.1, config: { queued.max.requests: 400 } }"),
  );
  const birth = async (): Promise<string | undefined> => (await processes(at)).get("kafka-1/broker")?.birth;
  const before = await birth();
  const run = start(at, "up", "--json");
  await reached(run, { type: "change-started", key: /^restart kafka-1\/broker$/ });
  run.child.kill("SIGINT");
  // The broker stops in order, which takes longer than this; the one after it takes seconds to serve.
  await expect.poll(birth, { timeout: 60_000, interval: 10 }).not.toBe(before);
  run.child.kill("SIGINT");
  const ended = await run.ended;
  expect({ exit: ended.exit, codes: codesOf(ended) }).toEqual({ exit: 130, codes: ["interrupted"] });
  expect(errorsOf(ended)[0]?.what).toMatch(/^stopped at once; cut off: .*restart.*kafka-1/);
  await heals(at, { count: 1 });
  return "exit 130 at once, and what was cut off is named; the next `up` starts the broker again";
});

describe("several at once", () => {
  injectFault(27, "three `up` race for a cluster that is not there yet", async () => {
    const at = await placeWithSecret({ count: 1 });
    const all = await Promise.all([1, 2, 3].map(() => kctl(at, "up", "--json")));
    expect(exits(all)).toEqual(["0", "1 locked", "1 locked"]);
    const refused = all.filter(({ exit }) => exit === 1).flatMap(errorsOf);
    for (const { what } of refused)
      expect(what).toMatch(/^another kctl is at work on this cluster: `up`, process \d+, since /);
    expect([...(await processes(at)).keys()].toSorted()).toEqual(allOf(1));
    await heals(at, { count: 1 });
    return "one makes it, each server once; the others exit 1 and say which process is at work";
  });

  injectFault(28, "`destroy` while `up` starts the servers", async () => {
    const at = await placeWithSecret({ count: 1 });
    const run = start(at, "up", "--json");
    await reached(run, { type: "change-done", key: /^start kafka-1\/zookeeper$/ });
    const destroyed = await kctl(at, "destroy", "--yes", "--json");
    expect({ exit: destroyed.exit, codes: codesOf(destroyed) }).toEqual({ exit: 1, codes: ["locked"] });
    expect((await run.ended).exit).toBe(0);
    await heals(at, { count: 1 });
    return "destroy exits 1, touches nothing and says which process is at work; up makes the cluster";
  });

  injectFault(28, "`up` and `destroy` begin at the same moment, again and again", async () => {
    const at = await placeWithSecret({ count: 1 });
    for (let round = 0; round < 6; round += 1) {
      const [up, destroy] = await Promise.all([kctl(at, "up", "--json"), kctl(at, "destroy", "--yes", "--json")]);
      for (const ended of [up, destroy]) expect(["0", "1 locked"]).toContain(exits([ended])[0]);
      expect([up.exit, destroy.exit]).toContain(0);
      const running = [...(await processes(at)).keys()].toSorted();
      // Whole or gone, whoever came first.
      if (running.length === 0) expect(await readdir(at.folder)).toEqual(["kctl.yaml"]);
      else expect(running).toEqual(allOf(1));
    }
    await heals(at, { count: 1 });
    return "the cluster is whole or gone, never half of it; who comes second is refused, or follows";
  });
});

injectFault(
  29,
  "the lock of a killed `up`: its pid since given to another process, its clock five minutes ahead",
  async () => {
    const at = await placeWithSecret({ count: 1 });
    await stopAt(at, { type: "change-started", key: /^start kafka-1\/zookeeper$/ }, "SIGKILL");
    const lock = join(at.folder, ".kctl/demo/.lock");
    const holder = JSON.parse(await readFile(lock, "utf8")) as Record<string, unknown>;
    const since = new Date(Date.now() + 300_000).toISOString();
    await writeFile(lock, `${JSON.stringify({ ...holder, pid: process.pid, since })}\n`);
    await heals(at, { count: 1 });
    return "the next `up` takes it over: a holder counts by its pid and time of birth, and no clock is asked";
  },
);

describe("streams", () => {
  /** kctl with a shell's redirections. */
  async function shell(at: Place, script: string): Promise<{ readonly exit: number | null; readonly err: string }> {
    const child = spawn("bash", ["-c", script, "bash", inject("kctl")], {
      cwd: at.folder,
      env: at.env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    const [exit] = (await once(child, "close")) as [number | null];
    return { exit, err };
  }

  injectFault(33, "who reads the standard output of `up` goes away at once", async () => {
    const at = await placeWithSecret({ count: 1 });
    const { exit } = await shell(at, `set -o pipefail; "$1" up --json | exec true`);
    expect(exit).toBe(0);
    expect([...(await processes(at)).keys()].toSorted()).toEqual(allOf(1));
    await heals(at, { count: 1 });
    return "the work goes on to its end, exit 0";
  });

  injectFault(33, "standard output and standard error are closed", async () => {
    const at = await placeWithSecret({ count: 1 });
    const { exit } = await shell(at, `exec "$1" up >&- 2>&-`);
    expect(exit).toBe(0);
    expect([...(await processes(at)).keys()].toSorted()).toEqual(allOf(1));
    await heals(at, { count: 1 });
    return "the work goes on to its end, exit 0";
  });

  injectFault(33, "the disk under standard output is full (/dev/full)", async () => {
    const at = await placeWithSecret({ count: 1 });
    const { exit } = await shell(at, `exec "$1" up --json > /dev/full`);
    expect(exit).toBe(1);
    expect([...(await processes(at)).keys()].toSorted()).toEqual(allOf(1));
    await heals(at, { count: 1 });
    return "the cluster is made; exit 1, since the result could not be written";
  });
});

describe.runIf(process.getuid?.() === 0)("a full disk", () => {
  function disk(folder: string, size: string): void {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]);
    // Lazily: a server that has just been killed has no command line any more, and for a moment still its files.
    onTestFinished(() => void execFileSync("umount", ["--lazy", folder]));
  }

  injectFault(33, "the disk under the cluster's folder is full after some files", async () => {
    const at = await placeWithSecret({ count: 1 });
    const folder = join(at.folder, ".kctl");
    await mkdir(folder);
    disk(folder, "32k");
    const failed = await kctl(at, "up", "--json");
    expect({ exit: failed.exit, codes: [...new Set(codesOf(failed))] }).toEqual({ exit: 1, codes: ["local-io"] });
    for (const { what } of errorsOf(failed)) expect(what).toMatch(/^no space is left to (write|make|lock) /);
    const names = await readdir(folder, { recursive: true });
    expect(names.filter((name) => /\.kctl-\d+-|\.draft-/.test(name))).toEqual([]);
    execFileSync("mount", ["-o", "remount,size=1g", folder]);
    await heals(at, { count: 1, left: [".kctl"] });
    return 'exit 1, "no space is left to write" with the path; no half-written file; with space the next `up` goes on';
  });

  injectFault(33, "the disk under the cache is full", async () => {
    const at = await placeWithSecret({ count: 1 });
    const cache = join(at.folder, "cache");
    await mkdir(cache);
    disk(cache, "1m");
    const spec = await readFile(at.spec, "utf8");
    const mirror = join(at.env["KCTL_CACHE"] ?? "", "archives");
    await kctl(at, "fetch", "--json");
    await writeFile(at.spec, spec.replace(/^artifacts: .*$/m, `artifacts: { mirror: "${mirror}" }`));
    const full = { ...at, env: { ...at.env, KCTL_CACHE: cache } };
    const failed = await kctl(full, "up", "--json");
    expect({ exit: failed.exit, codes: codesOf(failed) }).toEqual({ exit: 1, codes: ["local-io"] });
    expect(errorsOf(failed)[0]?.what).toMatch(/no space/);
    execFileSync("mount", ["-o", "remount,size=1g", cache]);
    await heals(full, { count: 1, left: ["cache"] });
    return "exit 1, the cache is named, and no further source is asked; with space the next `up` goes on";
  });
});
