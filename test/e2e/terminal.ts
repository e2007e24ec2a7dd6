/** A program on a terminal of its own, typed to as a person would: nothing is typed before what it waits for is seen. */
import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { expect } from "vitest";

export type Terminal = {
  /** Waits until the text is shown, after what was waited for last. */
  readonly see: (text: string) => Promise<void>;
  readonly type: (keys: string) => void;
  /** What was shown, without colours and movements. */
  readonly shown: () => string;
  readonly ended: Promise<number | null>;
};

/** @param command a line for sh */
export function openTerminal(
  command: string,
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Terminal {
  // util-linux's script(1) is the terminal; it ends with the command, and with its exit status.
  const child = spawn("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], {
    ...options,
    env: { ...options.env, TERM: "xterm-256color", LANG: "C.UTF-8" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let all = "";
  let seen = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => (all += text));
  const shown = (): string => stripVTControlCharacters(all);
  return {
    see: async (text) => {
      await expect.poll(() => shown().slice(seen), { timeout: 20_000 }).toContain(text);
      seen = shown().indexOf(text, seen) + text.length;
    },
    type: (keys) => child.stdin.write(keys),
    shown,
    ended: new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    }),
  };
}
