/** What every operation is given: where it runs, whom it tells, and what stops it. */
import type { Emit } from "../report/events.ts";

export type Context = {
  /** A path, or `-` for standard input. */
  readonly specFile: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** How many things are done side by side at most, on each machine where nodes have their own. */
  readonly concurrency: number;
  /** For each wait. */
  readonly timeoutSeconds: number;
  /** Asks on the terminal; null where there is none. Resolves to what was typed. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** Asks for a secret, which is not shown as it is typed. */
  readonly askSecret: ((question: string) => Promise<string>) | null;
  /** Has something done once the command has ended, however it ended. */
  readonly atEnd: (what: () => void) => void;
};
