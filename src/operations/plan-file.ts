/** The file of a plan that was put aside: written whole, for its owner alone, and read back. */
import { readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { KctlError } from "../fault.ts";
import { writeAtomically } from "../hosts/local/atomic-file.ts";
import type { Context } from "./context.ts";

type Where = Pick<Context, "cwd">;

/** Throws where it could not be written, before anything is looked at. */
export async function mayBePlanFile(file: string, { cwd }: Where): Promise<void> {
  const refuse = (what: string): KctlError =>
    new KctlError({ code: "usage", where: file, what, fix: "name a file in a folder that is there" });
  const path = resolve(cwd, file);
  const folder = await stat(dirname(path)).catch(() => null);
  if (folder === null) throw refuse(`cannot write the plan: there is no folder ${dirname(file)}`);
  if (!folder.isDirectory()) throw refuse(`cannot write the plan: ${dirname(file)} is no folder`);
  if ((await stat(path).catch(() => null))?.isDirectory() === true)
    throw refuse("cannot write the plan: it is a folder");
}

export async function writePlanFile(file: string, content: string, { cwd }: Where): Promise<void> {
  const path = resolve(cwd, file);
  const folder = await realpath(dirname(path));
  await writeAtomically(folder, { path: join(folder, basename(path)), mode: 0o600, content });
}

export async function readPlanFile(file: string, { cwd }: Where): Promise<string> {
  try {
    return await readFile(resolve(cwd, file), "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const why = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : String(error);
    throw new KctlError(
      {
        code: "plan-unreadable",
        where: file,
        what: `cannot read the plan: ${why}`,
        fix: "make one with `kctl plan --out FILE`",
      },
      { cause: error },
    );
  }
}
