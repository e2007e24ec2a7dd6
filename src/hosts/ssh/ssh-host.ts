/** A machine that is kctl's to set up, reached by a shell: looked at in one script, changed in few. */
import type { ObservedHost } from "../../plan/observed.ts";
import type { DesiredHost } from "../../services/desired.ts";
import type { Host } from "../host.ts";
import { alone, batchOf, type BatchOptions } from "./batch.ts";
import { makeFolder, removeFile, tailOf, writeFile, writeLink } from "./files.ts";
import { writeHostsFile, type HostsFileChange } from "./hosts-file.ts";
import { removeIfEmpty, removeTree } from "./remove-tree.ts";
import { runProgram } from "./run-program.ts";
import { isServerAlive, startServer, stopServer } from "./server.ts";
import type { Shell } from "./shell.ts";
import { setSysctls, type RefusedSetting } from "./sysctl.ts";
import { disableUnit, enableUnit, quietUnit, reloadUnits, runUnit } from "./units.ts";
import { makeUser, removeUser } from "./user.ts";

export type SshHostOptions = BatchOptions & {
  readonly shell: Shell;
  readonly cluster: string;
  readonly look: (shell: Shell, desired: DesiredHost, signal: AbortSignal) => Promise<ObservedHost>;
  /** Folders outside of kctl's usual ones in which all is kctl's: data disks that the spec names. */
  readonly roots?: readonly string[];
  /** Ends what is under way on the host; the changes of a Host have no signal of their own. */
  readonly signal: AbortSignal;
};

/** What is changed of a machine besides files and processes. Asked for together, they go in one script with those. */
export type MachineChanges = {
  /** Whether it was made; false where it was there. */
  makeUser(): Promise<boolean>;
  removeUser(): Promise<void>;
  writeLink(path: string, target: string): Promise<void>;
  /** Folders, deepest first: those that are empty go. */
  removeIfEmpty(paths: readonly string[]): Promise<void>;
  writeHostsFile(change: HostsFileChange): Promise<"written" | "changed-meanwhile">;
  setSysctls(settings: Readonly<Record<string, string>>): Promise<readonly RefusedSetting[]>;
  reloadUnits(): Promise<void>;
  enableUnit(unit: string): Promise<void>;
  disableUnit(unit: string): Promise<void>;
  runUnit(unit: string): Promise<void>;
  /** Stops it in whatever state it is, one that is about to be restarted as well. */
  quietUnit(unit: string): Promise<void>;
};

export type SshHost = Host & { readonly machine: MachineChanges };

export function sshHost(options: SshHostOptions): SshHost {
  const { shell, cluster, user, roots = [], signal } = options;
  const change = batchOf(shell, options, signal);
  // Questions do not wait behind changes.
  const ask = batchOf(shell, options, signal);
  return {
    node: shell.node,
    look: (desired, own) => options.look(shell, desired, own),
    makeFolder: async (folder) => change(makeFolder(folder, roots)),
    writeFile: async (file) => change(writeFile(file, roots)),
    removeFile: async (path) => change(removeFile(path, roots)),
    removeTree: async (path) => change(removeTree(path, roots)),
    start: (process) => change(startServer(process, `kctl-${cluster}-${process.role}.service`)),
    isAlive: (running) => ask(isServerAlive(running)),
    stop: (running, graceSeconds, own) => alone(shell, stopServer(running, graceSeconds), options, own),
    run: (argv, folder, own) => alone(shell, runProgram(argv, folder), options, own),
    tail: (path, bytes) => ask(tailOf(path, bytes)),
    machine: {
      makeUser: () => change(makeUser(user)),
      removeUser: () => change(removeUser(user)),
      writeLink: async (path, target) => change(writeLink(path, target)),
      removeIfEmpty: async (paths) => change(removeIfEmpty(paths)),
      writeHostsFile: (file) => change(writeHostsFile(file)),
      setSysctls: (settings) => change(setSysctls(settings)),
      reloadUnits: () => change(reloadUnits()),
      enableUnit: (unit) => change(enableUnit(unit)),
      disableUnit: (unit) => change(disableUnit(unit)),
      runUnit: (unit) => change(runUnit(unit)),
      quietUnit: (unit) => alone(shell, quietUnit(unit), options, signal),
    },
  };
}
