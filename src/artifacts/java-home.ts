/** Says what Java lies in a folder: from its `release` file where there is one, else by asking it. */
import { readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isExecutable, run } from "./run.ts";

export type JavaHome = {
  readonly home: string;
  readonly executable: string;
  /** As it calls itself: `17.0.15`, `1.8.0_402`. */
  readonly version: string;
  readonly major: number;
};

type Options = { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal };

const answerMs = 10_000;

/** 8 for `1.8.0_402`, 17 for `17.0.15`; null for what is no version. */
export function majorOf(version: string): number | null {
  const parts = /^(?:1\.)?(\d+)/.exec(version);
  return parts?.[1] === undefined ? null : Number(parts[1]);
}

/** The value of JAVA_VERSION in the text of a `release` file. */
export function versionInRelease(text: string): string | null {
  return /^JAVA_VERSION="?([^"\r\n]+)"?\s*$/m.exec(text)?.[1] ?? null;
}

/** Costs half a second or more. A launcher that is a script (asdf, jenv) tells the real home this way. */
export async function askJava(executable: string, { env, signal }: Options): Promise<JavaHome | null> {
  const args = ["-XshowSettings:properties", "-version"];
  const ran = await run(executable, args, { folder: "/", env, signal, timeoutMs: answerMs }).catch(() => null);
  signal.throwIfAborted();
  const property = (name: string): string | undefined =>
    new RegExp(`^\\s*${name.replaceAll(".", "\\.")} = (.+)$`, "m").exec(ran?.stderr ?? "")?.[1]?.trim();
  const home = property("java.home");
  const version = property("java.version");
  const major = majorOf(version ?? "");
  if (ran?.code !== 0 || home === undefined || version === undefined || major === null) return null;
  return { home, executable: join(home, "bin", "java"), version, major };
}

/** The Java that an executable belongs to; null where there is none that works. */
export async function javaOfExecutable(path: string, options: Options): Promise<JavaHome | null> {
  if (!(await isExecutable(path))) return null;
  const executable = await realpath(path);
  const home = dirname(dirname(executable));
  // Java 8 has it beside jre/, where its own executable may lie.
  for (const folder of [home, dirname(home)]) {
    if (folder === dirname(home) && !home.endsWith("/jre")) continue;
    const version = versionInRelease(await readFile(join(folder, "release"), "utf8").catch(() => ""));
    const major = majorOf(version ?? "");
    if (version !== null && major !== null) return { home, executable, version, major };
  }
  return await askJava(path, options);
}

/** The Java in a folder; macOS keeps it in Contents/Home of what it shows as one thing. */
export async function javaInFolder(folder: string, options: Options): Promise<JavaHome | null> {
  for (const home of [
    folder,
    join(folder, "Contents", "Home"),
    join(folder, "libexec", "openjdk.jdk", "Contents", "Home"),
  ]) {
    const java = await javaOfExecutable(join(home, "bin", "java"), options);
    if (java !== null) return java;
  }
  return null;
}
