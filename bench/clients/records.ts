/** A million records of 100 bytes through kctl and through kcat, in turn, each to and from the same topic of one broker. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Program } from "../against-script.ts";
import { median, type Row } from "../figures.ts";
import { measure, type Measured } from "../measure.ts";

const run = promisify(execFile);
const records = 1_000_000;
const valueBytes = 100;
const rounds = 3;
const mostTimes = 7;
const mostMB = 250;
const port = 19_092;

const spec = `name: bench
provider: { type: local, port: ${port} }
kafka: { version: 4.3.1 }
nodes: [{ name: solo, roles: [controller, broker] }]
topics: [{ name: produced, partitions: 6 }, { name: consumed, partitions: 6 }]
`;

async function writeRecords(path: string): Promise<void> {
  const file = createWriteStream(path);
  for (let at = 0; at < records; at += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, index) => `${String(at + index).padStart(valueBytes, "0")}\n`);
    if (!file.write(lines.join(""))) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
}

function rowsOf(verb: string, ours: readonly Measured[], theirs: readonly Measured[]): readonly Row[] {
  const seconds = (all: readonly Measured[]): number => median(all.map((one) => one.seconds));
  const ratio = seconds(ours) / seconds(theirs);
  const peak = Math.max(...ours.map(({ peakMiB }) => peakMiB)) * 1.048576;
  return [
    {
      what: `\`kctl ${verb}\` of 1,000,000 records of 100 bytes, against kcat`,
      figure: `${seconds(ours).toFixed(2)} s, kcat ${seconds(theirs).toFixed(2)} s: ${ratio.toFixed(2)}×`,
      limit: `${mostTimes}×`,
      ok: ratio <= mostTimes,
    },
    { what: "its peak memory", figure: `${peak.toFixed(0)} MB`, limit: `${mostMB} MB`, ok: peak <= mostMB },
  ];
}

export async function recordRows({ node, kctl, folder: above, env }: Program): Promise<readonly Row[]> {
  const folder = join(above, "records");
  await mkdir(folder);
  await writeFile(join(folder, "kctl.yaml"), spec);
  const lines = join(folder, "lines");
  await writeRecords(lines);
  const own = (verb: string, topic: string): readonly string[] => [node, kctl, verb, topic, "--quiet"];
  const files = { cwd: folder, env };
  /** The first round warms the broker up. */
  const inTurn = async (
    verb: string,
    topic: string,
    theirs: readonly string[],
    input: string,
  ): Promise<readonly Row[]> => {
    const [kctls, kcats]: [Measured[], Measured[]] = [[], []];
    for (let round = 0; round <= rounds; round += 1) {
      kctls.push(await measure(own(verb, topic), { ...files, input, memory: true }));
      kcats.push(await measure(["kcat", ...theirs, "-b", `127.0.0.1:${port}`, "-t", topic], { ...files, input }));
    }
    return rowsOf(verb, kctls.slice(1), kcats.slice(1));
  };
  await run(node, [kctl, "up", "--yes"], files);
  try {
    await measure(own("produce", "consumed"), { ...files, input: lines });
    const produced = await inTurn("produce", "produced", ["-P"], lines);
    const consumed = await inTurn("consume", "consumed", ["-C", "-e", "-q"], "/dev/null");
    const output = join(folder, "read");
    await measure(own("consume", "consumed"), { ...files, output });
    const compare = `sort "${output}" | cmp - "${lines}" && echo same || echo another`;
    const { stdout } = await run("sh", ["-c", compare], { env: { ...env, LC_ALL: "C" } });
    const figure = stdout.trim();
    return [
      ...produced,
      ...consumed,
      { what: "what was read is what was written", figure, limit: "same", ok: figure === "same" },
    ];
  } finally {
    await run(node, [kctl, "destroy", "--yes"], files);
  }
}
