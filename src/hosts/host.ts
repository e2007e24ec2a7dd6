/** One machine: looked at in one go, changed step by step. Providers hand these out; nothing above knows how they work. */
import type { ObservedHost, RunningProcess } from "../plan/observed.ts";
import type { DesiredFile, DesiredFolder, DesiredHost, DesiredProcess } from "../services/desired.ts";

export type Host = {
  readonly node: string;
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
  /** Whether this very process still runs. */
  isAlive(running: RunningProcess): Promise<boolean>;
  /** SIGTERM, then SIGKILL after `graceSeconds`; resolves once it is gone. Only ever that very process. */
  stop(running: RunningProcess, graceSeconds: number, signal: AbortSignal): Promise<void>;
  /** Runs a program to its end; resolves to what it printed, and throws where it failed. */
  run(argv: readonly string[], folder: string, signal: AbortSignal): Promise<string>;
  /** The last `bytes` of a text file; empty where there is none. */
  tail(path: string, bytes: number): Promise<string>;
};
