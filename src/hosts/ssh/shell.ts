/** A way to run a POSIX shell script on one machine as root: over SSH in earnest, on this machine in tests. */
import type { Readable } from "node:stream";

export type ShellResult = {
  /** The script's exit status; null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  /** Whole, for the fault's detail. */
  readonly stderr: string;
};

export type ShellOptions = {
  readonly signal: AbortSignal;
  /**
   * What `program` reads on its standard input. Then the script itself is `sh -c`'s argument and must hold nothing secret;
   * without it the script is given on standard input, and nothing of it is seen in a process list.
   */
  readonly input?: Readable | Buffer;
  /** Called as the script goes out, where a session had to be opened or waited for first. */
  readonly onSent?: () => void;
  /** Called with what it prints as it comes. */
  readonly onStdout?: (chunk: string) => void;
};

export type Shell = {
  /** The machine's name in faults. */
  readonly node: string;
  /** Throws a fault only where the machine could not be reached, or does not let this user be root; a failed script is a result. */
  run(script: string, options: ShellOptions): Promise<ShellResult>;
};
