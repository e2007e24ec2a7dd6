/** Who listens on a port, as Linux tells it: sockets in /proc/net, their owners by the open files of processes. */
import { readdirSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import type { PortHolder } from "../../plan/observed.ts";
import { readOfProcess } from "./linux-processes.ts";
import { programName } from "../program-name.ts";

/** Addresses whose listener takes the port of 127.0.0.1 too, as the kernel writes them: little-endian words. */
const inTheWay = new Set([
  "0100007F",
  "00000000",
  "00000000000000000000000000000000",
  "0000000000000000FFFF00000100007F",
  "0000000000000000FFFF000000000000",
]);

/** Sockets that listen, from /proc/net/tcp or tcp6: by port, the inode. */
export function parseListeners(table: string): ReadonlyMap<number, string> {
  const listeners = new Map<number, string>();
  for (const line of table.split("\n").slice(1)) {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/ +/);
    const [address = "", port = ""] = local.split(":");
    if (state === "0A" && inode !== undefined && inTheWay.has(address)) listeners.set(parseInt(port, 16), inode);
  }
  return listeners;
}

export function linuxPorts(ports: readonly number[]): Promise<ReadonlyMap<number, NonNullable<PortHolder>>> {
  const listeners = ["/proc/net/tcp6", "/proc/net/tcp"].flatMap((path) => [
    ...parseListeners(readOfProcess(path) ?? ""),
  ]);
  const taken = new Map(listeners.filter(([port]) => ports.includes(port)));
  const owners = taken.size === 0 ? new Map<string, number>() : ownersOf(new Set(taken.values()));
  return Promise.resolve(
    new Map(
      [...taken].map(([port, inode]) => {
        const pid = owners.get(inode) ?? null;
        return [port, { pid, command: pid === null ? null : nameOf(pid) }];
      }),
    ),
  );
}

/** By inode of a socket, a process that has it open: as far as this user may see. */
function ownersOf(inodes: ReadonlySet<string>): Map<string, number> {
  const owners = new Map<string, number>();
  for (const pid of readdirSync("/proc").filter((name) => /^[1-9]\d*$/.test(name))) {
    for (const descriptor of unlessHidden(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
      const target = unlessHidden(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`)) ?? "";
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined && inodes.has(inode)) owners.set(inode, Number(pid));
    }
    if (owners.size === inodes.size) break;
  }
  return owners;
}

/** Another user's process, or one that ended meanwhile, shows nothing: then its port has no name to it. */
function unlessHidden<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function nameOf(pid: number): string | null {
  const program =
    unlessHidden(() => basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, "")) ??
    readOfProcess(`/proc/${pid}/comm`)?.trim();
  if (program === undefined) return null;
  return programName(program, (readOfProcess(`/proc/${pid}/cmdline`) ?? "").split("\0"));
}
