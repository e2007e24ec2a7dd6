/** A `Shell` on this machine: root's own shell in a mount namespace, in which the folders that kctl changes are a test's. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { onTestFinished } from "vitest";
import type { Shell, ShellOptions, ShellResult } from "../../../../src/hosts/ssh/shell.ts";

export const shells = { dash: ["dash"], bash: ["bash", "--posix"], busybox: ["busybox", "sh"] } as const;

export const isRoot = process.platform === "linux" && process.geteuid?.() === 0;

export type Stage = {
  /** Stands for `/`: what a test looks at and plants things in. */
  readonly root: string;
  readonly shell: Shell;
  /** Of every script that was run. */
  readonly scripts: string[];
};

export type StageOptions = {
  readonly kind?: keyof typeof shells;
  /** Lines that set the namespace up further: mounts. `$STAGE` is the root. */
  readonly setUp?: string;
  /** Programs that come first on the PATH, by name. */
  readonly programs?: Readonly<Record<string, string>>;
  /** busybox's own tools instead of coreutils. */
  readonly busyboxTools?: boolean;
};

const folders = ["/etc", "/opt", "/var/lib", "/var/log", "/run", "/usr/local/sbin"] as const;
const accounts = [
  "passwd",
  "group",
  "shadow",
  "gshadow",
  "login.defs",
  "nsswitch.conf",
  "ld.so.cache",
  "hosts",
  "alternatives",
];

/** Its folders begin as empty as on a fresh host; what changes in them stays from run to run. */
export function stage({ kind = "dash", setUp = "", programs = {}, busyboxTools = false }: StageOptions = {}): Stage {
  const root = mkdtempSync(join(tmpdir(), "kctl-stage-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  mkdirSync(join(root, "etc/systemd/system"), { recursive: true });
  mkdirSync(join(root, "etc/sysctl.d"));
  for (const name of accounts)
    if (existsSync(`/etc/${name}`))
      cpSync(`/etc/${name}`, join(root, "etc", name), { recursive: true, verbatimSymlinks: true });
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(root, "usr/local/sbin", name), `#!/bin/sh\n${text}`, { mode: 0o755 });
  const tools = busyboxTools ? "busybox --install -s $STAGE/usr/local/sbin" : "";
  const binds = folders.map((folder) => `mount --bind "$STAGE${folder}" ${folder}`);
  const before = ["set -e", tools, ...binds, setUp, "set +e"].join("\n");
  const scripts: string[] = [];
  return {
    root,
    scripts,
    shell: {
      node: "host-1",
      run: (script, options) => {
        scripts.push(script);
        return runIn(root, before, shells[kind], script, options);
      },
    },
  };
}

async function runIn(
  root: string,
  before: string,
  shell: readonly string[],
  script: string,
  { input, signal, onStdout }: ShellOptions,
): Promise<ShellResult> {
  const words = input === undefined ? [...shell, "-s"] : [...shell, "-c", script];
  const args = ["--mount", "--propagation", "private", "sh", "-c", `${before}\nexec "$@"`, "sh", ...words];
  const child = spawn("unshare", args, { env: { ...process.env, STAGE: root }, signal, killSignal: "SIGKILL" });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    onStdout?.(chunk);
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const closed = once(child, "close");
  const given = input === undefined ? Readable.from([script]) : Buffer.isBuffer(input) ? Readable.from([input]) : input;
  // A script that ends without reading all of it breaks the pipe, which is its right.
  const fed = pipeline(given, child.stdin).catch(() => undefined);
  const [code] = (await closed) as [number | null];
  await fed;
  return { code, stdout, stderr };
}
