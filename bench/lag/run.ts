/**
 * `npm run bench -- --lag`: `kctl lag` beside `kafka-consumer-groups --describe --all-groups`, in turn, on a cluster of three brokers with
 * 1,000 partitions and 100 groups, each of which reads a topic of 100 partitions: 10,000 offsets.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { machine, median, table, type Row } from "../figures.ts";
import { packAndInstall } from "../pack.ts";
import { load } from "./load.ts";

const execute = promisify(execFile);
const rounds = 5;
const port = 21_092;
const topics = Array.from({ length: 10 }, (_, index) => `topic-${index}`);
const partitionsEach = 100;
const groups = 100;

const spec = `name: bench
provider: { type: local, port: ${port} }
kafka: { version: 4.3.1 }
nodes:
  - { group: kafka, count: 3, roles: [controller, broker] }
topics:
${topics.map((name) => `  - { name: ${name}, partitions: ${partitionsEach}, replicas: 1 }\n`).join("")}`;

type Timed = { readonly seconds: number; readonly lag: number };

const folder = await mkdtemp(join(tmpdir(), "kctl-bench-"));
const kctl = await packAndInstall(folder);
const run = async (...argv: readonly string[]): Promise<string> => {
  const [command = "", ...args] = argv;
  const { stdout } = await execute(command, args, { cwd: folder, maxBuffer: 1024 * 1024 * 1024 });
  return stdout;
};

async function timed(work: () => Promise<string>, lagIn: (out: string) => number): Promise<Timed> {
  const started = performance.now();
  const out = await work();
  return { seconds: (performance.now() - started) / 1000, lag: lagIn(out) };
}

function ofKctl(out: string): number {
  const { groups: told } = JSON.parse(out.trim().split("\n").at(-1) ?? "") as { groups: { lag: number }[] };
  return told.reduce((sum, { lag }) => sum + lag, 0);
}

/** GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG ... */
function ofTool(out: string): number {
  const rows = out.split("\n").filter((line) => /^group-\d+ /.test(line));
  return rows.reduce((sum, line) => sum + Number(line.split(/\s+/)[5]), 0);
}

try {
  await writeFile(join(folder, "kctl.yaml"), spec);
  const up = await run(process.execPath, kctl, "up", "--json");
  const { software } = JSON.parse(up.trim().split("\n").at(-1) ?? "") as { software: string };
  const wanted = await load({ host: "127.0.0.1", port }, { topics, groups });
  const tool = join(software, "bin/kafka-consumer-groups.sh");
  const ours: number[] = [];
  const theirs: number[] = [];
  // The first of each warms what the machine keeps of files.
  for (let round = 0; round <= rounds; round += 1) {
    const a = await timed(() => run(process.execPath, kctl, "lag", "--json"), ofKctl);
    const args = ["--bootstrap-server", `127.0.0.1:${port}`, "--describe", "--all-groups"];
    const b = await timed(() => run(tool, ...args), ofTool);
    if (a.lag !== wanted || b.lag !== wanted) throw new Error(`lag ${a.lag} and ${b.lag}, where it is ${wanted}`);
    if (round === 0) continue;
    ours.push(a.seconds);
    theirs.push(b.seconds);
  }
  report(median(ours), median(theirs));
} finally {
  await run(process.execPath, kctl, "destroy", "--yes").catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
}

function report(ours: number, theirs: number): void {
  const what = `\`kctl lag\` over ${topics.length * partitionsEach} partitions and ${groups} groups`;
  const ratio = ours / theirs;
  const rows: readonly Row[] = [
    { what, figure: `${ours.toFixed(2)} s`, limit: "2 s", ok: ours <= 2 },
    {
      what: "the same, against `kafka-consumer-groups --describe --all-groups`",
      figure: `${ours.toFixed(2)} s, Kafka's tool ${theirs.toFixed(2)} s: ${ratio.toFixed(2)}×`,
      limit: "0.5×",
      ok: ratio <= 0.5,
    },
  ];
  console.log(`${machine()}\n\n${table(rows)}\n`);
  process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;
}
