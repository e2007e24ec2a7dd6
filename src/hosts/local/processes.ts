/** The processes of this machine's user, as each system shows them, and which of them is a service. */
import type { RunningProcess } from "../../plan/observed.ts";

/** A process whose arguments were of interest. */
export type Sighting = {
  readonly pid: number;
  readonly parent: number;
  readonly birth: string;
  readonly command: CommandLine;
};

/** The arguments, each between separators, the first and the last too. macOS tells no better one than a space. */
export type CommandLine = { readonly text: string; readonly separator: "\0" | " " };

export type Processes = {
  /** Those of this user whose command line is `interesting`; a process that has ended is not among them. */
  readonly sightings: (interesting: (command: CommandLine) => boolean) => Promise<readonly Sighting[]>;
  /** Which process has this pid; null where none has, or it has ended and only waits to be collected. */
  readonly birthOf: (pid: number) => Promise<string | null>;
};

export function hasArgument({ text, separator }: CommandLine, argument: string): boolean {
  return text.includes(separator + argument + separator);
}

/** What the process was started with, as its own argument says: `-Dkctl.inputs=DIGEST`. */
export function inputsOf({ text, separator }: CommandLine): string | null {
  const from = `${separator}-Dkctl.inputs=`;
  const start = text.indexOf(from);
  if (start === -1) return null;
  return text.slice(start + from.length).split(separator, 1)[0] ?? null;
}

/** The program that it runs: what stands before the first option. */
function programOf({ text, separator }: CommandLine): string | null {
  const end = text.indexOf(`${separator}-`);
  return end === -1 ? null : text.slice(separator.length, end);
}

/** What a pid file says; never believed alone. */
export type Noted = { readonly pid: number; readonly birth: string };

/**
 * The processes of one service. Two may have started it at once: then the one that the pid file names is the
 * service, else the oldest, and the rest are `extras`.
 */
export function serviceProcesses(
  sightings: readonly Sighting[],
  mark: string,
  noted: Noted | null,
): { readonly main: RunningProcess | null; readonly extras: readonly RunningProcess[] } {
  const marked = sightings.filter(({ command }) => hasArgument(command, mark));
  const pids = new Set(marked.map(({ pid }) => pid));
  // A process that starts a child shows its own arguments twice until the child has its own.
  const own = marked.filter(({ parent }) => !pids.has(parent)).toSorted((a, b) => compareBirths(a.birth, b.birth));
  const main = own.find(({ pid, birth }) => pid === noted?.pid && birth === noted.birth) ?? own[0];
  if (main === undefined) return { main: null, extras: [] };
  const running = ({ pid, birth, command }: Sighting): RunningProcess => ({
    pid,
    birth,
    inputs: inputsOf(command),
    program: programOf(command),
  });
  return { main: running(main), extras: own.filter((other) => other !== main).map(running) };
}

/** Births are `BOOT TIME`; of one boot, the smaller time is the older process. */
function compareBirths(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}
