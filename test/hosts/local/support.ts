/** A folder and services of a test's own; what it started is ended with it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { processesOf } from "../../../src/hosts/local/machine.ts";
import { hasArgument, type Sighting } from "../../../src/hosts/local/processes.ts";
import type { DesiredHost, DesiredProcess } from "../../../src/services/desired.ts";

export function testFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "kctl-host-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs until it is told to stop. */
export const obedient = "setInterval(() => undefined, 1e6)";
/** Says when it is deaf to SIGTERM. */
export const deaf = "process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1e6); console.log('deaf')";

/** A service whose program is `script`, run by node; its folders are made. */
export function serviceIn(root: string, script = obedient, overrides: Partial<DesiredProcess> = {}): DesiredProcess {
  const folder = join(root, "kafka-1", "broker");
  for (const name of ["config", "log", "run", "data"]) mkdirSync(join(folder, name), { recursive: true });
  const mark = `@${join(folder, "config", "jvm.args")}`;
  onTestFinished(() => endAll(mark));
  return {
    key: "kafka-1/broker",
    node: "kafka-1",
    role: "broker",
    argv: [process.execPath, "-e", script, "--", "-Dkctl.inputs=abc", mark],
    programFrom: "java",
    env: {},
    folder: join(folder, "run"),
    mark,
    inputs: "abc",
    console: join(folder, "log", "console.log"),
    log: join(folder, "log", "server.log"),
    pidFile: join(folder, "run", "pid"),
    ports: {},
    probe: { kind: "kafka", address: "127.0.0.1", port: 1, brokerId: 1 },
    stopSeconds: 5,
    ...overrides,
  };
}

export function hostWith(process: DesiredProcess): DesiredHost {
  return { node: process.node, folders: [], files: [], processes: [process], storedIds: [], storage: [] };
}

export function marked(mark: string): Promise<readonly Sighting[]> {
  return processesOf(process.platform).sightings((command) => hasArgument(command, mark));
}

async function endAll(mark: string): Promise<void> {
  for (const { pid } of await marked(mark)) process.kill(pid, "SIGKILL");
}

/** Waits for what another process does, which can only be asked for again and again. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
