/** Servers start from an archive of their loaded classes: made once, used by every one, and never a reason not to start. */
import { readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { cleanUp, kctl, newPlace, place, processes, type Line, type Place, type PlaceOptions } from "./kctl.ts";

type Change = { readonly kind: string; readonly archive?: { readonly path: string } };

let mirror: string;
beforeAll(async () => {
  for (const options of [{}, { version: "3.9.2", quorum: "controller" } as const]) {
    const filled = await place({ ...options, count: 1 });
    const fetched = (await kctl(filled, "fetch", "--json")).result?.["artifacts"] as { path: string }[];
    mirror = join(fetched[0]?.path ?? "", "..");
    await cleanUp(filled);
  }
});

/** With a cache of its own, in which there is nothing yet. */
async function bare(options: PlaceOptions = {}): Promise<Place> {
  const made = await newPlace({ ...options, count: 1, more: `artifacts: { mirror: "${mirror}" }\n` });
  return { ...made, env: { ...made.env, KCTL_CACHE: join(made.folder, "cache") } };
}

async function plannedArchive(at: Place): Promise<string | undefined> {
  const { result } = await kctl(at, "plan", "--json");
  return (result?.["changes"] as Change[]).find(({ kind }) => kind === "class-archive")?.archive?.path;
}

/** Whether each server has the archive in its memory, by `NODE/ROLE`. */
async function mapped(at: Place, archive: string): Promise<Record<string, boolean>> {
  const servers = await processes(at);
  const seen = [...servers].map(
    async ([key, { pid }]) => [key, (await readFile(`/proc/${pid}/maps`, "utf8")).includes(archive)] as const,
  );
  return Object.fromEntries(await Promise.all(seen));
}

const all = (value: boolean) => ({ "kafka-1/broker": value, "kafka-1/zookeeper": value });

test("up makes it once, beside the first start; later starts use it; a damaged one is passed over, and made anew", async () => {
  const at = await bare();
  const archive = (await plannedArchive(at)) ?? "";
  expect(archive).toMatch(/cache\/class-archives\/kafka_2\.13-3\.9\.1-zookeeper-[0-9a-f]{8}\.jsa$/);
  const first = await kctl(at, "up", "--json");
  expect(first.result).toMatchObject({ ok: true });
  expect((await stat(archive)).size).toBeGreaterThan(10_000_000);
  expect(await plannedArchive(at)).toBeUndefined();
  expect((await kctl(at, "up", "--json")).result).toMatchObject({ ok: true, changed: 0 });

  await kctl(at, "stop");
  expect((await kctl(at, "start", "--json")).result).toMatchObject({ ok: true });
  expect(await mapped(at, archive)).toEqual(all(true));

  // Half of it is gone: a JVM that mapped it would die.
  await kctl(at, "stop");
  await rm(`${archive}.made-from`);
  await truncate(archive, 5_000_000);
  expect(await plannedArchive(at)).toBe(archive);
  const again = await kctl(at, "up", "--json");
  expect(again.result).toMatchObject({ ok: true });
  expect((await stat(archive)).size).toBeGreaterThan(10_000_000);
  await kctl(at, "restart");
  expect(await mapped(at, archive)).toEqual(all(true));

  await writeFile(at.spec, `${await readFile(at.spec, "utf8")}java: { archive: false }\n`);
  const { changes } = (await kctl(at, "plan", "--json")).result as Line & { changes: { kind: string; why: unknown }[] };
  expect(changes.find(({ kind }) => kind === "roll")?.why).toEqual([
    { field: "java.archive", from: "-XX:SharedArchiveFile", to: null },
  ]);
  expect((await kctl(at, "up", "--json")).result).toMatchObject({ ok: true });
  expect(await mapped(at, archive)).toEqual(all(false));
});

test("where it cannot be made, up says so and goes on", async () => {
  const at = await bare();
  await kctl(at, "fetch");
  await rm(join(at.folder, "cache/class-archives"), { recursive: true });
  await writeFile(join(at.folder, "cache/class-archives"), "somebody's file");
  const { result, lines } = await kctl(at, "up", "--json");
  expect(result).toMatchObject({ ok: true });
  const warnings = lines.flatMap(({ type, fault }) => (type === "warning" ? [fault as { code: string }] : []));
  expect(warnings.map(({ code }) => code)).toContain("class-archive-failed");
});

test("fetch makes it too, and a KRaft cluster's format tool, controller and broker start from it", async () => {
  const at = await bare({ version: "3.9.2", quorum: "controller" });
  const fetched = await kctl(at, "fetch", "--json");
  const [archive = ""] = fetched.result?.["classArchives"] as string[];
  expect((await stat(archive)).size).toBeGreaterThan(10_000_000);
  expect(await plannedArchive(at)).toBeUndefined();
  expect((await kctl(at, "up", "--json")).result).toMatchObject({ ok: true });
  expect(await mapped(at, archive)).toEqual({ "kafka-1/broker": true, "kafka-1/controller": true });
});
