/**
 * Thirty hosts against three, each with a stand-in in the place of the JVM: what is left is kctl's own work, and that of its scripts on
 * the hosts. With KCTL_WRITE_REPORT=1 the figures go to docs/thirty-hosts.md.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { hasLab } from "../lab/base.ts";
import { holdTo } from "../lab/cgroups.ts";
import { lab, type Lab } from "../lab/lab.ts";

const few = 3;
const many = 30;
const rounds = 2;
/** Of a processor, for each host: all have the same machine, whether three are at work or thirty. */
const share = availableParallelism() / (many + 10);
/** A broker alone on a machine takes as long until it serves. */
const startSeconds = 2;

const java = "/usr/lib/jvm/stand-in";
const peakMemory = join(import.meta.dirname, "../../bench/peak-memory.mjs");

let it: Lab;
let folder: string;

beforeAll(async () => {
  if (!hasLab()) return;
  folder = await mkdtemp(join(tmpdir(), "kctl-thirty-"));
  it = await lab({ hosts: many, java: false });
  const program = (await readFile(join(import.meta.dirname, "stand-in/java"))).toString("base64");
  await Promise.all(
    it.hosts.map(({ run }) =>
      run(`mkdir -p ${java}/bin && cd ${java} && echo ${program} | base64 -d >bin/java && chmod 755 bin/java
echo 'JAVA_VERSION="17.0.0"' >release && echo ${startSeconds} >seconds`),
    ),
  );
  await serveArchives();
}, 600_000);

