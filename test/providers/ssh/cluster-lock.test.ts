/** The lock over several hosts, by the real scripts: who holds it, what is out of reach, renewals, and how it is lost. */
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { KctlError } from "../../../src/fault.ts";
import { thisProcess } from "../../../src/hosts/local/this-process.ts";
import { acquireOn, releaseOn } from "../../../src/hosts/ssh/lock.ts";
import type { Shell } from "../../../src/hosts/ssh/shell.ts";
import { acquireClusterLock } from "../../../src/providers/ssh/cluster-lock.ts";
import { faultOf } from "../../hosts/ssh/support/apply-host.ts";
import { isRoot, stage, type Stage } from "../../hosts/ssh/support/apply-shell.ts";

const { signal } = new AbortController();
const asked = { cluster: "demo", command: "kctl up" };
const fileOf = ({ root }: Stage): string => join(root, "var/lib/kctl/.locks/demo");
const machine = ({ shell }: Stage, node: string): { node: string; shell: Shell } => ({
  node,
  shell: { ...shell, node },
});

const outOfReach = (node: string): { node: string; shell: Shell } => ({
  node,
  shell: {
    node,
    run: () => Promise.reject(new KctlError({ code: "host-io", node, what: `${node} does not answer` })),
  },
});

afterEach(() => vi.useRealTimers());

describe.skipIf(!isRoot)("the lock of a cluster", () => {
  test("is on every host, says who holds it, and leaves nothing", async () => {
    const [a, b] = [stage(), stage()];
    const machines = [machine(b, "kafka-2"), machine(a, "kafka-1")];
    const held = await acquireClusterLock(asked, machines, signal);
    expect(existsSync(fileOf(a)) && existsSync(fileOf(b))).toBe(true);
    expect(await held.stillHeld()).toBe(true);
    const fault = await faultOf(acquireClusterLock({ cluster: "demo", command: "kctl destroy" }, machines, signal));
    expect(fault).toMatchObject({ code: "locked", node: "kafka-1" });
    expect(fault.what).toMatch(
      new RegExp(
        `^another kctl is at work on this cluster: \`kctl up\`, process ${process.pid} of \\S+@\\S+, since 20\\S+Z by the clock of kafka-1$`,
      ),
    );
    // The one that was told so took nothing along.
    expect(await a.shell.run(`{\n${held.fence("kafka-1")}\necho changed\n}\n`, { signal })).toMatchObject({
      code: 0,
      stdout: "changed\n",
    });
    await held.release();
    expect(existsSync(join(a.root, "var/lib/kctl")) || existsSync(join(b.root, "var/lib/kctl"))).toBe(false);
  });

  test("that a kctl left which was killed on this machine is taken over at once; one of another machine ends by itself", async () => {
    const [a, b] = [stage(), stage()];
    const machines = [machine(a, "kafka-1"), machine(b, "kafka-2")];
    const dead = { command: "kctl up", by: "somebody@laptop", ...(await thisProcess()), birth: "another" };
    for (const { shell } of machines)
      await acquireOn(shell, { cluster: "demo", token: "dead" }, { ...dead, machine: "another" }, signal);
    expect(await faultOf(acquireClusterLock(asked, machines, signal))).toMatchObject({ code: "locked" });
    for (const { shell } of machines) await releaseOn(shell, { cluster: "demo", token: "dead" }, signal);
    for (const { shell } of machines) await acquireOn(shell, { cluster: "demo", token: "dead" }, dead, signal);
    const held = await acquireClusterLock(asked, machines, signal);
    expect([a, b].map((on) => readFileSync(fileOf(on), "utf8").startsWith("dead"))).toEqual([false, false]);
    await held.release();
  });

  test("of two at the same time one has it all", async () => {
    const stages = [stage(), stage(), stage()];
    const machines = stages.map((on, at) => machine(on, `kafka-${at}`));
    const outcomes = await Promise.allSettled(
      [1, 2, 3, 4].map(async () => acquireClusterLock(asked, machines, signal)),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(new Set(stages.map((on) => readFileSync(fileOf(on), "utf8").split("\n")[0])).size).toBe(1);
  });

  test("leaves out a host that cannot be reached, and lets nothing be changed there", async () => {
    const [a, away] = [stage(), stage()];
    const held = await acquireClusterLock(asked, [outOfReach("kafka-1"), machine(a, "kafka-2")], signal);
    expect(existsSync(fileOf(a))).toBe(true);
    const { code, stderr } = await away.shell.run(`{\n${held.fence("kafka-1")}\n}\n`, { signal });
    expect({ code, stderr }).toEqual({
      code: 97,
      stderr: "this host could not be reached when the cluster was locked\n",
    });
    await held.release();
  });

  test("a host further on that another kctl holds: what was taken so far is given back", async () => {
    const [a, b] = [stage(), stage()];
    // It could not reach the first.
    const other = await acquireClusterLock(asked, [outOfReach("kafka-1"), machine(b, "kafka-2")], signal);
    const fault = await faultOf(acquireClusterLock(asked, [machine(a, "kafka-1"), machine(b, "kafka-2")], signal));
    expect(fault).toMatchObject({ code: "locked", node: "kafka-2" });
    expect(existsSync(fileOf(a))).toBe(false);
    await other.release();
  });

  test("where no host can be reached, each says why", async () => {
    const work = acquireClusterLock(asked, [outOfReach("kafka-1"), outOfReach("kafka-2")], signal);
    const error: unknown = await work.catch((caught: unknown) => caught);
    expect(error instanceof KctlError && error.faults.map(({ node }) => node)).toEqual(["kafka-1", "kafka-2"]);
  });

  test("is renewed while it is held", async () => {
    const a = stage();
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const held = await acquireClusterLock(asked, [machine(a, "kafka-1")], signal);
    utimesSync(fileOf(a), 1000, 1000);
    vi.advanceTimersByTime(15_000);
    await vi.waitUntil(() => statSync(fileOf(a)).mtimeMs > 2_000_000, { timeout: 30_000 });
    expect(await held.stillHeld()).toBe(true);
    await held.release();
  });

  test("a sleeper that wakes finds that another has it", async () => {
    const a = stage();
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
    const held = await acquireClusterLock(asked, [machine(a, "kafka-1")], signal);
    writeFileSync(fileOf(a), "another\n1\n\n");
    expect(await held.stillHeld()).toBe(true);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(await held.stillHeld()).toBe(false);
    await held.release();
    expect(readFileSync(fileOf(a), "utf8")).toContain("another");
  });

  test("an interrupted one leaves no lock", async () => {
    const [a, b] = [stage(), stage()];
    const stop = new AbortController();
    const second: Shell = {
      node: "kafka-2",
      run: (script, options) => {
        if (!stop.signal.aborted) stop.abort();
        return b.shell.run(script, options);
      },
    };
    const work = acquireClusterLock(asked, [machine(a, "kafka-1"), { node: "kafka-2", shell: second }], stop.signal);
    await expect(work).rejects.toMatchObject({ name: "AbortError" });
    expect(existsSync(fileOf(a))).toBe(false);
  });
});
