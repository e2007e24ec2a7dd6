/** The cache's own Javas: Temurin JREs, each in a folder whose path is known before it is there. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { KctlError } from "../fault.ts";
import type { JavaArtifact } from "../services/desired.ts";
import { archivePath, javaOfFolder, softwareFolder } from "./cache.ts";
import { askJava, type JavaHome } from "./java-home.ts";
import type { JavaPlatform } from "./java-platform.ts";
import { isReady } from "./ready.ts";
import { isExecutable } from "./run.ts";

/** Where it is, or will be. Links in the path stay as they are: a server's command has it from before it was there. */
export function temurinHome(cache: string, artifact: JavaArtifact): JavaHome {
  const home = softwareFolder(cache, artifact);
  const { version } = artifact;
  return { home, executable: join(home, "bin", "java"), version, major: Number(version) };
}

/** The Temurin that lies at this path in the cache, or would; null where the path is another's. */
export function temurinOf(cache: string, home: string): JavaArtifact | null {
  const artifact = javaOfFolder(basename(home));
  return artifact !== null && softwareFolder(cache, artifact) === home ? artifact : null;
}

/** The Temurin in a folder of a cache; null where it is none, or not whole. */
export async function temurinAt(home: string): Promise<JavaHome | null> {
  const cache = dirname(dirname(home));
  const artifact = temurinOf(cache, home);
  if (artifact === null) return null;
  const java = temurinHome(cache, artifact);
  return (await isReady(cache, artifact)) && (await isExecutable(java.executable)) ? java : null;
}

/** All that a cache has for a platform. */
export async function temurinsIn(cache: string, { os, architecture }: JavaPlatform): Promise<readonly JavaHome[]> {
  const names = (await readdir(join(cache, "software")).catch((): string[] => [])).toSorted();
  const fitting = names.filter((name) => {
    const artifact = javaOfFolder(name);
    return artifact?.os === os && artifact.architecture === architecture;
  });
  const found = await Promise.all(fitting.map((name) => temurinAt(join(cache, "software", name))));
  return found.flatMap((java) => java ?? []);
}

/** The home in an unpacked archive, once it was seen to run as what was asked for. On macOS it lies deeper in a bundle. */
export async function provenHome(
  unpacked: string,
  artifact: JavaArtifact,
  { cache, env, signal }: { readonly cache: string; readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<string> {
  const bundled = join(unpacked, "Contents", "Home");
  const isBundle = await stat(bundled).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const home = isBundle ? bundled : unpacked;
  const java = await askJava(join(home, "bin", "java"), { env, signal });
  if (java?.major === Number(artifact.version)) return home;
  const archive = archivePath(cache, artifact);
  throw new KctlError({
    code: "artifact-damaged",
    what:
      java === null
        ? `the Java in ${archive} does not run on this machine`
        : `${archive} holds Java ${java.version}, not ${artifact.version}`,
    where: archive,
    fix: "see where it came from",
  });
}
