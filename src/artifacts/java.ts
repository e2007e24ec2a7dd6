/** Finds the Java that servers are to run on: the spec's, else JAVA_HOME's, the PATH's, one in the usual places, the cache's own. */
import { readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { KctlError } from "../fault.ts";
import { javaInFolder, javaOfExecutable, type JavaHome } from "./java-home.ts";
import { installLineHere } from "./java-install.ts";
import type { JavaPlatform } from "./java-platform.ts";
import { isExecutable } from "./run.ts";
import { temurinAt, temurinsIn } from "./temurin.ts";

export type JavaSource = "spec" | "JAVA_HOME" | "PATH" | "usual places" | "cache";

export type Java = JavaHome & { readonly source: JavaSource };

export type JavaWanted = { readonly home: string | null; readonly version: number | null };

export type JavaNeeds = {
  readonly minimum: number;
  /** null: newer ones are not known to fail. */
  readonly maximum: number | null;
  readonly recommended: number;
};

export type JavaOptions = {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly signal: AbortSignal;
  /** Folders that hold Javas, instead of the system's: for tests. */
  readonly places?: readonly string[];
  /** The cache, in which kctl may have put one, and what it must be for: asked only once no other fits. */
  readonly own?: { readonly cache: string; readonly platform: () => JavaPlatform | null };
};

/** One place that was looked at. */
type Look = { readonly source: JavaSource; readonly where: string; readonly java: JavaHome | null };

function placesOf({ env, platform, places }: JavaOptions): readonly string[] {
  if (places !== undefined) return places;
  const home = env["HOME"] ?? "/";
  const own = [join(home, ".sdkman", "candidates", "java"), join(home, ".jdks")];
  if (platform !== "darwin") return ["/usr/lib/jvm", "/usr/java", "/opt/java", ...own];
  const machines = "Library/Java/JavaVirtualMachines";
  return [`/${machines}`, join(home, machines), "/opt/homebrew/opt", "/usr/local/opt", ...own];
}

async function inSpec(home: string, options: JavaOptions): Promise<readonly Look[]> {
  return [{ source: "spec", where: home, java: (await temurinAt(home)) ?? (await javaInFolder(home, options)) }];
}

async function inJavaHome(options: JavaOptions): Promise<readonly Look[]> {
  const home = options.env["JAVA_HOME"] ?? "";
  if (home === "") return [];
  return [{ source: "JAVA_HOME", where: home, java: await javaInFolder(home, options) }];
}

async function inPath(options: JavaOptions): Promise<readonly Look[]> {
  for (const folder of (options.env["PATH"] ?? "").split(delimiter)) {
    const where = join(folder, "java");
    // Without a Java behind it, macOS's own opens a window that offers one; with one, that is in its usual place.
    if (!folder.startsWith("/") || (options.platform === "darwin" && where === "/usr/bin/java")) continue;
    if (await isExecutable(where)) return [{ source: "PATH", where, java: await javaOfExecutable(where, options) }];
  }
  return [];
}

async function inPlaces(options: JavaOptions): Promise<readonly Look[]> {
  const looks: Look[] = [];
  for (const place of placesOf(options)) {
    const names = (await readdir(place).catch((): string[] => [])).toSorted();
    // Homebrew's folder holds everything that it ever installed.
    const likely = place.endsWith("/opt") ? names.filter((name) => name.startsWith("openjdk")) : names;
    for (const name of likely) {
      const java = await javaInFolder(join(place, name), options);
      const known = java === null || looks.some((look) => look.java?.home === java.home);
      if (!known) looks.push({ source: "usual places", where: join(place, name), java });
    }
  }
  return looks;
}

async function inCache({ own }: JavaOptions): Promise<readonly Look[]> {
  const platform = own?.platform() ?? null;
  if (own === undefined || platform === null) return [];
  return (await temurinsIn(own.cache, platform)).map((java) => ({ source: "cache", where: java.home, java }));
}

function fits({ major }: JavaHome, wanted: JavaWanted, needs: JavaNeeds): boolean {
  if (wanted.version !== null && major !== wanted.version) return false;
  return major >= needs.minimum && (needs.maximum === null || major <= needs.maximum);
}

/** The recommended version first, then the nearest above it, then the nearest below. */
function byPreference({ recommended }: JavaNeeds): (a: Java, b: Java) => number {
  const rank = ({ major }: Java): number => (major >= recommended ? major - recommended : 1000 + recommended - major);
  return (a, b) => rank(a) - rank(b);
}

function rangeOf(wanted: JavaWanted, needs: JavaNeeds): string {
  if (wanted.version !== null) return `${wanted.version}`;
  return needs.maximum === null ? `${needs.minimum} or newer` : `${needs.minimum} to ${needs.maximum}`;
}

function reported({ source, where, java }: Look): string {
  return `${source}, ${where}: ${java === null ? "no Java that works" : `Java ${java.version}`}`;
}

async function notFound(
  looks: readonly Look[],
  wanted: JavaWanted,
  needs: JavaNeeds,
  platform: NodeJS.Platform,
): Promise<KctlError> {
  const line = await installLineHere(platform, { wanted: wanted.version, recommended: needs.recommended });
  const range = rangeOf(wanted, needs);
  const named = wanted.home === null ? "on this machine" : `in ${wanted.home}, which the spec names`;
  return new KctlError({
    code: "java-not-found",
    what: `no Java ${range} was found ${named}`,
    fix: `${line}; or set JAVA_HOME, or java.home in the spec, to one that you have`,
    detail:
      looks.length === 0
        ? "looked at JAVA_HOME, the PATH and the usual places: no Java"
        : looks.map(reported).join("\n"),
  });
}

/** The places are asked in order, and those behind the first that fits are not looked at. */
export async function findJava(wanted: JavaWanted, needs: JavaNeeds, options: JavaOptions): Promise<Java> {
  const { home } = wanted;
  const all = home === null ? [inJavaHome, inPath, inPlaces, inCache] : [(inner: JavaOptions) => inSpec(home, inner)];
  const looks: Look[] = [];
  for (const lookIn of all) {
    options.signal.throwIfAborted();
    const found = await lookIn(options);
    looks.push(...found);
    const javas = found.flatMap(({ source, java }) => (java === null ? [] : [{ ...java, source }]));
    const best = javas.filter((java) => fits(java, wanted, needs)).toSorted(byPreference(needs))[0];
    if (best !== undefined) return best;
  }
  throw await notFound(looks, wanted, needs, options.platform);
}
