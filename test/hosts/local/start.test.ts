import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { KctlError } from "../../../src/fault.ts";
import type { Host } from "../../../src/hosts/host.ts";
import { localHosts } from "../../../src/hosts/local/local-host.ts";
import { parseStat } from "../../../src/hosts/local/linux-processes.ts";
import type { ObservedProcess } from "../../../src/plan/observed.ts";
import type { DesiredProcess } from "../../../src/services/desired.ts";
import { deaf, hostWith, marked, obedient, serviceIn, testFolder, until } from "./support.ts";

const never = new AbortController().signal;
const onLinux = process.platform === "linux";

function hostAt(root: string): Host {
  const [host] = localHosts(["kafka-1"], root);
  if (host === undefined) throw new Error("no host");
  return host;
}

async function seen(host: Host, service: DesiredProcess): Promise<ObservedProcess | undefined> {
  return (await host.look(hostWith(service), never)).processes[service.key];
}

/** What its descriptors lead to; it opens and closes files while it is asked. */
function linksOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((descriptor) => {
    try {
      return [readlinkSync(join(folder, descriptor))];
    } catch {
      return [];
    }
  });
}

async function sleeper(): Promise<{ readonly pid: number }> {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  return { pid: child.pid ?? 0 };
}

describe("start", () => {
  test("a service runs, is seen, stops, and is absent", async () => {
    const root = testFolder();
    const host = hostAt(root);
    const service = serviceIn(root);
    expect(await seen(host, service)).toEqual({ state: "absent" });
    const running = await host.start(service);
    expect(await seen(host, service)).toEqual({ state: "running", ...running });
    expect(running).toMatchObject({ inputs: "abc", pidFile: service.pidFile });
    expect(await host.isAlive(running)).toBe(true);
    await host.stop(running, 5, never);
    expect(await host.isAlive(running)).toBe(false);
    expect(existsSync(service.pidFile)).toBe(false);
    expect(await seen(host, service)).toEqual({ state: "absent" });
  });

  test("one that was killed is dead, and starts again", async () => {
    const root = testFolder();
    const host = hostAt(root);
    const service = serviceIn(root);
    const first = await host.start(service);
    process.kill(first.pid, "SIGKILL");
    await until(async () => !(await host.isAlive(first)));
    expect(await seen(host, service)).toEqual({ state: "dead" });
    const second = await host.start(service);
    expect(second.pid).not.toBe(first.pid);
    expect(await seen(host, service)).toEqual({ state: "running", ...second });
  });

  test("starting what runs gives the one that runs", async () => {
    const root = testFolder();
    const service = serviceIn(root);
    const first = await hostAt(root).start(service);
    expect(await hostAt(root).start(service)).toEqual(first);
    expect(await marked(service.mark)).toHaveLength(1);
  });

  test.runIf(onLinux)("it has a session of its own, no terminal input, its own folder", async () => {
    const root = testFolder();
    const service = serviceIn(root);
    const { pid } = await hostAt(root).start(service);
    const [, , group, session] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    expect([group, session]).toEqual([String(pid), String(pid)]);
    expect(readlinkSync(`/proc/${pid}/fd/0`)).toBe("/dev/null");
    expect(readlinkSync(`/proc/${pid}/fd/1`)).toBe(service.console);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(service.folder);
    expect(linksOf(pid).filter((target) => target.startsWith("socket:"))).toEqual([]);
  });

  test("nothing of the operator's environment reaches it but PATH, HOME and LANG", async () => {
    const root = testFolder();
    process.env["KCTL_TEST_SECRET"] = "hunter2";
    onTestFinished(() => void delete process.env["KCTL_TEST_SECRET"]);
    const service = serviceIn(root, `console.log(JSON.stringify(process.env)); ${obedient}`, { env: { OWN: "1" } });
    await hostAt(root).start(service);
    await until(() => readFileSync(service.console, "utf8").endsWith("}\n"));
    const environment = JSON.parse(readFileSync(service.console, "utf8")) as Record<string, string>;
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(["PATH", "HOME", "LANG", "OWN"]));
    expect(Object.keys(environment).filter((name) => !/^(PATH|HOME|LANG|OWN|PWD|OLDPWD|SHLVL|_)$/.test(name))).toEqual(
      [],
    );
  });

  test("the former console is kept once", async () => {
    const root = testFolder();
    const host = hostAt(root);
    for (const word of ["one", "two", "three"]) {
      const service = serviceIn(root, `console.log("${word}"); ${obedient}`);
      const running = await host.start(service);
      await until(() => readFileSync(service.console, "utf8") === `${word}\n`);
      await host.stop(running, 5, never);
    }
    const { console } = serviceIn(root);
    expect(readFileSync(console, "utf8")).toBe("three\n");
    expect(readFileSync(`${console}.1`, "utf8")).toBe("two\n");
    expect(statSync(console).mode & 0o007).toBe(0);
  });

  test("a program that is not there is said, and nothing is left", async () => {
    const root = testFolder();
    const service = serviceIn(root);
    const error = await hostAt(root)
      .start({ ...service, argv: ["/opt/no-java/bin/java", service.mark] })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(KctlError);
    expect((error as KctlError).faults[0]).toMatchObject({
      code: "service-died",
      what: "kafka-1/broker cannot be started: /opt/no-java/bin/java is not there",
    });
    expect(await marked(service.mark)).toEqual([]);
    expect(existsSync(service.pidFile)).toBe(false);
  });

  test("one that ends at once is told with its exit code, or seen to be dead by who asks next", async () => {
    const root = testFolder();
    const host = hostAt(root);
    const service = serviceIn(root, obedient, {});
    const quick = { ...service, argv: ["/bin/sh", "-c", "echo cannot go on >&2; exit 3", "sh", service.mark] };
    const outcome = await host.start(quick).catch((caught: unknown) => caught);
    if (outcome instanceof KctlError) {
      expect(outcome.faults[0]).toMatchObject({ code: "service-died", detail: "cannot go on" });
      expect(outcome.message).toContain("exit code 3");
    } else await until(async () => (await seen(host, quick))?.state === "dead");
    expect(await host.tail(quick.console, 1000)).toBe("cannot go on\n");
  });

  test.each(["pidFile", "console"] as const)("a symbolic link planted at its %s is refused", async (which) => {
    const root = testFolder();
    const service = serviceIn(root);
    const victim = join(root, "victim");
    writeFileSync(victim, "precious");
    symlinkSync(victim, service[which]);
    await expect(hostAt(root).start(service)).rejects.toThrow(/is a symbolic link, where kctl needs a file/);
    expect(readFileSync(victim, "utf8")).toBe("precious");
    await until(async () => (await marked(service.mark)).length === 0);
  });

  test("a symbolic link planted at its folder is refused", async () => {
    const root = testFolder();
    const service = serviceIn(root);
    rmSync(service.folder, { recursive: true });
    mkdirSync(join(root, "elsewhere"));
    symlinkSync(join(root, "elsewhere"), service.folder);
    await expect(hostAt(root).start(service)).rejects.toThrow(/run is a symbolic link, where kctl needs a folder/);
    expect(await marked(service.mark)).toEqual([]);
  });
});

