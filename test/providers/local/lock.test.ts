import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { KctlError, type Fault } from "../../../src/fault.ts";
import { processesOf } from "../../../src/hosts/local/machine.ts";
import { acquireLock } from "../../../src/providers/local/lock.ts";

function testFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "kctl-lock-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const me = { command: "kctl up -f demo.yaml" };

async function faultOf(work: Promise<unknown>): Promise<Fault | undefined> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof KctlError)) throw new Error(`no fault, but ${String(error)}`);
  return error.faults[0];
}

async function gone(): Promise<number> {
  const child = spawn("true", { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? 0;
}

const written = (over: object): string =>
  JSON.stringify({
    token: "t1",
    pid: 1,
    birth: "boot 1",
    command: "kctl destroy",
    since: "2026-01-02T03:04:05.000Z",
    ...over,
  });

describe("one at a time", () => {
  test("taken, held, released; its folder comes and goes with it", async () => {
    const path = join(testFolder(), ".kctl", "demo", "lock");
    const lock = await acquireLock(path, me);
    expect(await lock.stillHeld()).toBe(true);
    expect(readdirSync(dirname(path))).toEqual(["lock"]);
    await lock.release();
    expect(await lock.stillHeld()).toBe(false);
    expect(existsSync(dirname(path))).toBe(false);
    await (await acquireLock(path, me)).release();
  });

  test("the second is told who holds it, since when, and what to do", async () => {
    const path = join(testFolder(), "lock");
    const lock = await acquireLock(path, me);
    const { since } = JSON.parse(readFileSync(path, "utf8")) as { since: string };
    expect(await faultOf(acquireLock(path, { command: "kctl destroy" }))).toEqual({
      code: "locked",
      where: path,
      what: `another kctl is at work on this cluster: \`kctl up -f demo.yaml\`, process ${process.pid}, since ${since}`,
      fix: `wait until it is done, or stop it with \`kill ${process.pid}\`; its lock ends with it`,
    });
    await lock.release();
  });

  test("a folder that holds more stays", async () => {
    const folder = testFolder();
    writeFileSync(join(folder, "receipt.json"), "{}");
    const lock = await acquireLock(join(folder, "lock"), me);
    await lock.release();
    expect(readdirSync(folder)).toEqual(["receipt.json"]);
  });

  test("a holder whose folder was removed does not hold it any more, and releases nobody's", async () => {
    const path = join(testFolder(), "demo", "lock");
    const first = await acquireLock(path, me);
    rmSync(dirname(path), { recursive: true });
    expect(await first.stillHeld()).toBe(false);
    const second = await acquireLock(path, me);
    expect(await first.stillHeld()).toBe(false);
    await first.release();
    expect(await second.stillHeld()).toBe(true);
    await second.release();
  });

  test("when told to stop, it does not begin", async () => {
    const path = join(testFolder(), "lock");
    await expect(acquireLock(path, me, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect(existsSync(path)).toBe(false);
  });
});

describe("holders that are gone", () => {
  test.each([
    ["whose process ended", async () => written({ pid: await gone() })],
    ["whose pid is another process's by now", () => written({ pid: process.pid, birth: "boot 1" })],
    ["of the year 2100", async () => written({ pid: await gone(), since: "2100-01-01T00:00:00.000Z" })],
  ])("one %s is succeeded", async (_, content) => {
    const path = join(testFolder(), "demo", "lock");
    mkdirSync(dirname(path));
    writeFileSync(path, await content());
    const lock = await acquireLock(path, me);
    expect(await lock.stillHeld()).toBe(true);
    expect(readdirSync(dirname(path))).toEqual(["lock"]);
    expect((await faultOf(acquireLock(path, me)))?.code).toBe("locked");
    await lock.release();
    expect(existsSync(dirname(path))).toBe(false);
  });

  test("a whole chain of them, with what they left", async () => {
    const path = join(testFolder(), "lock");
    const dead = await gone();
    writeFileSync(path, written({ token: "a", pid: dead }));
    writeFileSync(`${path}.after-a`, written({ token: "b", pid: dead }));
    writeFileSync(`${path}.after-b`, written({ token: "c", pid: dead }));
    writeFileSync(`${path}.after-old`, written({ token: "d", pid: dead }));
    writeFileSync(`${path}.draft-${dead}-x`, "half");
    const lock = await acquireLock(path, me);
    expect(readdirSync(dirname(path))).toEqual(["lock"]);
    expect(await lock.stillHeld()).toBe(true);
    await lock.release();
  });

  test("one that is alive at the end of a chain holds it, though the first of it is dead", async () => {
    const path = join(testFolder(), "lock");
    writeFileSync(path, written({ token: "a", pid: await gone() }));
    const birth = await processesOf(process.platform).birthOf(process.pid);
    writeFileSync(`${path}.after-a`, written({ token: "b", pid: process.pid, birth }));
    expect((await faultOf(acquireLock(path, me)))?.what).toContain(`process ${process.pid}`);
  });

  test("one that sleeps is not gone", async () => {
    const path = join(testFolder(), "lock");
    const script = `
      const { acquireLock } = await import(${JSON.stringify(join(import.meta.dirname, "../../../src/providers/local/lock.ts"))});
      await acquireLock(${JSON.stringify(path)}, { command: "sleeper" });
      console.log("held");
      setInterval(() => undefined, 1e6);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stdout, "data");
    child.kill("SIGSTOP");
    expect((await faultOf(acquireLock(path, me)))?.what).toContain(`process ${child.pid}`);
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    await (await acquireLock(path, me)).release();
  });
});

describe("what is no lock", () => {
  test.each(["", "{", "null", "[]", written({ pid: -1 }), written({ token: "../x" })])(
    "%j: told, and left",
    async (content) => {
      const path = join(testFolder(), "lock");
      writeFileSync(path, content);
      const fault = await faultOf(acquireLock(path, me));
      expect(fault).toMatchObject({ code: "locked", where: path });
      expect(fault?.fix).toContain(`rm '${path}'`);
      expect(readFileSync(path, "utf8")).toBe(content);
    },
  );

  test("a symbolic link in its place, or in its folder's", async () => {
    const root = testFolder();
    writeFileSync(join(root, "victim"), "precious");
    symlinkSync(join(root, "victim"), join(root, "lock"));
    expect((await faultOf(acquireLock(join(root, "lock"), me)))?.code).toBe("locked");
    mkdirSync(join(root, "elsewhere"));
    symlinkSync(join(root, "elsewhere"), join(root, "demo"));
    expect((await faultOf(acquireLock(join(root, "demo", "lock"), me)))?.what).toMatch(/demo is a symbolic link/);
    symlinkSync(join(root, "nowhere"), join(root, "dangling"));
    expect((await faultOf(acquireLock(join(root, "dangling", "lock"), me)))?.what).toMatch(
      /dangling is a symbolic link/,
    );
    expect(readFileSync(join(root, "victim"), "utf8")).toBe("precious");
    expect(readdirSync(join(root, "elsewhere"))).toEqual([]);
  });
});

test("fifty at once, killed and paused at any moment: never two inside", { timeout: 120_000 }, async () => {
  const root = testFolder();
  const journal = join(root, "journal");
  writeFileSync(journal, "");
  const script = join(import.meta.dirname, "contender.ts");
  const args = [script, join(root, "demo", "lock"), journal, "3", "1"];
  const living = new Set<ChildProcess>();
  const ends = Array.from({ length: 50 }, async () => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    living.add(child);
    let said = "";
    child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    living.delete(child);
    return { code, signal, said };
  });
  const paused = new Set<ChildProcess>();
  // Paused between any two steps, a contender acts on what was true a while ago.
  const disturb = setInterval(() => {
    const any = [...living][Math.floor(Math.random() * living.size)];
    if (any === undefined) return;
    if (Math.random() < 0.02) any.kill("SIGKILL");
    else if (paused.delete(any)) any.kill("SIGCONT");
    else any.kill(paused.add(any).size > 25 ? "SIGCONT" : "SIGSTOP");
    if (paused.size > 25) for (const one of paused) if (one.kill("SIGCONT")) paused.delete(one);
  }, 3);
  onTestFinished(() => {
    clearInterval(disturb);
    for (const child of living) child.kill("SIGKILL");
  });
  const outcomes = await Promise.all(ends);
  clearInterval(disturb);
  const lines = readFileSync(journal, "utf8").trim().split("\n");
  expect(lines.filter((line) => /^(TWO|LOST)/.test(line))).toEqual([]);
  expect(lines.filter((line) => line.startsWith("in ")).length).toBeGreaterThan(25);
  expect(outcomes.filter(({ code, signal }) => code !== 0 && signal !== "SIGKILL")).toEqual([]);
  await (await acquireLock(args[1] ?? "", me)).release();
});
