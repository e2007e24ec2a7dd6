/** kctl as a user has it: packed, and installed into an empty folder. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export const root = join(import.meta.dirname, "..");

/** @returns the path of the program */
export async function packAndInstall(folder: string): Promise<string> {
  const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root });
  const archive = join(folder, stdout.trim().split("\n").at(-1) ?? "");
  await run("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, archive]);
  return join(folder, "node_modules/kctl/bin/kctl.js");
}
