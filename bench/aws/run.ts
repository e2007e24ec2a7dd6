/** Runs kctl in a lab: what it printed, how long it took, and how much memory it had at most. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import type { Lab } from "../../test/lab/lab.ts";

export type Ran = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  readonly peakMiB: number;
  readonly cpuSeconds: number;
};

const peak = join(import.meta.dirname, "../peak-memory.mjs");

export async function runKctl(
  it: Lab,
  program: string,
  argv: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Ran> {
  const [command, ...args] = it.inside([process.execPath, "--import", peak, program, ...argv]);
  const began = performance.now();
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [stdout, stderr, told, status] = await Promise.all([
    text(child.stdout as Readable),
    text(child.stderr as Readable),
    text(child.stdio[3] as Readable),
    ended,
  ]);
  const [memory = "0", cpu = "0"] = told.split(" ");
  const seconds = (performance.now() - began) / 1000;
  return { status, stdout, stderr, seconds, peakMiB: Number(memory) / 1024, cpuSeconds: Number(cpu) };
}

/** The last line that kctl printed with --json. */
export function resultOf({ stdout, stderr }: Ran): Readonly<Record<string, unknown>> {
  const last = stdout.trim().split("\n").at(-1) ?? "";
  if (!last.startsWith("{")) throw new Error(`no result: ${stderr.slice(-2000)}`);
  return JSON.parse(last) as Readonly<Record<string, unknown>>;
}
