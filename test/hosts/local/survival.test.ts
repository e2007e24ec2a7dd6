import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { localHosts } from "../../../src/hosts/local/local-host.ts";
import { thisMachine } from "../../../src/hosts/local/machine.ts";
import type { DesiredProcess } from "../../../src/services/desired.ts";
import { hostWith, marked, serviceIn, testFolder, until } from "./support.ts";

const never = new AbortController().signal;

type Starter = ChildProcessByStdio<Writable, Readable, null>;

async function starter(root: string, service: DesiredProcess, after = "end"): Promise<Starter> {
  const script = join(import.meta.dirname, "starter.ts");
  const child = spawn(process.execPath, [script, root, JSON.stringify(service), after], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

async function goAhead(child: Starter): Promise<void> {
  child.stdin.write("go\n");
  await once(child.stdout, "data");
}

test("a service outlives the kctl that started it", async () => {
  const root = testFolder();
  const service = serviceIn(root);
  const child = await starter(root, service);
  const ended = once(child, "exit");
  await goAhead(child);
  expect(await ended).toEqual([0, null]);
  expect(await marked(service.mark)).toHaveLength(1);
});

test("Ctrl-C on kctl does not reach it", async () => {
  const root = testFolder();
  const service = serviceIn(root);
  const child = await starter(root, service, "stay");
  await goAhead(child);
  const ended = once(child, "exit");
  process.kill(-(child.pid ?? 0), "SIGINT");
  expect(await ended).toEqual([null, "SIGINT"]);
  expect(await marked(service.mark)).toHaveLength(1);
});

describe("kctl killed while it starts a service", () => {
  test.each(Array.from({ length: 16 }, (_, step) => step * 0.75))("%d ms in", async (milliseconds) => {
    const root = testFolder();
    const service = serviceIn(root);
    const child = await starter(root, service);
    const ended = once(child, "exit");
    child.stdin.write("go\n");
    const moment = performance.now() + milliseconds;
    await until(() => performance.now() >= moment);
    child.kill("SIGKILL");
    await ended;

    const processes = await thisMachine().marked([service.mark]);
    const [host] = localHosts(["kafka-1"], root);
    const seen = (await host?.look(hostWith(service), never))?.processes[service.key];
    expect(processes.length).toBeLessThanOrEqual(1);
    for (const { pid } of processes) {
      expect(seen).toMatchObject({ state: "running", pid });
      expect(readFileSync(service.pidFile, "utf8")).toContain(`"pid":${pid},`);
    }
    if (processes.length === 0) expect(seen?.state).not.toBe("running");

    const running = await host?.start(service);
    expect((await marked(service.mark)).map(({ pid }) => pid)).toEqual([running?.pid]);
  });
});
