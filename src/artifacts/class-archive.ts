/**
 * Archives of loaded classes (AppCDS): made once from a list of what servers load, kept in the cache, mapped by every JVM that starts
 * from the same jars on the same Java. The JVM itself checks both, and does without where they are not what the archive was made from.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { KctlError } from "../fault.ts";
import type { Emit } from "../report/events.ts";
import type { ApacheArtifact, ClassArchive } from "../services/desired.ts";
import { profileFlags } from "../services/jvm-process.ts";
import { readTemplate } from "../templates.ts";
import { officialNames, softwareFolder } from "./cache.ts";
import { markerPath } from "./ready.ts";
import { sync } from "./store.ts";
import { run } from "./run.ts";
import { withTurn } from "./turn.ts";

const longestMs = 120_000;

/** Java 10 could first (JEP 310); 11 is the first of those that are still kept. */
export function hasClassArchives(javaMajor: number | null): boolean {
  return javaMajor !== null && javaMajor >= 11;
}

/** Servers are told it before it is there, so it stays the same when that Java or the list is renewed. */
export function classArchivePath(
  cache: string,
  artifact: ApacheArtifact,
  list: ClassArchive["list"],
  javaHome: string,
): string {
  const java = createHash("sha256").update(javaHome).digest("hex").slice(0, 8);
  return join(cache, "class-archives", `${officialNames(artifact).folder}-${list}-${java}.jsa`);
}

const listName = (list: ClassArchive["list"]): string => `class-lists/${list}.txt`;

/** All that it is made from. Of the jars, as the JVM sees it, when they were unpacked, in whole seconds: caches travel in archives. */
async function originOf(cache: string, { of, list }: ClassArchive, javaHome: string): Promise<string> {
  const marker = markerPath(cache, of);
  const [release, software, { mtimeMs }, classes] = await Promise.all([
    readFile(join(javaHome, "release"), "utf8").catch(() => ""),
    readFile(marker, "utf8"),
    stat(marker),
    readTemplate(listName(list)),
  ]);
  const parts = [javaHome, release, software, Math.floor(mtimeMs / 1000), classes];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

const originFile = (path: string): string => `${path}.made-from`;

/** The size too: caches are cut short by full disks and restored by other programs. */
const noteOf = (origin: string, size: number): string => `${origin} ${size}\n`;

export async function isClassArchiveReady(cache: string, archive: ClassArchive, javaHome: string): Promise<boolean> {
  try {
    const [noted, origin, { size }] = await Promise.all([
      readFile(originFile(archive.path), "utf8"),
      originOf(cache, archive, javaHome),
      stat(archive.path),
    ]);
    return noted === noteOf(origin, size);
  } catch {
    // Whatever is missing, it is made anew.
    return false;
  }
}

/** One that is cut short kills the JVM that maps it. Servers that run keep what they have mapped. */
export async function discardClassArchive({ path }: ClassArchive): Promise<void> {
  await rm(originFile(path), { force: true });
  await rm(path, { force: true });
}

export type MakeOptions = {
  readonly cache: string;
  readonly java: { readonly home: string; readonly executable: string };
  readonly env: NodeJS.ProcessEnv;
  readonly emit: Emit;
  readonly signal: AbortSignal;
};

/**
 * Afterwards it is there. Takes some seconds of one processor, where it is not there yet.
 * @param begun called once no damaged one is left, so that servers may start beside it
 */
export async function makeClassArchive(archive: ClassArchive, options: MakeOptions, begun: () => void): Promise<void> {
  const { cache, emit, signal } = options;
  const folder = join(cache, "work", basename(archive.path));
  const onWait = (): void => {
    // One that is there may be damaged, and not removed yet by whoever has the turn.
    if (!existsSync(archive.path)) begun();
    emit({ type: "message", text: `another kctl makes the archive of classes of ${archive.of.name}: waiting for it` });
  };
  await withTurn({ folder, signal, onWait }, async (inner) => {
    // Others may have made it since it was missed, and their servers start from it.
    if (await isClassArchiveReady(cache, archive, options.java.home)) return;
    await discardClassArchive(archive);
    begun();
    await dump(archive, folder, { ...options, signal: inner });
  });
}

async function dump(archive: ClassArchive, folder: string, { cache, java, env, signal }: MakeOptions): Promise<void> {
  const { path, of, list } = archive;
  const origin = await originOf(cache, archive, java.home);
  const [own, javas] = await Promise.all([
    readTemplate(listName(list)),
    // What every program of this Java loads; it is part of each JDK and JRE.
    readFile(join(java.home, "lib", "classlist"), "utf8").catch(() => ""),
  ]);
  const classes = join(folder, "classes");
  const made = join(folder, "classes.jsa");
  await writeFile(classes, `${javas}\n${own}`);
  await rm(made, { force: true });
  const { code, stdout, stderr } = await run(
    java.executable,
    [
      "-Xshare:dump",
      ...profileFlags.laptop,
      "-Xlog:all=off:stdout",
      "-Xlog:all=error:stderr",
      `-XX:SharedClassListFile=${classes}`,
      `-XX:SharedArchiveFile=${made}`,
      "-cp",
      `${softwareFolder(cache, of)}/${officialNames(of).jars}/*`,
    ],
    { folder, env: { PATH: env["PATH"], LANG: "C.UTF-8" }, signal, timeoutMs: longestMs },
  );
  if (code !== 0) throw notMade(archive, java.home, code, `${stderr}\n${stdout}`);
  const aside = join(folder, "made-from");
  await sync(made);
  await writeFile(aside, noteOf(origin, (await stat(made)).size));
  await mkdir(dirname(path), { recursive: true });
  await rename(made, path);
  await rename(aside, originFile(path));
}

function notMade({ of }: ClassArchive, javaHome: string, code: number | null, said: string): KctlError {
  return new KctlError({
    code: "class-archive-failed",
    what: `the archive of classes of ${of.name} ${of.version} could not be made: ${javaHome}/bin/java ended with ${code ?? "a signal"}`,
    fix: "servers start without it, only slower; `java: { archive: false }` in the spec does not try again",
    detail: said.trim().split("\n").slice(-5).join("\n"),
  });
}
