/** One change of a machine: lines of a shell script, and what its verdict means. */

import type { Readable } from "node:stream";

/** What became of it. */
export type Verdict = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type Operation<T = void> = {
  /** What it does, as it stands after "cannot": `write /etc/kctl/demo/broker/server.properties`. */
  readonly doing: string;
  /** The path or unit that it is about, for `where`. */
  readonly about?: string;
  /** Run in a subshell of their own after the prelude; exit 0 means done. */
  readonly lines: string;
  /** What was asked for, from what it printed. */
  readonly read: (stdout: string) => T;
  /** What of a failure is not a matter of files: then the plain explanations do not fit. */
  readonly failed?: (verdict: Verdict, node: string) => Error | null;
  /** What its script reads on its standard input; then it is a script of its own, which a process list shows. */
  readonly input?: Readable;
  /** Told what it prints as it comes; of an operation in a script of its own. */
  readonly heard?: (chunk: string) => void;
  /** Asked for again in one script before something `uses` it, once is enough: the last one. */
  readonly settles?: string;
  readonly uses?: string;
};

export function nothing(): void {
  return undefined;
}