describe("pid files are never believed alone", () => {
  test.each([
    ["another living process", async (): Promise<string> => `{"pid":${(await sleeper()).pid},"birth":"x 1"}\n`],
    ["nonsense", (): Promise<string> => Promise.resolve("not json")],
    ["nothing", (): Promise<string> => Promise.resolve("")],
    ["pid 1", (): Promise<string> => Promise.resolve('{"pid":1,"birth":"x 1"}')],
    ["a negative pid", (): Promise<string> => Promise.resolve('{"pid":-1,"birth":"x 1"}')],
  ])("%s: dead, and a start starts", async (_, content) => {
    const root = testFolder();
    const host = hostAt(root);
    const service = serviceIn(root);
    writeFileSync(service.pidFile, await content());
    expect(await seen(host, service)).toEqual({ state: "dead" });
    const running = await host.start(service);
    expect(await seen(host, service)).toMatchObject({ state: "running", pid: running.pid });
  });

  test("the pid and birth of a living process that is not the service", async () => {
    const root = testFolder();
    const host = hostAt(root);
    const service = serviceIn(root);
    const other = await host.start({
      ...service,
      argv: service.argv.map((each) => each.replace("jvm.args", "other.args")),
      mark: service.mark.replace("jvm.args", "other.args"),
    });
    expect(await seen(host, service)).toEqual({ state: "dead" });
    await host.stop(other, 5, never);
  });

  test("a missing one does not hide a running process", async () => {
    const root = testFolder();
    const host = hostAt(root);
    const service = serviceIn(root);
    const running = await host.start(service);
    rmSync(service.pidFile);
    expect(await seen(host, service)).toEqual({ state: "running", ...running });
  });

  test("a second process of the service is reported, and can be stopped by itself", async () => {
    const root = testFolder();
    const host = hostAt(root);
    const service = serviceIn(root);
    const extra = spawn(service.argv[0] ?? "", service.argv.slice(1), { stdio: "ignore" });
    await until(async () => (await marked(service.mark)).length === 1);
    const note = JSON.stringify(await host.start(service));
    expect(note).toContain(String(extra.pid));
    // The older one was taken for the service; the one that the pid file names comes first.
    const second = await hostAt(root).look(hostWith({ ...service, mark: "@none" }), never);
    expect(second.processes[service.key]).toEqual({ state: "absent" });
    const later = spawn(service.argv[0] ?? "", service.argv.slice(1), { stdio: "ignore" });
    await until(async () => (await marked(service.mark)).length === 2);
    const [, birth = ""] = (await marked(service.mark)).flatMap((one) =>
      one.pid === later.pid ? ["", one.birth] : [],
    );
    expect(await seen(host, service)).toMatchObject({ pid: extra.pid, extras: [{ pid: later.pid }] });
    writeFileSync(service.pidFile, JSON.stringify({ pid: later.pid, birth }));
    const look = await seen(host, service);
    expect(look).toMatchObject({ pid: later.pid, extras: [{ pid: extra.pid }] });
    if (look?.state !== "running") throw new Error("it runs");
    for (const each of look.extras ?? []) await host.stop(each, 5, never);
    expect(await seen(host, service)).toMatchObject({ state: "running", pid: later.pid });
    expect(existsSync(service.pidFile)).toBe(true);
  });
});

