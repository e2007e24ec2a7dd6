/** The installed command line on a real terminal (python3's pty), what it writes shown by a terminal in memory. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { inject } from "vitest";
import { virtualTerminal, type VirtualTerminal } from "../report/support/terminal.ts";
import type { Place } from "./kctl.ts";

export type Session = {
  readonly terminal: VirtualTerminal;
  readonly type: (keys: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  /** Resolves once what is seen satisfies it; rejects where the program ends before. */
  readonly until: (holds: (seen: string) => boolean) => Promise<string>;
  readonly exit: Promise<number | null>;
};

export function onTerminal(at: Place, columns: number, rows: number, ...args: readonly string[]): Session {
  const program = join(import.meta.dirname, "on-a-terminal.py");
  const child = spawn("python3", [program, String(columns), String(rows), inject("kctl"), ...args], {
    cwd: at.folder,
    env: { ...at.env, JAVA_HOME: process.env["JAVA_HOME"], TERM: "xterm-256color", TERM_PROGRAM: "vscode" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const terminal = virtualTerminal(columns, rows);
  const looks = new Set<() => void>();
  let shown: Promise<void> = Promise.resolve();
  child.stdout.on("data", (bytes: Buffer) => {
    shown = terminal.write(bytes).then(() => looks.forEach((look) => look()));
  });
  const command = (one: object): void => void child.stdin.write(`${JSON.stringify(one)}\n`);
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => void shown.then(() => resolve(code)));
  });
  return {
    terminal,
    exit,
    type: (keys) => command({ keys }),
    resize: (columns, rows) => {
      terminal.resize(columns, rows);
      command({ resize: [columns, rows] });
    },
    until: async (holds) => {
      const seen = (): string => terminal.all().join("\n");
      const found = new Promise<string>((resolve) => {
        const look = (): void => {
          if (holds(seen())) resolve(seen());
        };
        looks.add(look);
        look();
      });
      const over = exit.then((code): never => {
        throw new Error(`it ended with ${code}:\n${seen()}`);
      });
      return Promise.race([found, over]);
    },
  };
}
