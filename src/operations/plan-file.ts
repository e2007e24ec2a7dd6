/** Reads the file of a plan that was put aside. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { KctlError } from "../fault.ts";
import type { Context } from "./context.ts";

export async function readPlanFile(file: string, { cwd }: Pick<Context, "cwd">): Promise<string> {
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
