/** Packs kctl, installs it into an empty folder, and fills a cache once for all end-to-end tests. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { hasLab, prepareBase } from "../lab/base.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The installed program. */
    kctl: string;
    /** The package that it was installed from, a .tgz. */
    package: string;
    /** KCTL_CACHE of every test. */
    cache: string;
  }
}

const run = promisify(execFile);

// oxlint-disable-next-line import/no-default-export -- vitest calls a global set-up by this export
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Else the first test on the lab's hosts would wait for it. Where there is no lab, there are none (vitest.config.ts).
  if (hasLab()) prepareBase();
  const root = join(import.meta.dirname, "../..");
  const folder = await mkdtemp(join(tmpdir(), "kctl-e2e-"));
  const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root });
  const archive = stdout.trim().split("\n").at(-1) ?? "";
  await run("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, join(folder, archive)]);
  project.provide("package", join(folder, archive));
  project.provide("kctl", join(folder, "node_modules/.bin/kctl"));
  project.provide("cache", process.env["KCTL_TEST_CACHE"] ?? join(folder, "cache"));
  return () => rm(folder, { recursive: true, force: true });
}
