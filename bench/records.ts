/** `npm run bench -- --records`: a million records of 100 bytes through kctl and through kcat, in turn, each to and from the same topic. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { machine, median, table, type Row } from "./figures.ts";
import { packAndInstall } from "./pack.ts";

type Measured = { readonly seconds: number; readonly peakMiB: number };

const run = promisify(execFile);
const node = process.execPath;
const records = 1_000_000;
const valueBytes = 100;
const rounds = 3;
const mostTimes = 7;
const mostMB = 250;

/** Files, as shells redirect them: no pipe of ours is in the way. */
async function measure(argv: readonly string[], input: string, output: string): Promise<Measured> {
  const [command = node, ...args] = argv;
  const watch = join(import.meta.dirname, "peak-memory.mjs");
  const started = process.hrtime.bigint();
  const child = spawn(command, args, {
    cwd: folder,
    env: command === node ? { ...env, NODE_OPTIONS: `--import "${watch}"` } : env,
    stdio: [openSync(input, "r"), openSync(output, "w"), "inherit", "pipe"],
  });
  let text = "";
  child.stdio[3]?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [exit] = (await once(child, "close")) as [number | null];
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (exit !== 0) throw new Error(`${argv.join(" ")} ended with ${exit}`);
  return { seconds, peakMiB: Number.parseFloat(text) / 1024 };
}

async function writeRecords(path: string): Promise<void> {
  const file = createWriteStream(path);
  for (let at = 0; at < records; at += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, index) => `${String(at + index).padStart(valueBytes, "0")}\n`);
    if (!file.write(lines.join(""))) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
}

const folder = await mkdtemp(join(tmpdir(), "kctl-bench-"));
const env = { ...process.env, KCTL_CACHE: process.env["KCTL_CACHE"] ?? join(folder, "cache") };
const port = 19092;
const spec = `name: bench
provider: { type: local, port: ${port} }
kafka: { version: 4.3.1 }
nodes: [{ name: solo, roles: [controller, broker] }]
topics: [{ name: produced, partitions: 6 }, { name: consumed, partitions: 6 }]
`;

function rowsOf(verb: string, ours: readonly Measured[], theirs: readonly Measured[]): readonly Row[] {
  const [a, b] = [ours, theirs].map((all) => median(all.map(({ seconds }) => seconds)));
  const ratio = (a ?? Number.NaN) / (b ?? Number.NaN);
  const peak = Math.max(...ours.map(({ peakMiB }) => peakMiB)) * 1.048576;
  return [
    {
      what: `\`kctl ${verb}\` of 1,000,000 records of 100 bytes, against kcat`,
      figure: `${a?.toFixed(2)} s, kcat ${b?.toFixed(2)} s: ${ratio.toFixed(2)}×`,
      limit: `${mostTimes}×`,
      ok: ratio <= mostTimes,
    },
    { what: "its peak memory", figure: `${peak.toFixed(0)} MB`, limit: `${mostMB} MB`, ok: peak <= mostMB },
  ];
}

/** The first round warms the broker up. */
async function inTurn(
  verb: string,
  ours: readonly string[],
  theirs: readonly string[],
  input: string,
): Promise<readonly Row[]> {
  const [kctls, kcats]: [Measured[], Measured[]] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    kctls.push(await measure(ours, input, "/dev/null"));
    kcats.push(await measure(theirs, input, "/dev/null"));
  }
  return rowsOf(verb, kctls.slice(1), kcats.slice(1));
}

const rows: Row[] = [];
try {
  const kctl = await packAndInstall(folder);
  await writeFile(join(folder, "kctl.yaml"), spec);
  const lines = join(folder, "records");
  await writeRecords(lines);
  const address = `127.0.0.1:${port}`;
  const ourProduce = [node, kctl, "produce", "produced", "--quiet"];
  const theirProduce = ["kcat", "-P", "-b", address, "-t", "produced"];
  const ourConsume = [node, kctl, "consume", "consumed", "--quiet"];
  const theirConsume = ["kcat", "-C", "-b", address, "-t", "consumed", "-e", "-q"];
  await run(node, [kctl, "up", "--yes"], { cwd: folder, env });
  try {
    await measure([node, kctl, "produce", "consumed", "--quiet"], lines, "/dev/null");
    rows.push(...(await inTurn("produce", ourProduce, theirProduce, lines)));
    rows.push(...(await inTurn("consume", ourConsume, theirConsume, "/dev/null")));
    const read = join(folder, "read");
    await measure(ourConsume, "/dev/null", read);
    const { stdout } = await run("sh", ["-c", `sort "${read}" | cmp - "${lines}" && echo same`], {
      env: { ...env, LC_ALL: "C" },
    });
    rows.push({
      what: "what was read is what was written",
      figure: stdout.trim(),
      limit: "same",
      ok: stdout === "same\n",
    });
  } finally {
    await run(node, [kctl, "destroy", "--yes"], { cwd: folder, env });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${machine()}\n\n${table(rows)}`);
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;
