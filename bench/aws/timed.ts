/** `up --timing` of three real hosts behind EC2's instances, each time from nothing; told is the one in which kctl itself needed least. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { lab } from "../../test/lab/lab.ts";
import type { Timing } from "../../src/report/timing.ts";
import { resultOf, runKctl } from "./run.ts";

export type TimedUp = {
  readonly timing: Timing;
  readonly load: number;
  readonly calls: number;
  /** kctl's own work in each of the runs, in seconds, the least first. */
  readonly own: readonly number[];
};

type Run = Omit<TimedUp, "own">;

const runs = 3;

const spec = `name: bench
provider:
  type: aws
  region: eu-central-1
  access: { ssh: [203.0.113.0/24], clients: [203.0.113.0/24] }
kafka: { version: 3.9.1, heap: 512MiB }
zookeeper: { heap: 256MiB }
nodes:
  - { group: kafka, count: 3, roles: [zookeeper, broker], instanceType: m7g.large, volume: { size: 10GiB } }
`;

export async function timedUp(folder: string, program: string): Promise<TimedUp> {
  const place = join(folder, "timed");
  await mkdir(join(place, "home"), { recursive: true });
  await writeFile(join(place, "kctl.yaml"), spec);
  const cache = process.env["KCTL_CACHE"] ?? join(folder, "cache");
  const env = { ...process.env, HOME: join(place, "home"), KCTL_CACHE: cache };
  // The lab reaches no source: what it is to have lies in the cache.
  await promisify(execFile)(process.execPath, [program, "fetch"], { cwd: place, env });
  const all: Run[] = [];
  for (let count = 0; count < runs; count += 1) all.push(await once(place, program, env));
  const [best, ...others] = all.toSorted((a, b) => a.timing.own - b.timing.own);
  if (best === undefined) throw new RangeError("no run");
  return { ...best, own: [best, ...others].map(({ timing }) => timing.own) };
}

async function once(cwd: string, program: string, env: NodeJS.ProcessEnv): Promise<Run> {
  const it = await lab({ hosts: 0, ec2: true });
  try {
    const load = loadavg()[0] ?? 0;
    const ran = await runKctl(it, program, ["up", "--yes", "--json", "--timing"], { cwd, env });
    const { timing, ok } = resultOf(ran) as { readonly timing?: Timing; readonly ok: boolean };
    if (timing === undefined || !ok) throw new Error(ran.stdout.slice(-2000) + ran.stderr.slice(-2000));
    return { timing, load, calls: it.ec2.calls().length };
  } finally {
    await it.stop();
  }
}
