/** Which process this is, so that another one on the same machine can tell for sure whether it has ended. */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { processesOf } from "./machine.ts";

export type ProcessMark = {
  readonly pid: number;
  readonly birth: string;
  /** Of the machine: a process is only looked for on the one that it runs on. */
  readonly machine: string;
};

export async function thisProcess(): Promise<ProcessMark> {
  const birth = (await processesOf(process.platform).birthOf(process.pid)) ?? "";
  return { pid: process.pid, birth, machine: machineId() };
}

/** False as well where that cannot be known: it is another machine's, or says too little. */
export async function hasEnded({ pid, birth, machine }: Partial<ProcessMark>): Promise<boolean> {
  if (pid === undefined || !birth || machine !== machineId()) return false;
  return (await processesOf(process.platform).birthOf(pid)) !== birth;
}

/** The same for every process of this user, in this boot of this machine, that sees the same processes; and no other's. */
function machineId(): string {
  // Another user's processes may be hidden, and look as if they had ended.
  let text = `${hostname()} ${process.getuid?.() ?? ""} `;
  for (const read of [
    () => readFileSync("/etc/machine-id", "utf8"),
    () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"),
    // In containers of one machine the same number is another process.
    () => readlinkSync("/proc/self/ns/pid"),
  ]) {
    try {
      text += read();
    } catch {
      // Not every system has it: then the name alone must do, together with the moment that a process was born in.
    }
  }
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
