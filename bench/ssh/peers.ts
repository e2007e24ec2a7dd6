/** The others that make machines what a file says, from PyPI: in a virtual environment that is kept. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** Where their programs are. */
export type Peers = { readonly bin: string };

const run = promisify(execFile);
const requirements = join(import.meta.dirname, "requirements.txt");

export async function installPeers(): Promise<Peers> {
  const digest = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex")
    .slice(0, 12);
  const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "kctl-bench", digest);
  const done = join(folder, "installed");
  if (!existsSync(done)) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    // Its programs name its path, so it is made in its place.
    await run("python3", ["-m", "venv", folder]);
    await run(join(folder, "bin/pip"), ["install", "--quiet", "--requirement", requirements]);
    await writeFile(done, "");
  }
  return { bin: join(folder, "bin") };
}
