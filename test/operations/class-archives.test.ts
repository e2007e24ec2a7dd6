import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { softwareFolder } from "../../src/artifacts/cache.ts";
import { classArchivePath, type MakeOptions } from "../../src/artifacts/class-archive.ts";
import { writeMarker } from "../../src/artifacts/ready.ts";
import { tryToMake } from "../../src/operations/class-archives.ts";
import type { ClassArchive } from "../../src/services/desired.ts";
import { temporary } from "../artifacts/support.ts";

const of = { name: "kafka", version: "9.9.9" } as const;

let archive: ClassArchive;
let options: MakeOptions;
/** A line for each time that the JVM was asked for one. */
let asked: string;

/** Notes that it was asked, and makes an archive as soon as it is let. */
const java = (log: string): string => `#!/bin/sh
echo made >> '${log}'
until [ -e '${log}.go' ] || [ ! -e '${log}' ]; do sleep 0.02; done
for word; do case $word in -XX:SharedArchiveFile=*) echo 'loaded classes' > "\${word#*=}" ;; esac; done
`;

beforeEach(async () => {
  const folder = await temporary();
  const [cache, home] = [join(folder, "cache"), join(folder, "java")];
  asked = join(folder, "asked");
  await mkdir(join(home, "bin"), { recursive: true });
  const executable = join(home, "bin/java");
  await writeFile(executable, java(asked), { mode: 0o755 });
  await writeFile(asked, "");
  await letGo();
  const software = softwareFolder(cache, of);
  await mkdir(join(software, "libs"), { recursive: true });
  await writeMarker(software, of, { sha512: "0", source: "here" });
  archive = { of, list: "kraft", path: classArchivePath(cache, of, "kraft", home) };
  const signal = new AbortController().signal;
  options = { cache, java: { home, executable }, env: process.env, emit: () => undefined, signal };
});

const letGo = (): Promise<void> => writeFile(`${asked}.go`, "");

const timesAsked = async (): Promise<number> => (await readFile(asked, "utf8")).split("\n").length - 1;

test("one that is there stays: servers of others start from it", async () => {
  expect(await tryToMake(archive, options)).toEqual([archive]);
  const { ino } = await stat(archive.path);
  expect(await tryToMake(archive, options)).toEqual([archive]);
  expect({ ino: (await stat(archive.path)).ino, times: await timesAsked() }).toEqual({ ino, times: 1 });
});

test("of two that miss it, one makes it, and servers of both may start beside that", async () => {
  await rm(`${asked}.go`);
  const begun: string[] = [];
  const one = (name: string) => tryToMake(archive, options, () => void begun.push(name));
  const ended = Promise.all([one("a"), one("b")]);
  await expect.poll(() => begun.toSorted()).toEqual(["a", "b"]);
  await expect(stat(archive.path)).rejects.toThrow("ENOENT");
  await letGo();
  expect(await ended).toEqual([[archive], [archive]]);
  expect(await timesAsked()).toBe(1);
});

test("a damaged one is gone before servers may start, and is made anew", async () => {
  await tryToMake(archive, options);
  await truncate(archive.path, 3);
  const there: boolean[] = [];
  const look = async (): Promise<void> => void there.push(await stat(archive.path).then(Boolean, () => false));
  const looked = Promise.withResolvers<void>();
  await tryToMake(archive, options, () => void look().then(looked.resolve, looked.reject));
  await looked.promise;
  expect({ there, times: await timesAsked() }).toEqual({ there: [false], times: 2 });
  expect(await readFile(archive.path, "utf8")).toBe("loaded classes\n");
});

test("a damaged one keeps servers from starting while it is another's turn to remove it", async () => {
  await tryToMake(archive, options);
  await truncate(archive.path, 3);
  const turn = join(options.cache, "work", basename(archive.path));
  await mkdir(turn, { recursive: true });
  // Of a machine that nothing is known of.
  await writeFile(join(turn, "owner.json"), JSON.stringify({ id: "other", pid: 1, place: "elsewhere" }));
  const waits = Promise.withResolvers<void>();
  const begun: boolean[] = [];
  const look = (): void => void begun.push(existsSync(archive.path));
  const made = tryToMake(archive, { ...options, emit: () => waits.resolve() }, look);
  await waits.promise;
  expect(begun).toEqual([]);
  await rm(join(turn, "owner.json"));
  expect(await made).toEqual([archive]);
  expect(begun).toEqual([false]);
});

test("a damaged one is gone also where no other can be made", async () => {
  await tryToMake(archive, options);
  await appendFile(archive.path, "more");
  expect(await tryToMake(archive, { ...options, java: { ...options.java, executable: "/bin/false" } })).toEqual([]);
  await expect(stat(archive.path)).rejects.toThrow("ENOENT");
});
