/** A Python that has Kafka's clients, pinned: made once, in the cache of the tests. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";

const run = promisify(execFile);
const requirements = join(import.meta.dirname, "requirements.txt");

/** @returns its python */
export async function preparePython(): Promise<string> {
  const digest = createHash("sha256").update(await readFile(requirements));
  const folder = join(inject("cache"), `python-${digest.digest("hex").slice(0, 12)}`);
  const python = join(folder, "bin/python");
  if (existsSync(folder)) return python;
  await mkdir(inject("cache"), { recursive: true });
  const partial = await mkdtemp(`${folder}-`);
  await run("python3", ["-m", "venv", partial]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements];
  await run(join(partial, "bin/python"), pip);
  try {
    await rename(partial, folder);
  } catch (error) {
    // Another run has made it meanwhile.
    await rm(partial, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return python;
}
