/**
 * `npm run check`: every gate, a line each; what a tool says is shown where its gate fails. `npm run check -- lint types` runs
 * those two. `npm run fix` (`--fix`) first mends what the tools can mend by themselves.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";

type Gate = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** What mends it, where something can. */
  readonly fix?: readonly string[];
};

const root = join(import.meta.dirname, "..");
const node = process.execPath;

/** Slowest first: they decide how long it takes. test/gates/ sees each of them fail. */
const gates: readonly Gate[] = [
  { name: "package", command: node, args: ["scripts/package-check.ts"] },
  { name: "types", command: "tsc", args: [] },
  { name: "lint", command: "oxlint", args: ["--format=default"], fix: ["--fix", "--quiet"] },
  { name: "dead-code", command: "knip", args: ["--no-progress"] },
  { name: "generated", command: node, args: ["scripts/generate.ts", "--check"], fix: ["scripts/generate.ts"] },
  { name: "format", command: "oxfmt", args: ["--list-different"], fix: ["--write"] },
];

type Ended = { readonly ok: boolean; readonly text: string };

/** Without CI and colours, so that tools say the same everywhere. */
const { CI: _ci, FORCE_COLOR: _colour, ...inherited } = process.env;
const env: NodeJS.ProcessEnv = {
  ...inherited,
  NO_COLOR: "1",
  PATH: [join(root, "node_modules/.bin"), process.env["PATH"] ?? ""].join(delimiter),
};

async function run(command: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return new Promise((resolve) => {
    child.once("error", ({ message }) => resolve({ ok: false, text: message }));
    child.once("close", (status) => resolve({ ok: status === 0, text }));
  });
}

/** @returns whether it passed */
async function check({ name, command, args }: Gate): Promise<boolean> {
  const started = performance.now();
  const { ok, text } = await run(command, args);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${ok ? "ok    " : "FAILED"} ${name.padEnd(12)} ${seconds.padStart(5)} s`);
  if (!ok) console.log(`${text.trim().replaceAll(/^/gm, "       ")}\n`);
  return ok;
}

function wanted(): Gate[] {
  const names = process.argv.slice(2).filter((argument) => argument !== "--fix");
  const unknown = names.find((name) => !gates.some((gate) => gate.name === name));
  if (unknown !== undefined) throw new Error(`no gate "${unknown}": ${gates.map(({ name }) => name).join(", ")}`);
  return gates.filter(({ name }) => names.length === 0 || names.includes(name));
}

async function checkAll(): Promise<boolean> {
  const waiting = wanted();
  const passed: boolean[] = [];
  const worker = async (): Promise<void> => {
    for (let gate = waiting.shift(); gate !== undefined; gate = waiting.shift()) passed.push(await check(gate));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return passed.every(Boolean);
}

if (process.argv.includes("--fix")) {
  // In turn: the formatter comes last, and writes over what the others wrote.
  for (const { command, fix } of gates) if (fix !== undefined) await run(command, fix);
}
process.exitCode = (await checkAll()) ? 0 : 1;
