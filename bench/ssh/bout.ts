/** One run of one tool, seen from outside by the probe that looks on at all of them. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import type { Lab } from "../../test/lab/lab.ts";
import { addresses, giveSetting, must, type Place } from "./place.ts";
import type { Tool } from "./tools.ts";

/** A line of the probe. */
type Seen = { readonly up: number; readonly fewest: number };

type Watcher = {
  /** Resolves at once where all brokers answer, else once they do. */
  readonly all: () => Promise<void>;
  /** That answered at any moment since all did for the first time. */
  readonly fewest: () => number;
  readonly end: () => Promise<void>;
};

function watchBrokers(it: Lab): Watcher {
  const [command, ...args] = it.inside([process.execPath, join(import.meta.dirname, "probe.ts"), ...addresses]);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve, reject) => child.once("error", reject).once("close", () => resolve()));
  let seen: Seen = { up: 0, fewest: addresses.length };
  let waiting: (() => void)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    seen = JSON.parse(line) as Seen;
    if (seen.up < addresses.length) return;
    for (const go of waiting) go();
    waiting = [];
  });
  return {
    all: () =>
      seen.up === addresses.length ? Promise.resolve() : new Promise((resolve) => waiting.push(() => resolve())),
    fewest: () => seen.fewest,
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** In seconds since the tool was started. */
type Took = {
  /** Until every broker answers. */
  readonly answered: number;
  /** Until that, and the tool's own end. */
  readonly ended: number;
};

async function timed(it: Lab, { folder }: Place, tool: Tool, watcher: Watcher): Promise<Took> {
  const started = performance.now();
  const since = (): number => (performance.now() - started) / 1000;
  const { name, argv, env } = tool;
  const all = watcher.all().then(since);
  await must(it.run(argv, { cwd: folder, env }), name);
  const answered = await all;
  // Those that it restarted, too.
  await watcher.all();
  return { answered, ended: since() };
}

export type Bout = {
  readonly first: Took;
  /** Runs that change nothing. */
  readonly again: readonly number[];
  /** After a setting was changed that brokers read when they start; null where it was not run. */
  readonly change: { readonly seconds: number; readonly fewest: number } | null;
};

/** @param again how many times it then runs without a change; 0: neither that nor a changed setting is tried */
export async function bout(it: Lab, place: Place, tool: Tool, again: number): Promise<Bout> {
  await giveSetting(place, "before");
  const watcher = watchBrokers(it);
  try {
    const first = await timed(it, place, tool, watcher);
    if (again === 0) return { first, again: [], change: null };
    const nothing: number[] = [];
    for (let time = 0; time < again; time += 1) nothing.push((await timed(it, place, tool, watcher)).ended);
    await giveSetting(place, "after");
    const { ended: seconds } = await timed(it, place, tool, watcher);
    return { first, again: nothing, change: { seconds, fewest: watcher.fewest() } };
  } finally {
    await watcher.end();
  }
}
