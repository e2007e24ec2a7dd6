/** A run as a whole process: its wall time from outside, and its peak memory as it tells it at its end. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";

export type Measured = { readonly seconds: number; readonly peakMiB: number };

export type MeasureOptions = {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Of a program of Node.js; it takes some milliseconds of its own. */
  readonly memory?: boolean;
  /** Files, as a shell redirects them: no pipe of ours is in the way. */
  readonly input?: string;
  readonly output?: string;
};

const nowhere = "/dev/null";

export async function measure(argv: readonly string[], options: MeasureOptions): Promise<Measured> {
  const { cwd, env, memory = false, input = nowhere, output = nowhere } = options;
  const [command = "", ...args] = argv;
  const watch = join(import.meta.dirname, "peak-memory.mjs");
  const files = [openSync(input, "r"), openSync(output, "w")] as const;
  const started = process.hrtime.bigint();
  const child = spawn(command, args, {
    cwd,
    env: memory ? { ...env, NODE_OPTIONS: `--import "${watch}"` } : env,
    stdio: [...files, "pipe", "pipe"],
  });
  const told = text(child.stdio[3] as Readable);
  const said = text(child.stderr as Readable);
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  for (const file of files) closeSync(file);
  if (exit !== 0) throw new Error(`${argv.join(" ")} ended with ${exit}: ${await said}`);
  return { seconds, peakMiB: Number.parseFloat(await told) / 1024 };
}
