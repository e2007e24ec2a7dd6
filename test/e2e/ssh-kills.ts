/** kctl killed at random points of its work on hosts: the lock that it leaves names it, ends by their clocks, and the next `up` goes on. */
import { hostname, userInfo } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { kctl, start, type Ended } from "./kctl.ts";
import { converges, type Told } from "./ssh-law.ts";
import type { Site } from "./ssh-site.ts";

/** Of the same seed come the same numbers, from 0 up to 1: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One point in each of as many equal parts of a stretch of time that is 1 long. */
export function spread(points: number, random: () => number): readonly number[] {
  return Array.from({ length: points }, (_, part) => (part + random()) / points);
}

/** KCTL_TEST_SEED runs the points of another run again. */
export const chosenSeed = (): number => Number(process.env["KCTL_TEST_SEED"] ?? Date.now() % 1_000_000);

export type Killed = {
  readonly pid: number;
  /** Of the machine that it ran on. */
  readonly host: string;
  readonly command: string;
  /** When it began and when it was killed. */
  readonly lived: readonly [number, number];
};

const other = "another-machine";

/** As if from another machine, which has another name: whether its processes live, nobody can tell here. */
const fromAnother = (argv: readonly string[]): readonly string[] => [
  "unshare",
  "--uts",
  "sh",
  "-c",
  `hostname ${other} && exec "$@"`,
  "sh",
  ...argv,
];

/**
 * One that was done before its moment came is killed by nobody, and has left no lock.
 * @param machine where it runs: the lock of one of this machine is taken over at once, that of another ends by itself
 */
export async function killAfter(
  { place }: Site,
  command: string,
  milliseconds: number,
  machine: "this" | "another",
): Promise<Killed> {
  const began = Date.now();
  const inside = (argv: readonly string[]): readonly [string, ...string[]] =>
    must(place.inside)(machine === "this" ? argv : fromAnother(argv));
  const { child, ended } = start({ ...place, inside }, command, "--yes", "--json");
  // At whatever it is just then: that is the fault.
  await Promise.race([delay(milliseconds), ended]);
  child.kill("SIGKILL");
  await ended;
  const host = machine === "this" ? hostname() : other;
  return { pid: child.pid ?? 0, host, command, lived: [began, Date.now()] };
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the hosts are reached from inside their network");
  return value;
}

function lockIn({ result }: Ended): Told | undefined {
  return ((result?.["errors"] ?? []) as readonly Told[]).find(({ code }) => code === "locked");
}

/** @returns how long the lock that it left is in the way, at the most: 0 where there is none */
export async function expectItsLock(
  site: Site,
  { pid, host, command, lived: [began, end] }: Killed,
  ask = "up",
): Promise<number> {
  const next = await kctl(site.place, ask, "--yes", "--json");
  const lock = lockIn(next);
  if (lock === undefined) {
    expect({ exit: next.exit, errors: next.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
    return 0;
  }
  const [, who, since = ""] = /^another kctl is at work on this cluster: (.*), since (\S+) by /u.exec(lock.what) ?? [];
  expect(who).toBe(`\`${command}\`, process ${pid} of ${userInfo().username}@${host}`);
  expect(Date.parse(since)).toBeGreaterThanOrEqual(began - 1000);
  expect(Date.parse(since)).toBeLessThanOrEqual(end);
  const left = Number(/ends by itself, this one in (\d+) s/u.exec(lock.fix ?? "")?.[1]);
  expect(left).toBeGreaterThanOrEqual(0);
  expect(left).toBeLessThanOrEqual(60);
  return left;
}

/** @param lapse brings the end of the lease about, or waits for it: so many seconds at the most */
export async function goesOnAfter(
  site: Site,
  killed: Killed,
  lapse: (seconds: number) => Promise<unknown>,
): Promise<void> {
  const left = await expectItsLock(site, killed);
  if (left > 0) await lapse(left);
  await converges(site);
}

/** Asks again and again, as an impatient operator would; a script of the killed one may work on for a moment. */
export async function lapsesByItself(site: Site, seconds: number): Promise<void> {
  const latest = Date.now() + (seconds + 20) * 1000;
  for (;;) {
    const asked = Date.now();
    const lock = lockIn(await kctl(site.place, "up", "--json"));
    if (lock === undefined) return;
    if (asked > latest) throw new Error(`the lock should have ended by now: ${lock.what}; ${lock.fix}`);
    await delay(2000);
  }
}
