/** Disks of hosts are files on loop devices, which let go of them a moment after the host's last process has ended. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tool, until } from "./processes.ts";

function backingFile(device: string): string {
  try {
    return readFileSync(join("/sys/block", device, "loop/backing_file"), "utf8");
  } catch {
    return "";
  }
}

/** The loop devices on whose files in the folder something may be mounted. */
export const devicesOf = (folder: string): readonly string[] =>
  readdirSync("/sys/block").filter(
    (device) => device.startsWith("loop") && backingFile(device).startsWith(`${folder}/`),
  );

/** A disk must not be mounted twice: waits until none in the folder is in use. */
export async function released(folder: string): Promise<void> {
  await until(`no disk in ${folder} is in use`, 120, () => devicesOf(folder).length === 0);
}

/** Those that were not mounted but attached stay, unless they are told to go. */
export async function detachAll(folder: string): Promise<void> {
  for (const device of devicesOf(folder)) await tool("losetup", "--detach", `/dev/${device}`).catch(() => undefined);
}
