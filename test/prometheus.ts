/** Prometheus and its promtool for tests: those of this machine, else the distribution's, unpacked and not installed: its package would start a server. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const unpacked = join(import.meta.dirname, "../node_modules/.cache/prometheus");

/** Where the program is; null where it is nowhere. */
export function prometheusProgram(name: "prometheus" | "promtool"): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(unpacked, "usr/bin")];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** By apt and dpkg, as any user. */
export function unpackPrometheus(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "kctl-prometheus-"));
  const run = (command: string, ...args: readonly string[]): boolean =>
    spawnSync(command, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] }).status === 0;
  try {
    mkdirSync(unpacked, { recursive: true });
    if (!run("apt-get", "-qq", "download", "prometheus")) return false;
    const [archive = ""] = readdirSync(folder);
    return run("dpkg-deb", "-x", archive, unpacked);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
