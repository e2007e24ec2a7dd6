/**
 * `kctl topics list` and `kctl lag` beside Kafka's own tools, in turn, on a warm cluster of three brokers with 1,000 partitions and 100 groups, each of
 * which reads a topic of 100 partitions: 10,000 offsets.
 */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Program } from "../against-script.ts";
import { median, type Row } from "../figures.ts";
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

/** What it prints, and how that is read. */
type Contender = { readonly argv: readonly [string, ...string[]]; readonly read: (out: string) => string };

type Compared = { readonly ours: number; readonly theirs: number };

type Result = {
  readonly software: string;
  readonly groups: readonly { readonly lag: number }[];
  readonly topics: readonly { readonly name: string }[];
};

/** Of each command it has some of these. */
const resultOf = (out: string): Result => JSON.parse(out.trim().split("\n").at(-1) ?? "") as Result;

function lagOfKctl(out: string): string {
  const { groups: told } = resultOf(out);
  return String(told.reduce((sum, { lag }) => sum + lag, 0));
}

/** GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG ... */
function lagOfTool(out: string): string {
  const rows = out.split("\n").filter((line) => /^group-\d+ /.test(line));
  return String(rows.reduce((sum, line) => sum + Number(line.split(/\s+/)[5]), 0));
}

function namesOfKctl(out: string): string {
  const { topics: told } = resultOf(out);
  return told.map(({ name }) => name).join(" ");
}

const namesOfTool = (out: string): string =>
  out
    .split("\n")
    .filter((name) => name.startsWith("topic-"))
    .join(" ");

export async function groupRows({ node, kctl, folder: above, env }: Program): Promise<readonly Row[]> {
  const folder = join(above, "groups");
  await mkdir(folder);
  await writeFile(join(folder, "kctl.yaml"), spec);
  const run = async (...argv: readonly string[]): Promise<string> => {
    const [command = "", ...args] = argv;
    return (await execute(command, args, { cwd: folder, env, maxBuffer: 1024 * 1024 * 1024 })).stdout;
  };
  /** The first of each warms what the machine keeps of files. What they print must be the same. */
  const inTurn = async (wanted: string, ours: Contender, theirs: Contender): Promise<Compared> => {
    const seconds: [number[], number[]] = [[], []];
    for (let round = 0; round <= rounds; round += 1)
      for (const [index, { argv, read }] of [ours, theirs].entries()) {
        const started = performance.now();
        const out = await run(...argv);
        if (round > 0) seconds[index]?.push((performance.now() - started) / 1000);
        const told = read(out);
        if (told !== wanted) throw new Error(`${argv.join(" ")} told ${told}, where it is ${wanted}`);
      }
    return { ours: median(seconds[0]), theirs: median(seconds[1]) };
  };
  const own = (...args: readonly string[]): Contender["argv"] => [node, kctl, ...args, "--json"];
  try {
    const { software } = resultOf(await run(...own("up")));
    const tool = (name: string, ...args: readonly string[]): Contender["argv"] => [
      join(software, `bin/${name}.sh`),
      "--bootstrap-server",
      `127.0.0.1:${port}`,
      ...args,
    ];
    const lag = await load({ host: "127.0.0.1", port }, { topics, groups });
    const listed = await inTurn(
      topics.join(" "),
      { argv: own("topics", "list"), read: namesOfKctl },
      { argv: tool("kafka-topics", "--list"), read: namesOfTool },
    );
    const lagged = await inTurn(
      String(lag),
      { argv: own("lag"), read: lagOfKctl },
      { argv: tool("kafka-consumer-groups", "--describe", "--all-groups"), read: lagOfTool },
    );
    return rowsOf(listed, lagged);
  } finally {
    await run(...own("destroy", "--yes")).catch(() => undefined);
  }
}

function rowsOf(listed: Compared, lagged: Compared): readonly Row[] {
  const lag = `\`kctl lag\` over ${topics.length * partitionsEach} partitions and ${groups} groups`;
  return [
    against("`kctl topics list`", "kafka-topics --list", listed, 0.4),
    { what: lag, figure: `${lagged.ours.toFixed(2)} s`, limit: "2 s", ok: lagged.ours <= 2 },
    against("the same", "kafka-consumer-groups --describe --all-groups", lagged, 0.5),
  ];
}

function against(what: string, tool: string, { ours, theirs }: Compared, most: number): Row {
  const ratio = ours / theirs;
  return {
    what: `${what}, against \`${tool}\``,
    figure: `${ours.toFixed(2)} s, Kafka's tool ${theirs.toFixed(2)} s: ${ratio.toFixed(2)}×`,
    limit: `${most}×`,
    ok: ratio <= most,
  };
}
