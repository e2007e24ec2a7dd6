/** What a script printed, told from what stands before it (a login script's) and behind it (the next script's) by marks. */
import type { ShellOptions } from "./shell.ts";

/** What one run may print, and be kept of it. */
export const longestOutput = 32 * 1024 * 1024;

export type Heard = {
  /** Whether the mark of its beginning has come. */
  readonly begun: () => boolean;
  /** Of the shell that said so, there. */
  readonly pid: () => string | null;
  /** The end of what came before. */
  readonly before: () => string;
  readonly text: () => string;
  /** The exit status that stood behind the mark of its end; null until then, and where there is none. */
  readonly code: () => number | null;
  /** @returns false once it is more than can be kept */
  readonly add: (chunk: Buffer) => boolean;
};

/**
 * Standard output as UTF-8 in which wrong bytes are replaced.
 * @param mark with the shell's process id behind it
 * @param end with the exit status behind it; null where the session's own end is the end
 */
export function heard(mark: string, end: string | null, onStdout: ShellOptions["onStdout"]): Heard {
  const decoder = new TextDecoder();
  const kept: string[] = [];
  let pid: string | null = null;
  let before = Buffer.alloc(0);
  let bytes = 0;
  // What may be the beginning of the mark of the end.
  let held = "";
  let code: number | null = null;
  const pass = (text: string): void => {
    if (text === "") return;
    onStdout?.(text);
    if (onStdout === undefined || bytes <= longestOutput) kept.push(text);
  };
  const take = (chunk: Buffer): void => {
    const text = held + decoder.decode(chunk, { stream: true });
    const at = end === null ? -1 : text.indexOf(end);
    if (end === null || at === -1) {
      held = end === null ? "" : beginningOf(end, text);
      pass(text.slice(0, text.length - held.length));
      return;
    }
    pass(text.slice(0, at));
    held = text.slice(at);
    const line = held.indexOf("\n");
    if (line !== -1) code ??= Number(held.slice(end.length, line));
  };
  return {
    begun: () => pid !== null,
    pid: () => pid,
    before: () => before.toString(),
    text: () => kept.join("") + (end === null ? decoder.decode() : ""),
    code: () => code,
    add: (chunk) => {
      if (pid !== null) {
        bytes += chunk.length;
        take(chunk);
        return onStdout !== undefined || bytes <= longestOutput;
      }
      before = Buffer.concat([before, chunk]);
      const at = before.indexOf(mark);
      const line = at === -1 ? -1 : before.indexOf("\n", at);
      if (line !== -1) {
        pid = before.toString("latin1", at + mark.length, line).trim();
        take(before.subarray(line + 1));
      }
      // However much a login script prints, the mark may be cut in two by chunks.
      before = before.subarray(-64 * 1024);
      return true;
    },
  };
}

/** The longest end of the text that the mark may go on from. */
function beginningOf(mark: string, text: string): string {
  for (let length = Math.min(mark.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(mark.slice(0, length))) return mark.slice(0, length);
  return "";
}

const longestStderr = 1024 * 1024;

export type HeardErrors = {
  readonly add: (chunk: Buffer) => void;
  readonly text: () => string;
  /** Whether the mark of its end has come. */
  readonly ended: () => boolean;
};

/** The end of standard error, where the reason stands. */
export function heardErrors(end: string | null): HeardErrors {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let cut = false;
  let last = Buffer.alloc(0);
  const shorten = (): Buffer => {
    const whole = Buffer.concat(chunks);
    const kept = whole.subarray(-longestStderr);
    chunks = [kept];
    cut ||= whole.length > longestStderr;
    bytes = kept.length;
    return kept;
  };
  return {
    add: (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > 2 * longestStderr) shorten();
      if (end !== null) last = Buffer.concat([last.subarray(-end.length), chunk]);
    },
    text: () => {
      const kept = shorten();
      const at = end === null ? -1 : kept.lastIndexOf(end);
      return `${cut ? "(the beginning is left out)\n" : ""}${new TextDecoder().decode(at === -1 ? kept : kept.subarray(0, at))}`;
    },
    ended: () => end !== null && last.includes(end),
  };
}
