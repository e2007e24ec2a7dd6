/** One look at a host: everything that the plan compares, read and nothing changed. */
import { createHash } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { lstat, open } from "node:fs/promises";
import {
  startsAnew,
  type ObservedFile,
  type ObservedFolder,
  type ObservedHost,
  type ObservedIdentity,
  type ObservedProcess,
  type PortHolder,
} from "../../plan/observed.ts";
import type { DesiredHost, DesiredProcess, StoredId } from "../../services/desired.ts";
import { errnoOf, kindOf, withIoFaults } from "./io-fault.ts";
import type { Machine } from "./machine.ts";
import { readPidFile } from "./pid-file.ts";
import { serviceProcesses, type Sighting } from "./processes.ts";
import { parseStoredId } from "../stored-ids.ts";

/** Larger ones are told apart by their digest, but not shown. */
const shownBytes = 64 * 1024;

export async function look(machine: Machine, desired: DesiredHost, signal: AbortSignal): Promise<ObservedHost> {
  signal.throwIfAborted();
  const sightings = desired.processes.length === 0 ? [] : machine.marked(desired.processes.map(({ mark }) => mark));
  const [files, folders, processes, ports, identities] = await Promise.all([
    byKey(
      desired.files,
      ({ path }) => path,
      ({ path }) => lookAtFile(path),
    ),
    byKey(
      desired.folders,
      ({ path }) => path,
      ({ path }) => lookAtFolder(path),
    ),
    lookAtProcesses(sightings, desired.processes),
    lookAtPorts(sightings, desired.processes, machine),
    lookAtIdentities(desired.storedIds),
  ]);
  signal.throwIfAborted();
  return { node: desired.node, files, folders, processes, ports, identities };
}

type Sightings = readonly Sighting[] | Promise<readonly Sighting[]>;

async function byKey<Item, Seen>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  see: (item: Item) => Promise<Seen>,
): Promise<Record<string, Seen>> {
  return Object.fromEntries(await Promise.all(items.map(async (item) => [keyOf(item), await see(item)] as const)));
}

async function statsOf(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return null;
    throw error;
  }
}

async function lookAtFolder(path: string): Promise<ObservedFolder> {
  return withIoFaults("read", path, async () => {
    const stats = await statsOf(path);
    if (stats === null) return { kind: "absent" };
    return stats.isDirectory() ? { kind: "folder", mode: stats.mode & 0o7777 } : { kind: "other", what: kindOf(stats) };
  });
}

async function lookAtFile(path: string): Promise<ObservedFile> {
  return withIoFaults("read", path, async () => {
    const stats = await statsOf(path);
    if (stats === null) return { kind: "absent" };
    if (!stats.isFile()) return { kind: "other", what: kindOf(stats) };
    const bytes = await read(path);
    if (bytes === "unreadable") return { kind: "other", what: "a file that this user may not read" };
    if (bytes === null) return { kind: "absent" };
    return {
      kind: "file",
      digest: createHash("sha256").update(bytes).digest("hex"),
      mode: stats.mode & 0o7777,
      content: bytes.length <= shownBytes ? bytes.toString() : null,
    };
  });
}

async function read(path: string): Promise<Buffer | "unreadable" | null> {
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    if (errnoOf(error) === "EACCES" || errnoOf(error) === "EPERM") return "unreadable";
    throw error;
  }
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function lookAtProcesses(
  sightings: Sightings,
  desired: readonly DesiredProcess[],
): Promise<Record<string, ObservedProcess>> {
  return byKey(
    desired,
    ({ key }) => key,
    async ({ mark, pidFile }): Promise<ObservedProcess> => {
      const { there, noted } = await readPidFile(pidFile);
      const { main, extras } = serviceProcesses(await sightings, mark, noted);
      if (main === null) return there ? { state: "dead" } : { state: "absent" };
      return { state: "running", ...main, pidFile, ...(extras.length === 0 ? {} : { extras }) };
    },
  );
}

async function lookAtIdentities(storedIds: readonly StoredId[]): Promise<Record<string, ObservedIdentity>> {
  const seen = await byKey(
    storedIds,
    ({ member }) => member,
    async ({ path, form }) => {
      const file = await lookAtFile(path);
      if (file.kind === "absent") return null;
      return parseStoredId(form, file.kind === "file" ? (file.content ?? "") : "");
    },
  );
  return Object.fromEntries(Object.entries(seen).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}

/** Asks as soon as it is known what does not run as wanted: so all hosts of one look ask together. */
async function lookAtPorts(
  sightings: Sightings,
  desired: readonly DesiredProcess[],
  machine: Machine,
): Promise<Record<string, PortHolder>> {
  const seen = await sightings;
  const starting = desired.filter(({ mark, inputs }) => {
    const { main } = serviceProcesses(seen, mark, null);
    return main === null || startsAnew(main, inputs);
  });
  const ports = starting.flatMap((process) => Object.values(process.ports));
  if (ports.length === 0) return {};
  const holders = await machine.holders(ports);
  return Object.fromEntries(ports.map((port) => [String(port), holders.get(port) ?? null]));
}
