/** Runs a program of the operator's machine to its end, and takes everything that it started down with it on an abort. */
import { spawn, type ChildProcess } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Readable } from "node:stream";

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Each line of standard output, as it comes. */
  readonly onLine?: (line: string) => void;
};

/** Enough for any message; of more only the end is kept, so that a chatty program costs no memory. */
const longestOutput = 1 << 20;
/** How long SIGTERM is given before SIGKILL follows. */
const graceMs = 3_000;

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Where the PATH of `env` finds a program; null where it does not. */
export async function findProgram(name: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    if (folder.startsWith("/") && (await isExecutable(join(folder, name)))) return join(folder, name);
  }
  return null;
}

function collect(stream: Readable, onLine?: (line: string) => void): () => string {
  let text = "";
  let unfinished = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text = (text + chunk).slice(-longestOutput);
    if (onLine === undefined) return;
    const lines = (unfinished + chunk).split("\n");
    unfinished = lines.pop() ?? "";
    lines.forEach(onLine);
  });
  return () => text;
}

/** The whole process group: mvn is a shell script on some machines, and its JVM would go on alone. */
function kill(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // Gone already.
  }
}

/** Resolves with whatever exit code; rejects where it cannot be started, on an abort and after `timeoutMs`. */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const limit = AbortSignal.timeout(options.timeoutMs);
  const stop = AbortSignal.any([options.signal, limit]);
  stop.throwIfAborted();
  const child = spawn(program, args, {
    cwd: options.folder,
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const stdout = collect(child.stdout, options.onLine);
  const stderr = collect(child.stderr);
  let force: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    kill(child, "SIGTERM");
    force = setTimeout(() => kill(child, "SIGKILL"), graceMs);
  };
  // A second Ctrl-C ends kctl at once; its children must not outlive that.
  const onExit = (): void => kill(child, "SIGKILL");
  process.once("exit", onExit);
  stop.addEventListener("abort", onAbort, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    options.signal.throwIfAborted();
    if (limit.aborted) throw new Error(`${program} was not done after ${options.timeoutMs / 1000} s`);
    return { code, stdout: stdout(), stderr: stderr() };
  } finally {
    clearTimeout(force);
    process.removeListener("exit", onExit);
    stop.removeEventListener("abort", onAbort);
  }
}
