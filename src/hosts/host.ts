/** One machine: looked at in one go, changed step by step. Providers hand these out; nothing above knows how they work. */
import type { ObservedHost, ObservedMachine, RunningProcess } from "../plan/observed.ts";
import type {
  DesiredFile,
  DesiredFolder,
  DesiredHost,
  DesiredProcess,
  DesiredVolume,
  HostJava,
  InstalledSoftware,
  JavaArtifact,
} from "../services/desired.ts";

/** What is done to a machine that is kctl's to set up; each is fine where it is done already. Asked for together, they go in one script. */
export type MachineHands = {
  /** Whether it was made; false where it was there. */
  makeUser(): Promise<boolean>;
  /** These three leave what another cluster on the machine uses, also one that began a moment ago. */
  removeUser(): Promise<void>;
  removePackages(names: readonly string[]): Promise<void>;
  removeSoftware(folders: readonly string[]): Promise<void>;
  /**
   * `onComing` is told which packages it will install, before it does; `onUse`, which folder of software it leads the link to.
   * @returns the packages that were installed for it
   */
  ensureJava(
    java: HostJava,
    seen: Pick<ObservedMachine, "java" | "javas">,
    options: SlowOptions & {
      readonly onComing: (names: readonly string[]) => Promise<void>;
      /** Told of packages that were to come, and did not. */
      readonly onNotCome: (names: readonly string[]) => Promise<void>;
      readonly onUse: (folder: string) => Promise<void>;
      /** Of a JRE, for machines whose distribution gives none. */
      readonly archive: (architecture: JavaArtifact["architecture"]) => Promise<SoftwareArchive>;
    },
  ): Promise<readonly string[]>;
  /**
   * Looked at once more before it is touched: only what is blank is formatted, and nothing is hidden by a mount.
   * @returns the packages that were installed for it
   */
  workOnVolume(
    work: "await" | "format" | "mount" | "grow",
    volume: DesiredVolume,
    options: SlowOptions & { readonly onComing: (names: readonly string[]) => Promise<void> },
  ): Promise<readonly string[]>;
  /** What is on it stays. */
  unmountVolume(volume: Pick<DesiredVolume, "unit" | "mountPoint">): Promise<void>;
  /** Fetched by the machine itself where it can, else sent to it. */
  installSoftware(software: InstalledSoftware, archive: SoftwareArchive, options: SlowOptions): Promise<void>;
  /** @returns whether it is gone: one that a process runs from, or that another cluster names, stays */
  removeOldSoftware(folder: string): Promise<boolean>;
  /** What transfers that were cut off left, by name, but for what another cluster's kctl works with. */
  removeLeftovers(names: readonly string[]): Promise<void>;
  writeLink(path: string, target: string): Promise<void>;
  /** A symbolic link of kctl's own. */
  removeLink(path: string): Promise<void>;
  /** Folders, deepest first: those that are empty go. */
  removeIfEmpty(paths: readonly string[]): Promise<void>;
  /** `changed-meanwhile`: it is no longer `former`, and was left. */
  writeHostsFile(change: {
    readonly former: string | null;
    readonly content: string;
  }): Promise<"written" | "changed-meanwhile">;
  /** @returns what of it the kernel refused */
  setSysctls(
    settings: Readonly<Record<string, string>>,
  ): Promise<readonly { readonly name: string; readonly why: string }[]>;
  /** systemd reads its units' files again. */
  reloadUnits(): Promise<void>;
  /** The same, unless it needs none of it for these, which are all that the cluster has on the machine. */
  readUnits(units: readonly string[]): Promise<void>;
  enableUnit(unit: string): Promise<void>;
  disableUnit(unit: string): Promise<void>;
  /** Stops it in whatever state it is. */
  quietUnit(unit: string): Promise<void>;
};

/** In this machine's cache, checked; `urls` are where others have the very same. */
export type SoftwareArchive = {
  readonly path: string;
  readonly sha512: string;
  readonly urls: readonly string[];
  /** Makes certain that what lies at `path` is whole; absent: it is. */
  readonly beforeSending?: () => Promise<unknown>;
};

export type SlowOptions = {
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number;
  /** Told in a phrase what it waits for, where that takes long. */
  readonly onWait: (what: string) => void;
};

export type Host = {
  readonly node: string;
  /** Absent where the machine is not kctl's to set up. */
  readonly machine?: MachineHands;
  /** Reads only. Ports are looked at only for processes that do not run. */
  look(desired: DesiredHost, signal: AbortSignal): Promise<ObservedHost>;
  makeFolder(folder: DesiredFolder): Promise<void>;
  /** Atomic: written beside the target, renamed into place; never through a symlink. */
  writeFile(file: DesiredFile): Promise<void>;
  removeFile(path: string): Promise<void>;
  /** With everything in it; never follows a symlink. A path that is not there is fine. */
  removeTree(path: string): Promise<void>;
  /** Starts it detached; resolves once its pid file is written and it has been seen alive. */
  start(process: DesiredProcess): Promise<RunningProcess>;
  /** Whoever waits for something asks it no more often than this; 0 where asking costs nothing. */
  readonly patienceMs: number;
  /** Whether this very process still runs. */
  isAlive(running: RunningProcess): Promise<boolean>;
  /** SIGTERM, then SIGKILL after `graceSeconds`; resolves once it is gone. Only ever that very process. */
  stop(running: RunningProcess, graceSeconds: number, signal: AbortSignal): Promise<void>;
  /** Runs a program to its end; resolves to what it printed, and throws where it failed. */
  run(argv: readonly string[], folder: string, signal: AbortSignal): Promise<string>;
  /** The last `bytes` of a text file; empty where there is none. */
  tail(path: string, bytes: number): Promise<string>;
};
