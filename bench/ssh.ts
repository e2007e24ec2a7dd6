/**
 * `npm run bench -- --ssh`: `kctl up` on three machines over SSH against others that do the same work, in turn, each on hosts of the lab that were
 * booted for it. `--write` writes docs/benchmarks-ssh.md, which says how it is measured.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { lab, type Lab } from "../test/lab/lab.ts";
import { packAndInstall, root } from "./pack.ts";
import { bout, type Bout } from "./ssh/bout.ts";
import { installPeers } from "./ssh/peers.ts";
import { makePlace } from "./ssh/place.ts";
import { isOver, page } from "./ssh/page.ts";
import { ansible, kctl, pyinfra, shellScript, type Tool, type ToolName } from "./ssh/tools.ts";

const run = promisify(execFile);

/** By the sources that a user has; what the cache holds is not fetched again. */
async function fetched(folder: string, program: string): Promise<string> {
  const cache = process.env["KCTL_CACHE"] ?? join(folder, "maven");
  const place = join(folder, "fetch");
  await mkdir(place);
  await writeFile(
    join(place, "kctl.yaml"),
    "name: bench\nprovider: { type: local }\nkafka: { version: 3.9.1 }\nzookeeper: { version: 3.8.4 }\nnodes: [{ name: a, roles: [zookeeper, broker] }]\n",
  );
  await run(process.execPath, [program, "fetch"], { cwd: place, env: { ...process.env, KCTL_CACHE: cache } });
  return join(cache, "archives");
}

async function onFreshHosts<T>(archives: string, work: (it: Lab) => Promise<T>): Promise<T> {
  // All have Python, which only one of the tools needs: the hosts are the same for everybody.
  const it = await lab({ hosts: 3, python: true });
  try {
    it.mirror.serve(archives);
    return await work(it);
  } finally {
    await it.stop();
  }
}

type Entrant = {
  readonly tool: Tool;
  readonly rounds: number;
  /** How many times it runs once more in each of the first rounds, without a change; a script that cannot be run again does not. */
  readonly again: number;
};

/** Of the two that are nearest to each other; others are told apart by fewer. */
const mostRounds = 9;

const folder = await mkdtemp(join(tmpdir(), "kctl-bench-"));
const bouts = new Map<ToolName, Bout[]>();
const loads: number[] = [];
try {
  const peers = await installPeers();
  const program = await packAndInstall(folder);
  const archives = await fetched(folder, program);
  const place = await onFreshHosts(archives, (it) => makePlace(it, folder, program, archives));
  const entrants: readonly Entrant[] = [
    { tool: shellScript(place), rounds: mostRounds, again: 0 },
    { tool: kctl(place), rounds: mostRounds, again: 3 },
    { tool: pyinfra(place, peers), rounds: 3, again: 3 },
    { tool: ansible(place, peers), rounds: 3, again: 1 },
  ];
  // The first round is not counted: it fills the caches of this machine's system for all of them.
  for (let round = 0; round <= mostRounds; round += 1)
    for (const { tool, rounds, again } of entrants) {
      if (round > rounds || (round === 0 && rounds < mostRounds)) continue;
      const one = await onFreshHosts(archives, (it) => bout(it, place, tool, round > 0 && round <= 3 ? again : 0));
      console.log(`${round === 0 ? "(uncounted) " : ""}${tool.name}: ${JSON.stringify(one)}`);
      if (round === 0) continue;
      bouts.set(tool.name, [...(bouts.get(tool.name) ?? []), one]);
      loads.push(loadavg()[0] ?? 0);
    }
} finally {
  await rm(folder, { recursive: true, force: true });
}
const text = page(bouts, Math.max(...loads));
console.log(text);
if (process.argv.includes("--write")) writeFileSync(join(root, "docs/benchmarks-ssh.md"), text);
process.exitCode = isOver(bouts) ? 1 : 0;
