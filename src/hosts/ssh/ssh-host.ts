/** A machine that is kctl's to set up, reached by a shell: looked at in one script, changed in few. */
import type { ObservedHost } from "../../plan/observed.ts";
import type { DesiredHost } from "../../services/desired.ts";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { Host, MachineHands, SoftwareArchive } from "../host.ts";
import { ensureJava, type EnsureJavaOptions, type Jre } from "./ensure-java.ts";
import { ensureVolume } from "./ensure-volume.ts";
import { removeLeftovers } from "./leftovers.ts";
import { installSoftware } from "./software.ts";
import { removeOldSoftware, removeSoftwareTree } from "./old-software.ts";
import { removePackages } from "./packages.ts";
import { alone, batchOf, type BatchOptions } from "./batch.ts";
import type { Sharing } from "./share.ts";
import { makeFolder, removeFile, removeLink, tailOf, writeFile, writeLink } from "./files.ts";
import { writeHostsFile } from "./hosts-file.ts";
import { removeIfEmpty, removeTree } from "./remove-tree.ts";
import { runProgram } from "./run-program.ts";
import { isServerAlive, startServer, stopServer } from "./server.ts";
import type { Shell } from "./shell.ts";
import { setSysctls } from "./sysctl.ts";
import { disableUnit, enableUnit, quietUnit, readUnits, reloadUnits, tailOfJournal } from "./units.ts";
import { incomingFolder } from "./unpack-software.ts";
import { unlessUsed } from "./unless-used.ts";
import { makeUser, removeUser } from "./user.ts";
import { unmountVolume } from "./volume.ts";

export type SshHostOptions = BatchOptions & {
  readonly shell: Shell;
  readonly cluster: string;
  readonly look: (shell: Shell, desired: DesiredHost, signal: AbortSignal) => Promise<ObservedHost>;
  /** Folders outside of kctl's usual ones in which all is kctl's: data disks that the spec names. */
  readonly roots?: readonly string[];
  /** The others, which may have the same software from this one; null: each is sent it. */
  readonly others?: Sharing | null;
  /** Ends what is under way on the host; the changes of a Host have no signal of their own. */
  readonly signal: AbortSignal;
};

export type SshHost = Host & { readonly machine: MachineHands };

/** Stands before a unit's name where its journal is meant, and no file. */
const journal = "journal:";

export function sshHost(options: SshHostOptions): SshHost {
  const { shell, cluster, user, roots = [], signal } = options;
  const change = batchOf(shell, options, signal);
  // Questions do not wait behind changes, and need no lock.
  const ask = batchOf(shell, { ...options, fence: () => "" }, signal);
  return {
    node: shell.node,
    look: (desired, own) => options.look(shell, desired, own),
    makeFolder: async (folder) => change(makeFolder(folder, roots)),
    writeFile: async (file) => change(writeFile(file, roots)),
    removeFile: async (path) => change(removeFile(path, roots)),
    removeTree: async (path) => change(removeTree(path, roots)),
    start: (process) => change(startServer(process, `kctl-${cluster}-${process.role}.service`)),
    patienceMs: 1000,
    isAlive: (running) => ask(isServerAlive(running)),
    stop: (running, graceSeconds, own) => alone(shell, stopServer(running, graceSeconds), options, own),
    run: (argv, folder, own) => alone(shell, runProgram(argv, folder), options, own),
    tail: (path, bytes) =>
      ask(path.startsWith(journal) ? tailOfJournal(path.slice(journal.length)) : tailOf(path, bytes)),
    machine: {
      ensureJava: async (java, seen, { timeoutSeconds, archive, signal: own, ...told }) => {
        const its = { ...options, ...told, lockSeconds: timeoutSeconds };
        const jre: EnsureJavaOptions["archive"] = async (architecture) =>
          delivered(java.unpacked, await archive(architecture), "java", told.onWait, options);
        return (await ensureJava(shell, java, seen, { ...its, archive: jre }, own)).added;
      },
      workOnVolume: (work, volume, { timeoutSeconds, onWait, onComing, signal: own }) => {
        const its = { ...options, timeoutSeconds, lockSeconds: timeoutSeconds, onWait, onComing };
        return ensureVolume(shell, work, volume, its, own);
      },
      unmountVolume: (volume) => alone(shell, unmountVolume(volume), options, signal),
      removePackages: async (names) => {
        await alone(shell, unlessUsed(removePackages(names, 60), cluster, null), options, signal);
      },
      installSoftware: async ({ folder, artifact }, archive, slow) => {
        const { software, others } = await delivered(folder, archive, artifact, slow.onWait, options);
        await installSoftware(shell, options, software, slow.signal, others);
      },
      removeOldSoftware: async (folder) => change(removeOldSoftware(folder, cluster)),
      removeLeftovers: async (names) => change(removeLeftovers(cluster, names)),
      writeLink: async (path, target) => change(writeLink(path, target)),
      removeLink: async (path) => change(removeLink(path)),
      makeUser: () => change(makeUser(user)),
      removeUser: () => change(unlessUsed(removeUser(user), cluster, null)),
      removeSoftware: async (folders) => {
        // With what a cut upload left, or a kctl that was killed while hosts had it from each other.
        const ended = change(removeLeftovers(cluster, null));
        await Promise.all([
          ended,
          ...folders.map((folder) => change(unlessUsed(removeSoftwareTree(folder), cluster, folder))),
          change(unlessUsed(removeTree(incomingFolder), cluster, null)),
        ]);
      },
      removeIfEmpty: async (paths) => change(removeIfEmpty(paths)),
      writeHostsFile: (file) => change(writeHostsFile(file)),
      setSysctls: (settings) => change(setSysctls(settings)),
      reloadUnits: () => change(reloadUnits()),
      readUnits: (units) => change(readUnits(units)),
      enableUnit: (unit) => change(enableUnit(unit)),
      disableUnit: (unit) => change(disableUnit(unit)),
      quietUnit: (unit) => alone(shell, quietUnit(unit), options, signal),
    },
  };
}

/** An archive of this machine's as it is sent there, or had by the host otherwise. */
async function delivered(
  folder: string,
  { path, sha512, urls, beforeSending }: SoftwareArchive,
  of: Parameters<Sharing["at"]>[0],
  onWait: (what: string) => void,
  { cluster, others = null }: SshHostOptions,
): Promise<Jre> {
  const { size: bytes } = await stat(path);
  const open = (offset: number): Readable => createReadStream(path, { start: offset });
  const software = { folder, sha512, bytes, stripComponents: 1, urls, open };
  const at = others?.at(of) ?? null;
  return {
    software: beforeSending === undefined ? software : { ...software, beforeSending },
    others: others === null || at === null ? null : { relay: others.relayOf(sha512), cluster, at, onWait },
  };
}