afterAll(async () => {
  if (!hasLab()) return;
  await it.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Archives in which there is next to nothing: unpacking thirty on one machine says nothing of thirty machines. */
async function serveArchives(): Promise<void> {
  const archives = [
    { top: "kafka_2.13-3.9.1", file: "kafka_2.13-3.9.1.tgz", jars: "libs" },
    { top: "apache-zookeeper-3.8.4-bin", file: "apache-zookeeper-3.8.4-bin.tar.gz", jars: "lib" },
  ];
  for (const { top, file, jars } of archives) {
    await mkdir(join(folder, "made", top, jars), { recursive: true });
    await writeFile(join(folder, "made", top, jars, "stand-in.jar"), "");
    await mkdir(join(folder, "mirror"), { recursive: true });
    const { status } = spawnSync("tar", ["-czf", join(folder, "mirror", file), "-C", join(folder, "made"), top]);
    expect(status).toBe(0);
    const digest = createHash("sha512").update(await readFile(join(folder, "mirror", file)));
    await writeFile(join(folder, "mirror", `${file}.sha512`), `${digest.digest("hex")}  ${file}\n`);
  }
  it.mirror.serve(join(folder, "mirror"));
}

/** Three ZooKeeper servers, and a broker on each. */
async function specOf(hosts: number): Promise<string> {
  const nodes = it.hosts.slice(0, hosts).map(({ name, address }, at) => {
    const roles = at < 3 ? "zookeeper, broker" : "broker";
    return `  - { name: ${name}, address: ${address}, roles: [${roles}] }`;
  });
  const path = join(folder, `${hosts}.yaml`);
  const head = `name: many
provider: { type: ssh, user: root }
kafka: { version: 3.9.1 }
zookeeper: { version: 3.8.4 }
artifacts: { mirror: "${it.mirror.url}/" }
nodes:`;
  await writeFile(path, `${head}\n${nodes.join("\n")}\n`);
  return path;
}

type Measured = { readonly seconds: number; readonly peakMiB: number; readonly changed: number };

async function measured(...args: readonly string[]): Promise<Measured> {
  const [command, ...words] = it.inside([inject("kctl"), ...args, "--json"]);
  const started = performance.now();
  const child = spawn(command, words, {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      HOME: userInfo().homedir,
      KCTL_CACHE: join(folder, "cache"),
      NODE_OPTIONS: `--import "${peakMemory}"`,
    },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let [out, err, peak] = ["", "", ""];
  child.stdout?.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr?.on("data", (text: Buffer) => (err += text.toString()));
  child.stdio[3]?.on("data", (text: Buffer) => (peak += text.toString()));
  const exit = await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  const seconds = (performance.now() - started) / 1000;
  const result = JSON.parse(out.trimEnd().split("\n").at(-1) ?? "{}") as { changed: number; errors: unknown };
  expect({ exit, errors: result.errors, err }).toMatchObject({ exit: 0, errors: [] });
  return { seconds, peakMiB: Number.parseFloat(peak) / 1024, changed: result.changed };
}

type Round = { readonly first: Measured; readonly second: Measured };

async function roundOf(spec: string): Promise<Round> {
  const first = await measured("up", "-f", spec, "--yes", "--timeout", "5m");
  const second = await measured("up", "-f", spec, "--yes", "--timeout", "5m");
  expect(second.changed).toBe(0);
  await measured("destroy", "-f", spec, "--yes");
  return { first, second };
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

test.runIf(hasLab())(
  "thirty hosts take at most three times as long as three, and less than 200 MB here",
  async () => {
    const taken: Record<number, Round[]> = { [few]: [], [many]: [] };
    for (const { name } of it.hosts) holdTo(`${it.id}/${name}`, share);
    // The cache is filled, and counts for neither.
    await roundOf(await specOf(few));
    for (let round = 0; round < rounds; round += 1) {
      for (const hosts of [few, many]) taken[hosts]?.push(await roundOf(await specOf(hosts)));
    }
    const figures = (hosts: number): { first: number; second: number; peakMiB: number } => {
      const all = taken[hosts] ?? [];
      return {
        first: mean(all.map(({ first }) => first.seconds)),
        second: mean(all.map(({ second }) => second.seconds)),
        peakMiB: Math.max(...all.flatMap(({ first, second }) => [first.peakMiB, second.peakMiB])),
      };
    };
    const [three, thirty] = [figures(few), figures(many)];
    process.stdout.write(`${JSON.stringify({ three, thirty })}\n`);
    expect(thirty.first / three.first).toBeLessThanOrEqual(3);
    expect(thirty.second / three.second).toBeLessThanOrEqual(3);
    expect(thirty.peakMiB * 1.048576).toBeLessThan(200);
    if (process.env["KCTL_WRITE_REPORT"] === "1") await writeReport(three, thirty);
  },
  1_800_000,
);

type Figures = { readonly first: number; readonly second: number; readonly peakMiB: number };

async function writeReport(three: Figures, thirty: Figures): Promise<void> {
  const row = (what: string, of: keyof Figures, unit: string): string =>
    `| ${what} | ${three[of].toFixed(1)} ${unit} | ${thirty[of].toFixed(1)} ${unit} | ${(thirty[of] / three[of]).toFixed(1)} |`;
  await writeFile(
    join(import.meta.dirname, "../../docs/thirty-hosts.md"),
    `# Thirty hosts

Written by \`KCTL_WRITE_REPORT=1 npx vitest run --project full test/full/thirty-hosts.test.ts\`, on the packed and installed program.
Three ZooKeeper servers, and a broker on each of three or of thirty hosts of [the lab](guides/lab.md); means of ${rounds} runs, alternating.

What is measured is kctl and what its scripts do on the hosts: in the place of the JVM is a stand-in (\`test/full/stand-in/java\`), which takes
${startSeconds} s to start and then answers as a ZooKeeper server or a broker does, as far as kctl asks; the archives are next to empty. All
hosts are on one machine of ${availableParallelism()} cores, whose mean load was ${loadavg()[2]?.toFixed(0)} at the end. So that three of them have no better machines than thirty, each is
held to ${(share * 100).toFixed(0)} % of a core in both; real ones are faster, in both.

| | 3 hosts | 30 hosts | ratio |
|---|---|---|---|
${row("first `up`", "first", "s")}
${row("second `up`", "second", "s")}
${row("kctl's peak memory", "peakMiB", "MiB")}
`,
  );
}
