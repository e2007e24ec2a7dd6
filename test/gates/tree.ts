/** A copy of the repository with faults planted in it, and its gates run there. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "../..");
const leftOut = new Set([".git", ".kctl", "coverage", "dist", "node_modules", "test"]);

export type Tree = {
  readonly folder: string;
  /** Runs a script of the repository in it. */
  readonly run: (
    script: string,
    ...args: readonly string[]
  ) => Promise<{ readonly ok: boolean; readonly text: string }>;
};

/** @param planted the text of each file, over the copy's own */
export async function plant(planted: Readonly<Record<string, string>>): Promise<Tree> {
  const folder = await mkdtemp(join(tmpdir(), "kctl-gates-"));
  const entries = (await readdir(root)).filter((entry) => !leftOut.has(entry));
  await Promise.all(entries.map((entry) => cp(join(root, entry), join(folder, entry), { recursive: true })));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  for (const [path, text] of Object.entries(planted)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const run: Tree["run"] = (script, ...args) =>
    new Promise((resolve) => {
      execFile(process.execPath, [join(folder, script), ...args], { cwd: folder }, (error, out, err) =>
        resolve({ ok: error === null, text: out + err }),
      );
    });
  return { folder, run };
}
