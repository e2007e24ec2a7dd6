/** What holds after every fault of a cluster: the next `up` converges, nothing is left to change, no secret is told, nothing stays. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { kctl, newPlace, processes, type Ended, type Place, type PlaceOptions, type Quorum } from "./kctl.ts";

/** Stands in a mirror's address and in kctl's environment. */
const secret = "s3cret-that-nobody-may-tell";

/** A place whose spec and environment hold a secret. Its cache is filled, so that its mirror is not asked. */
export async function placeWithSecret(options: PlaceOptions = {}): Promise<Place> {
  const more = `artifacts: { mirror: "http://user:${secret}@127.0.0.1:1/" }\n${options.more ?? ""}`;
  const made = await newPlace({ ...options, more });
  return { ...made, env: { ...made.env, AWS_SECRET_ACCESS_KEY: secret } };
}

export const codesOf = ({ result }: Ended): readonly string[] =>
  ((result?.["errors"] ?? []) as { code: string }[]).map(({ code }) => code);

export const changesOf = ({ result }: Ended): readonly string[] =>
  ((result?.["changes"] ?? []) as { key: string }[]).map(({ key }) => key);

/** `NODE/ROLE` of everything that should run. */
export function allOf(count: number, quorum: Quorum = "zookeeper"): readonly string[] {
  return Array.from({ length: count }, (_, n) => ["broker", quorum].map((role) => `kafka-${n + 1}/${role}`)).flat();
}

export type Told = { readonly what: string; readonly node?: string | null };

export const errorsOf = ({ result }: Ended): readonly Told[] => (result?.["errors"] ?? []) as Told[];

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Each place where the secret lies and should not: files that kctl and the servers wrote, arguments, environments. */
async function whereTold(at: Place): Promise<readonly string[]> {
  const files = await filesBelow(join(at.folder, ".kctl"));
  const running = [...(await processes(at)).values()];
  const suspects = [...files, ...running.flatMap(({ pid }) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])];
  const told = await Promise.all(
    suspects.map(async (path) => ((await readFile(path).catch(() => "")).includes(secret) ? [path] : [])),
  );
  return told.flat();
}

type Expected = Pick<PlaceOptions, "quorum"> & {
  readonly count: number;
  /** What lay beside the spec before. */
  readonly left?: readonly string[];
};

export async function heals(at: Place, { count, quorum, left = [] }: Expected): Promise<void> {
  const up = await kctl(at, "up", "--json");
  expect({ exit: up.exit, errors: up.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
  expect([...(await processes(at)).keys()].toSorted()).toEqual(allOf(count, quorum));
  const plan = await kctl(at, "plan", "--json", "--check");
  expect({ exit: plan.exit, changes: changesOf(plan) }).toEqual({ exit: 0, changes: [] });
  expect(await whereTold(at)).toEqual([]);
  const destroy = await kctl(at, "destroy", "--yes", "--json");
  expect({ exit: destroy.exit, codes: codesOf(destroy) }).toEqual({ exit: 0, codes: [] });
  expect((await processes(at)).size).toBe(0);
  expect((await readdir(at.folder)).toSorted()).toEqual(["kctl.yaml", ...left].toSorted());
  expect([up, plan, destroy].filter(({ out, err }) => `${out}${err}`.includes(secret))).toEqual([]);
}
