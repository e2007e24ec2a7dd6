/** The lock on a host, by the real script in each shell: a race has one winner, a dead holder's lease ends, a sleeper finds out. */
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { injectFault } from "../../faults/fault.ts";
import { acquireOn, fenceOf, leaseSeconds, releaseOn, renewOn, type HostLock } from "../../../src/hosts/ssh/lock.ts";
import { faultOf } from "./support/apply-host.ts";
import { isRoot, shells, stage, type Stage } from "./support/apply-shell.ts";

const signal = new AbortController().signal;
const owner = { command: "kctl up -f 'a b.yaml'", by: 'ä\n"$(x)@laptop', pid: 4711 };
const lock = (token: string, cluster = "demo"): HostLock => ({ cluster, token });
const fileOf = ({ root }: Stage, cluster = "demo"): string => join(root, "var/lib/kctl/.locks", cluster);

/** As if nobody had renewed it since. */
function age(on: Stage, seconds: number): void {
  const then = Date.now() / 1000 - seconds;
  utimesSync(fileOf(on), then, then);
}

const under = async (
  { shell }: Stage,
  token: string,
  work: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> =>
  shell.run(`{\n${fenceOf(lock(token))}\n${work}\n}\n`, { signal });

describe.skipIf(!isRoot).each(Object.keys(shells) as (keyof typeof shells)[])("in %s", (kind) => {
  test("one holds it, others are told who does, and nothing stays once it is given back", async () => {
    const on = stage({ kind });
    expect(await acquireOn(on.shell, lock("one"), owner, signal)).toBeNull();
    expect(statSync(join(on.root, "var/lib/kctl/.locks")).mode & 0o777).toBe(0o700);
    expect(statSync(join(on.root, "var/lib/kctl")).mode & 0o777).toBe(0o755);
    expect(statSync(fileOf(on)).mode & 0o777).toBe(0o600);
    const holder = await acquireOn(on.shell, lock("two"), owner, signal);
    expect(holder).toMatchObject(owner);
    expect(Math.abs(Date.parse(holder?.since ?? "") - Date.now())).toBeLessThan(5000);
    expect(holder?.left).toBeGreaterThan(leaseSeconds - 5);
    // One that asks again, since the answer was lost, has it.
    expect(await acquireOn(on.shell, lock("one"), owner, signal)).toBeNull();
    // Another cluster on the same host is none of its business.
    expect(await acquireOn(on.shell, lock("three", "other"), owner, signal)).toBeNull();
    await releaseOn(on.shell, lock("two"), signal);
    expect(await renewOn(on.shell, lock("one"), signal)).toBe(true);
    await releaseOn(on.shell, lock("one"), signal);
    expect(await renewOn(on.shell, lock("one"), signal)).toBe(false);
    expect(readdirSync(join(on.root, "var/lib/kctl/.locks"))).toEqual(["other"]);
    await releaseOn(on.shell, lock("three", "other"), signal);
    expect(readdirSync(join(on.root, "var/lib"))).toEqual([]);
  });

  injectFault(
    30,
    "the holder of a host's lock sleeps past its lease, another one takes it over, and it wakes",
    async () => {
      const on = stage({ kind });
      await acquireOn(on.shell, lock("sleeper"), owner, signal);
      age(on, leaseSeconds - 10);
      expect(await acquireOn(on.shell, lock("next"), owner, signal)).toMatchObject({ pid: owner.pid });
      age(on, leaseSeconds + 2);
      expect(await under(on, "sleeper", "echo changed")).toMatchObject({ code: 97, stdout: "" });
      expect(await acquireOn(on.shell, lock("next"), owner, signal)).toBeNull();
      expect(await under(on, "sleeper", "echo changed")).toMatchObject({
        code: 97,
        stdout: "",
        stderr: "the lock is held by another kctl\n",
      });
      expect(await renewOn(on.shell, lock("sleeper"), signal)).toBe(false);
      await releaseOn(on.shell, lock("sleeper"), signal);
      expect(await under(on, "next", "echo changed")).toMatchObject({ code: 0, stdout: "changed\n" });
      return "until the lease ends by the host's clock the other one is told who holds it; then the sleeper's scripts change nothing, and say whose the lock is";
    },
  );

  test("a renewal in time keeps it, and one that nobody took meanwhile is taken up again", async () => {
    const on = stage({ kind });
    await acquireOn(on.shell, lock("one"), owner, signal);
    age(on, leaseSeconds - 5);
    expect(await renewOn(on.shell, lock("one"), signal)).toBe(true);
    expect(Date.now() - statSync(fileOf(on)).mtimeMs).toBeLessThan(5000);
    age(on, 3600);
    expect(await renewOn(on.shell, lock("one"), signal)).toBe(true);
    expect(await under(on, "one", "echo changed")).toMatchObject({ code: 0, stdout: "changed\n" });
  });

  injectFault(29, "the clock of a host is set back by an hour while its lock is held", async () => {
    const on = stage({ kind });
    await acquireOn(on.shell, lock("one"), owner, signal);
    age(on, -3600);
    expect(await under(on, "one", "echo changed")).toMatchObject({ code: 97, stdout: "" });
    expect(await acquireOn(on.shell, lock("two"), owner, signal)).toBeNull();
    return "it holds nobody up for longer than a lease";
  });

  test("a script that still works keeps its lock from being taken over, and from being given back", async () => {
    const on = stage({ kind });
    await acquireOn(on.shell, lock("one"), owner, signal);
    const gate = join(on.root, "run/go");
    const started = join(on.root, "run/started");
    const working = under(on, "one", "echo >/run/started; until [ -e /run/go ]; do sleep 0.02; done; echo changed");
    await until(() => existsSync(started));
    age(on, leaseSeconds + 60);
    expect(await acquireOn(on.shell, lock("two"), owner, signal)).toMatchObject({ left: 0 });
    await releaseOn(on.shell, lock("one"), signal);
    expect(existsSync(fileOf(on))).toBe(true);
    writeFileSync(gate, "");
    expect(await working).toMatchObject({ code: 0, stdout: "changed\n" });
    expect(await acquireOn(on.shell, lock("two"), owner, signal)).toBeNull();
  });

  test("a lease whose kctl is known to have ended is taken at once, once its last script has ended; no other is", async () => {
    const on = stage({ kind });
    const marked = { ...owner, birth: "then", machine: "here" };
    await acquireOn(on.shell, lock("killed"), marked, signal);
    expect(await acquireOn(on.shell, lock("next"), owner, signal)).toMatchObject({ ...marked, token: "killed" });
    expect(await acquireOn(on.shell, lock("next"), owner, signal, "another")).toMatchObject({ token: "killed" });
    const started = join(on.root, "run/started");
    const working = under(on, "killed", "echo >/run/started; sleep 1.5; echo changed");
    await until(() => existsSync(started));
    expect(await acquireOn(on.shell, lock("next"), owner, signal, "killed")).toBeNull();
    expect(await working).toMatchObject({ code: 0, stdout: "changed\n" });
    expect(await under(on, "killed", "echo changed")).toMatchObject({ code: 97, stdout: "" });
    expect(await under(on, "next", "echo changed")).toMatchObject({ code: 0, stdout: "changed\n" });
    // One that names nobody is not one that has ended.
    writeFileSync(fileOf(on), "");
    expect(await acquireOn(on.shell, lock("last"), owner, signal)).toMatchObject({ token: "" });
  });

  test("without a lock, no change", async () => {
    const on = stage({ kind });
    expect(await under(on, "one", "echo changed")).toMatchObject({
      code: 97,
      stdout: "",
      stderr: "the lock is gone\n",
    });
  });
});

test.skipIf(!isRoot)(
  "of twenty at once on an expired lock, and on a free one that goes away meanwhile, exactly one wins",
  async () => {
    const on = stage();
    const tokens = Array.from({ length: 20 }, (_, at) => `t${at}`);
    const race = async (): Promise<string[]> => {
      const answers = await Promise.all(tokens.map(async (token) => acquireOn(on.shell, lock(token), owner, signal)));
      return tokens.filter((_, at) => answers[at] === null);
    };
    await acquireOn(on.shell, lock("dead"), owner, signal);
    age(on, leaseSeconds + 1);
    const [winner = "", ...others] = await race();
    expect(others).toEqual([]);
    expect(readFileSync(fileOf(on), "utf8")).toMatch(new RegExp(`^${winner}\n`));
    // Given back in the middle of the race: the folder goes with it, and comes again.
    const [, winners] = await Promise.all([releaseOn(on.shell, lock(winner), signal), race()]);
    expect(winners.length).toBeLessThanOrEqual(2);
    expect(winners.filter((each) => each !== winner).length).toBeLessThanOrEqual(1);
  },
);

describe.skipIf(!isRoot)("what lies in its way", () => {
  test.each([
    [
      "a link for the folder of locks",
      (on: Stage) => symlinkSync("/etc", join(on.root, "var/lib/kctl/.locks")),
      ".locks is not a folder of root's",
    ],
    [
      "a link for the lock",
      (on: Stage) => {
        mkdirSync(join(on.root, "var/lib/kctl/.locks"));
        symlinkSync("/etc/passwd", fileOf(on));
      },
      "demo is not a file",
    ],
  ])("%s is told, and not followed", async (_, plant, said) => {
    const on = stage();
    mkdirSync(join(on.root, "var/lib/kctl"));
    chmodSync(join(on.root, "var/lib/kctl"), 0o755);
    plant(on);
    const fault = await faultOf(acquireOn(on.shell, lock("one"), owner, signal));
    expect(fault).toMatchObject({ code: "host-io", node: "host-1" });
    expect(fault.what).toContain(said);
  });

  test("a full disk is told as what it is", async () => {
    const on = stage({
      setUp: "mount -t tmpfs -o size=64k,nr_inodes=8 tmpfs /var/lib; cat /dev/zero >/var/lib/full 2>/dev/null || :",
    });
    const fault = await faultOf(acquireOn(on.shell, lock("one"), owner, signal));
    expect(fault.what).toContain("No space left on device");
  });

  test("a lock that says nothing is somebody's until its lease ends", async () => {
    const on = stage();
    mkdirSync(join(on.root, "var/lib/kctl/.locks"), { recursive: true });
    writeFileSync(fileOf(on), "\0\xff garbage");
    const holder = await acquireOn(on.shell, lock("one"), owner, signal);
    expect(holder?.command).toBeUndefined();
    age(on, leaseSeconds + 1);
    expect(await acquireOn(on.shell, lock("one"), owner, signal)).toBeNull();
  });
});

async function until(condition: () => boolean): Promise<void> {
  const watch = spawn("sh", ["-c", "while :; do echo; sleep 0.02; done"]);
  try {
    for await (const _ of watch.stdout) if (condition()) return;
  } finally {
    watch.kill();
  }
}
