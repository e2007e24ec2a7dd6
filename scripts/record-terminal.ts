/**
 * `node scripts/record-terminal.ts`: works with kctl on a real terminal, as a person would, and writes what was seen to docs/terminal.svg.
 * `--picture FOLDER` also writes the screens after each command, one SVG each.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { virtualTerminal } from "../test/report/support/terminal.ts";
import { recordingSvg, terminalSvg, type Frame, type Rows } from "./terminal-svg.ts";

const root = join(import.meta.dirname, "..");
const [columns, rows] = [104, 34];
const pictures = process.argv[2] === "--picture" ? (process.argv[3] ?? ".") : null;

const spec = `name: demo
provider: { type: local }
kafka: { version: 3.9.1 }
nodes:
  - { group: kafka, count: 3, roles: [zookeeper, broker] }
`;

/** Commands, and for how long what they show is left to be read, in seconds. */
const scenes: readonly (readonly [command: string, pause: number])[] = [
  ["kctl up --smoke-test", 5],
  ["clear; echo 'topics: [{ name: orders, partitions: 6 }]' >> kctl.yaml", 1],
  ["kctl plan", 3],
  ["kctl up --yes", 2],
  ["clear; kctl status", 5],
];

/** A screen that stands for less is not worth a frame. */
const leastSeconds = 0.12;
const prompt = "$ ";

type Session = { readonly run: (command: string) => Promise<void>; readonly end: () => Promise<void> };

/** A shell on a terminal; `shown` is told of each change of the screen, with what a person would see of time. */
function session(folder: string, shown: (seconds: number, screen: Rows) => void): Session {
  const screen = virtualTerminal(columns, rows);
  const driver = join(root, "test/e2e/on-a-terminal.py");
  const child = spawn("python3", [driver, String(columns), String(rows), "bash", "--rcfile", "shellrc"], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${join(folder, "bin")}:${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
      TERM: "xterm-256color",
      CI: "",
      NO_COLOR: undefined,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const started = performance.now();
  let work = Promise.resolve();
  child.stdout.on("data", (bytes: Buffer) => {
    const seconds = (performance.now() - started) / 1000;
    const show = async (): Promise<void> => {
      await screen.write(bytes);
      shown(seconds, screen.screen());
    };
    work = work.then(show);
  });
  const atPrompt = (): boolean => screen.rows().findLast((row) => row !== "") === prompt;
  const awaitPrompt = async (): Promise<void> => {
    while (!atPrompt()) await delay(20);
  };
  return {
    run: async (command) => {
      await awaitPrompt();
      for (const keys of [...command, "\r"]) {
        child.stdin.write(`${JSON.stringify({ keys })}\n`);
        await delay(keys === "\r" ? 150 : 35);
      }
      await awaitPrompt();
      await work;
    },
    end: async () => {
      child.stdin.write(`${JSON.stringify({ keys: "exit\r" })}\n`);
      await new Promise((resolve) => child.once("close", resolve));
    },
  };
}

const folder = mkdtempSync(join(tmpdir(), "kctl-recording-"));
const frames: Frame[] = [];
/** What was waited for so that it can be read, on top of what really passed. */
let pauses = 0;
try {
  writeFileSync(join(folder, "kctl.yaml"), spec);
  writeFileSync(join(folder, "shellrc"), `PS1='${prompt}'\nbind 'set enable-bracketed-paste off'\n`);
  mkdirSync(join(folder, "bin"));
  symlinkSync(join(root, "bin/kctl.js"), join(folder, "bin/kctl"));
  let isOver = false;
  const shell = session(folder, (seconds, screen) => {
    if (isOver) return;
    const at = seconds + pauses;
    const last = frames.at(-1);
    const tooSoon = last !== undefined && at - last.at < leastSeconds;
    frames.push({ at: tooSoon ? last.at : at, rows: screen });
    if (tooSoon) frames.splice(-2, 1);
  });
  for (const [index, [command, pause]] of scenes.entries()) {
    await shell.run(command);
    pauses += pause;
    const screen = frames.at(-1)?.rows ?? [];
    if (pictures !== null)
      writeFileSync(join(pictures, `scene-${index + 1}.svg`), terminalSvg(screen, columns, "kctl"));
  }
  isOver = true;
  await shell.end();
  execFileSync(process.execPath, [join(root, "bin/kctl.js"), "destroy", "--yes"], { cwd: folder, stdio: "ignore" });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const first = frames[0]?.at ?? 0;
const shifted = frames.map(({ at, rows: screen }) => ({ at: at - first, rows: screen }));
const seconds = Math.ceil((shifted.at(-1)?.at ?? 0) + 5);
writeFileSync(join(root, "docs/terminal.svg"), recordingSvg(shifted, { columns, rows, title: "kctl" }, seconds));
console.log(`docs/terminal.svg: ${shifted.length} screens, ${seconds} s`);
