/** Figures of commands, and of clusters on this machine. Commands that are compared run in turn, so that a machine whose speed drifts is fair to both. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { oneAndOne, threeAndThree, type Compared } from "./against-script.ts";
import { chart, type Bar } from "./chart.ts";
import { machine, median, table, type Row } from "./figures.ts";
import { measure, type Measured } from "./measure.ts";
import { packAndInstall, root } from "./pack.ts";
import { spec500 } from "./spec-500.ts";

const run = promisify(execFile);
const node = process.execPath;

async function times(count: number, measureOnce: () => Promise<Measured>): Promise<readonly Measured[]> {
  await measureOnce();
  const all: Measured[] = [];
  for (let index = 0; index < count; index += 1) all.push(await measureOnce());
  return all;
}

const folder = await mkdtemp(join(tmpdir(), "kctl-bench-"));
const rows: Row[] = [];
const bars: Bar[] = [];
const head = "# Benchmarks\n\nWritten by `npm run bench -- --write`, on the packed and installed program:";
const about = `![kctl up beside a bare shell script](benchmarks.svg)

The shell script (\`bench/bare-script.ts\`) writes the files that kctl writes, starts the same servers all at once with the flags of Kafka's own scripts, and waits
until each broker answers a request; for KRaft it formats storage with Kafka's tool and runs one server that is controller and broker. \`up\` is the whole
command: it checks the spec, looks, plans, writes, starts, waits until every server serves, and looks again. The software and its archive of classes are in the cache, and the one is run
after the other, five times.
`;
try {
  const kctl = await packAndInstall(folder);
  const env = {
    ...process.env,
    ...(process.env["KCTL_CACHE"] === undefined ? { KCTL_CACHE: join(folder, "cache") } : {}),
  };
  await help(kctl, env);
  await validate(kctl, env);
  await secondUp(kctl, env);
  const program = { node, kctl, folder, env };
  against("`up` of three ZooKeeper servers and three brokers, 3.9.1", await threeAndThree(program), 0.6);
  against("`up` of one controller and one broker, 4.3.1", await oneAndOne(program), 0.8);
} finally {
  await rm(folder, { recursive: true, force: true });
}
report();

async function help(kctl: string, env: NodeJS.ProcessEnv): Promise<void> {
  const ratios: number[] = [];
  const own: number[] = [];
  for (let index = 0; index < 21; index += 1) {
    const a = await measure([node, kctl, "--help"], { cwd: folder, env });
    const b = await measure([node, "-e", "0"], { cwd: folder, env });
    if (index === 0) continue;
    ratios.push(a.seconds / b.seconds);
    own.push(a.seconds);
  }
  const ratio = median(ratios);
  rows.push({
    what: "`kctl --help` against `node -e 0`",
    figure: `${ratio.toFixed(2)}× (${(median(own) * 1000).toFixed(0)} ms)`,
    limit: "1.4×",
    ok: ratio <= 1.4,
  });
}

async function validate(kctl: string, env: NodeJS.ProcessEnv): Promise<void> {
  const spec = join(folder, "500.yaml");
  await writeFile(spec, spec500());
  const all = await times(7, () => measure([node, kctl, "validate", "-f", spec], { cwd: folder, env, memory: true }));
  const seconds = median(all.map((one) => one.seconds));
  const peak = Math.max(...all.map(({ peakMiB }) => peakMiB));
  rows.push({
    what: "`validate` of a spec of 500 nodes",
    figure: `${seconds.toFixed(2)} s`,
    limit: "1 s",
    ok: seconds <= 1,
  });
  rows.push({ what: "its peak memory", figure: `${peak.toFixed(0)} MiB`, limit: "200 MB", ok: peak * 1.048576 <= 200 });
}

async function secondUp(kctl: string, env: NodeJS.ProcessEnv): Promise<void> {
  const spec = join(folder, "kctl.yaml");
  // All its ports lie below those that the system gives to clients.
  await writeFile(
    spec,
    "name: bench\nprovider: { type: local, port: 19092 }\nkafka: { version: 3.9.1 }\nnodes:\n  - { group: kafka, count: 3, roles: [zookeeper, broker] }\n",
  );
  await run(node, [kctl, "fetch", "-f", spec], { cwd: folder, env });
  try {
    await run(node, [kctl, "up", "-f", spec], { cwd: folder, env });
    const seconds = median(
      (await times(9, () => measure([node, kctl, "up", "-f", spec], { cwd: folder, env }))).map((one) => one.seconds),
    );
    rows.push({
      what: "second `up`, which changes nothing",
      figure: `${seconds.toFixed(2)} s`,
      limit: "0.8 s",
      ok: seconds <= 0.8,
    });
  } finally {
    await run(node, [kctl, "destroy", "--yes", "-f", spec], { cwd: folder, env });
  }
}

function against(what: string, { kctl, script }: Compared, most: number): void {
  const [ours, theirs] = [median(kctl), median(script)];
  const ratio = ours / theirs;
  bars.push({ what: what.replaceAll("`", ""), other: theirs, kctl: ours });
  rows.push({
    what: `${what}, against a bare shell script`,
    figure: `${ours.toFixed(1)} s, script ${theirs.toFixed(1)} s: ${ratio.toFixed(2)}×`,
    limit: `${most}×`,
    ok: ratio <= most,
  });
}

function report(): void {
  const text = `${machine()}\n\n${table(rows)}\n`;
  console.log(text);
  if (process.argv.includes("--write")) {
    writeFileSync(join(root, "docs/benchmarks.svg"), chart(bars));
    writeFileSync(join(root, "docs/benchmarks.md"), `${head} ${text}\n${about}`);
  }
  process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;
}
