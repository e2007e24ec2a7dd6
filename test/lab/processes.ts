/** Runs the system's own tools for the lab, and tells a living process from another with the same id. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** @returns what it printed; one that fails throws with all that it said */
export async function tool(command: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute(command, args, { maxBuffer: 256 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const { stderr = "", stdout = "" } = error as { stderr?: string; stdout?: string };
    const said = stderr.trim() || stdout.trim() || String(error);
    throw new Error(`${[command, ...args].join(" ").slice(0, 200)}: ${said}`, { cause: error });
  }
}

export type Owner = { readonly pid: number; readonly born: string };

/** The moment of birth, by which a process id that was given anew is known. Null: no such process, or only its remains. */
function bornAt(pid: number): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /su, "")
      .split(" ");
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

export const thisProcess = (): Owner => ({ pid: process.pid, born: bornAt(process.pid) ?? "" });

export const lives = ({ pid, born }: Owner): boolean => bornAt(pid) === born;

/** Asks again and again, and fails once it has taken too long. */
export async function until(what: string, seconds: number, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