describe("stop", () => {
  test("a process that has the pid of a service that is gone is left alone", async () => {
    const root = testFolder();
    const other = await sleeper();
    await hostAt(root).stop({ pid: other.pid, birth: "boot 1", inputs: null }, 1, never);
    expect(process.kill(other.pid, 0)).toBe(true);
  });

  test("the deaf are killed once their time is over", async () => {
    const root = testFolder();
    const host = hostAt(root);
    const service = serviceIn(root, deaf);
    const running = await host.start(service);
    await until(() => readFileSync(service.console, "utf8") === "deaf\n");
    const started = performance.now();
    await host.stop(running, 0.3, never);
    expect(performance.now() - started).toBeGreaterThan(290);
    expect(await host.isAlive(running)).toBe(false);
  });

  test("a paused one ends in order", async () => {
    const root = testFolder();
    const host = hostAt(root);
    const running = await host.start(serviceIn(root));
    process.kill(running.pid, "SIGSTOP");
    await host.stop(running, 30, never);
    expect(await host.isAlive(running)).toBe(false);
  });

  test("waiting is given up when told to; the process was asked to end and is not killed", async () => {
    const root = testFolder();
    const host = hostAt(root);
    const service = serviceIn(root, deaf);
    const running = await host.start(service);
    await until(() => readFileSync(service.console, "utf8") === "deaf\n");
    const controller = new AbortController();
    const stopping = host.stop(running, 30, controller.signal);
    controller.abort();
    await expect(stopping).rejects.toMatchObject({ name: "AbortError" });
    expect(await host.isAlive(running)).toBe(true);
  });

  test("a later process keeps its pid file", async () => {
    const root = testFolder();
    const host = hostAt(root);
    const service = serviceIn(root);
    const first = await host.start(service);
    process.kill(first.pid, "SIGKILL");
    await until(async () => !(await host.isAlive(first)));
    const second = await host.start(service);
    await host.stop(first, 1, never);
    expect(existsSync(service.pidFile)).toBe(true);
    expect(await host.isAlive(second)).toBe(true);
  });
});

test("a process that ended and was not collected does not live, one with threads left does", () => {
  expect(parseStat("7 (a) b) S 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 1 0 4711 3 3")).toEqual({
    parent: 1,
    started: "4711",
  });
  expect(parseStat("7 (java) Z 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 1 0 4711 3 3")).toBeNull();
  expect(parseStat("7 (java) Z 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 2 0 4711 3 3")).toEqual({
    parent: 1,
    started: "4711",
  });
  expect(parseStat("")).toBeNull();
});
