/** A file that the user named for kctl to write: known to be writable before anything is done, and written whole. */
import { access, constants, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { KctlError } from "../fault.ts";
import { writeAtomically } from "../hosts/local/atomic-file.ts";
import type { Context } from "./context.ts";

type Where = Pick<Context, "cwd">;

/** Throws where it could not be written; `what` completes "cannot write". */
export async function mayBeOutputFile(what: string, file: string, { cwd }: Where): Promise<void> {
  const refuse = (why: string): KctlError =>
    new KctlError({
      code: "usage",
      where: file,
      what: `cannot write ${what}: ${why}`,
      fix: "name a file in a folder that is there",
    });
  const path = resolve(cwd, file);
  const folder = await stat(dirname(path)).catch(() => null);
  if (folder === null) throw refuse(`there is no folder ${dirname(file)}`);
  if (!folder.isDirectory()) throw refuse(`${dirname(file)} is no folder`);
  const mayWrite = await access(dirname(path), constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!mayWrite) throw refuse(`this user may not write to the folder ${dirname(file)}`);
  if ((await stat(path).catch(() => null))?.isDirectory() === true) throw refuse("it is a folder");
}

export async function writeOutputFile(file: string, mode: number, content: string, { cwd }: Where): Promise<void> {
  const path = resolve(cwd, file);
  const folder = await realpath(dirname(path));
  await writeAtomically(folder, { path: join(folder, basename(path)), mode, content });
}
