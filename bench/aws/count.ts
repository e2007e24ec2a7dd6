/** The calls of an `up` of so many nodes and of one after it, against simulated instances that answer SSH. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { bucketFor, countsOf, isRenewal } from "../../test/lab/ec2/count-calls.ts";
import { lab, type Lab } from "../../test/lab/lab.ts";
import { readRecord } from "../../test/lab/state.ts";
import { launchRate } from "../../src/ec2/request-rate.ts";
import { resultOf, runKctl, type Ran } from "./run.ts";

export type Up = {
  readonly calls: number;
  readonly counts: ReturnType<typeof countsOf>;
  readonly renewals: number;
  readonly dryRuns: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly endedWith: string;
};

export type Counted = {
  readonly nodes: number;
  readonly first: Up;
  readonly second: Up;
  /** How large EC2's bucket for launches had to be. */
  readonly bucket: number;
  /** From the first launch to the last. */
  readonly rampSeconds: number;
  readonly load: number;
};

function specOf(nodes: number): string {
  return `name: bench
provider:
  type: aws
  region: eu-central-1
  access: { ssh: [203.0.113.0/24], clients: [203.0.113.0/24] }
kafka: { version: 3.9.1 }
nodes:
  - { group: zk, count: 3, roles: [zookeeper${nodes === 3 ? ", broker" : ""}], instanceType: m7g.large, volume: { size: 10GiB } }
${nodes === 3 ? "" : `  - { group: kafka, count: ${nodes - 3}, roles: [broker], instanceType: m7g.large, volume: { size: 10GiB } }\n`}`;
}

export async function countUps(folder: string, program: string, nodes: number): Promise<Counted> {
  const place = join(folder, `ec2-${nodes}`);
  await mkdir(join(place, "home"), { recursive: true });
  await writeFile(join(place, "kctl.yaml"), specOf(nodes));
  const it = await lab({ hosts: 0, ec2: { simulated: true } });
  let standIn: ChildProcess | null = null;
  try {
    standIn = await startStandIn(it);
    const env = { ...process.env, HOME: join(place, "home"), KCTL_CACHE: join(place, "cache") };
    const up = async (): Promise<Up> => {
      it.ec2.clearCalls();
      return upOf(it, await runKctl(it, program, ["up", "--yes", "--json"], { cwd: place, env }));
    };
    const first = await up();
    const launches = it.ec2.calls().filter(({ action }) => action === "RunInstances");
    const times = launches.map(({ at }) => at);
    const load = loadavg()[0] ?? 0;
    const second = await up();
    return {
      nodes,
      first,
      second,
      bucket: bucketFor(launches, launchRate.perSecond),
      rampSeconds: (Math.max(...times) - Math.min(...times)) / 1000,
      load,
    };
  } finally {
    if (standIn?.pid !== undefined) process.kill(standIn.pid);
    await it.stop();
  }
}

function upOf(it: Lab, ran: Ran): Up {
  const all = it.ec2.calls();
  const calls = all.filter((call) => !isRenewal(call));
  const { errors = [] } = resultOf(ran) as {
    readonly errors?: readonly { readonly code: string; readonly what: string }[];
  };
  const { seconds, cpuSeconds, peakMiB } = ran;
  return {
    calls: calls.length,
    counts: countsOf(calls),
    renewals: all.length - calls.length,
    dryRuns: calls.filter(({ params }) => params["DryRun"] === "true").length,
    seconds,
    cpuSeconds,
    peakMiB,
    endedWith: errors.map(({ code, what }) => `${code}: ${what}`).at(0) ?? "",
  };
}

async function startStandIn(it: Lab): Promise<ChildProcess> {
  const { layers = [] } = readRecord(it.id)?.ec2 ?? {};
  const program = join(import.meta.dirname, "stand-in.ts");
  const [command, ...args] = it.inside([process.execPath, program, it.folder, layers.join(":")]);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as [unknown];
  if (String(said).trim() !== "ready") throw new Error(`the stand-in ended with ${String(said)}`);
  return child;
}
