/** Sees to it that a host has a Java that its servers can run: one that is there, the distribution's, or one that is sent. */
import { KctlError, type Fault } from "../../fault.ts";
import { posix } from "node:path";
import type { FoundJava, ObservedMachine } from "../../plan/observed.ts";
import { isFittingJava, type HostJava, type JavaArtifact } from "../../services/desired.ts";
import { addPackage, readOsRelease, type AddPackageOptions } from "./add-package.ts";
import { alone } from "./batch.ts";
import { writeLink } from "./files.ts";
import { javaPackages } from "./java-packages.ts";
import type { Operation } from "./operation.ts";
import { absentPackages } from "./packages.ts";
import { quoted } from "./quote.ts";
import type { Shell } from "./shell.ts";
import { installSoftware, type Others, type Software } from "./software.ts";

export type EnsureJavaOptions = AddPackageOptions & {
  /** A JRE for machines of this sort, where the distribution gives none; asked for only then. null: there is none for any. */
  readonly archive: ((architecture: JavaArtifact["architecture"]) => Promise<Jre>) | null;
  /** Told which of the packages that were to come are not there, and will not come. */
  readonly onNotCome: (names: readonly string[]) => Promise<void>;
  /** Told which software the link is about to lead to. */
  readonly onUse: (folder: string) => Promise<void>;
};

export type Jre = { readonly software: Software; readonly others: Others | null };

export type EnsuredJava = {
  readonly home: string;
  /** It was there, a package brought it, or it was sent. */
  readonly how: "there" | "package" | "archive";
  /** Packages that are new, for the receipt: what a removal takes back. */
  readonly added: readonly string[];
};

/** Afterwards the link leads to a Java that works. */
export async function ensureJava(
  shell: Shell,
  java: HostJava,
  found: Pick<ObservedMachine, "java" | "javas">,
  options: EnsureJavaOptions,
  signal: AbortSignal,
): Promise<EnsuredJava> {
  const ensured = await obtain(shell, java, found, options, signal);
  // What was there was asked by the look, or its own release file was.
  const looked = ensured.how === "there" ? found.javas.find(({ home }) => home === ensured.home)?.major : undefined;
  const major = looked ?? (await alone(shell, askJava(ensured.home), options, signal));
  if (major === null || (java.home === null ? !isFittingJava(java, major) : major < java.least))
    throw doesNotWork(shell.node, ensured.home, major, java);
  await alone(shell, writeLink(java.link, ensured.home), options, signal);
  return ensured;
}

async function obtain(
  shell: Shell,
  java: HostJava,
  found: Pick<ObservedMachine, "java" | "javas">,
  options: EnsureJavaOptions,
  signal: AbortSignal,
): Promise<EnsuredJava> {
  const there = java.home ?? fittingOf(java, found)?.home;
  if (there !== undefined) {
    if (posix.dirname(there) === posix.dirname(java.unpacked)) await options.onUse(there);
    return { home: there, how: "there", added: [] };
  }
  const osRelease = await alone(shell, readOsRelease, options, signal);
  const installed = await ofDistribution(shell, java, osRelease, options, signal);
  if ("how" in installed) return installed;
  const missing = noneAtAll(shell.node, java, osRelease, installed.why);
  const { software, others } = await archiveFor(shell, java, missing, options, signal);
  await options.onUse(software.folder);
  await installSoftware(shell, options, software, signal, others);
  return { home: software.folder, how: "archive", added: [] };
}

/** Or why not, where it has one and could not give it. */
async function ofDistribution(
  shell: Shell,
  java: HostJava,
  osRelease: string,
  options: EnsureJavaOptions,
  signal: AbortSignal,
): Promise<EnsuredJava | { readonly why: Fault | null }> {
  const known = javaPackages(osRelease, java);
  if (known === null || known.packages.length === 0) return { why: null };
  const candidates = known.packages.map(({ name }) => name);
  let coming: readonly string[] = [];
  const onComing = async (names: readonly string[]): Promise<void> => {
    coming = names;
    await options.onComing(names);
  };
  try {
    const installed = await addPackage(shell, { manager: known.manager, candidates }, { ...options, onComing }, signal);
    const home = installed?.homes.toSorted((a, b) => a.length - b.length)[0];
    return installed === null || home === undefined ? { why: null } : { home, how: "package", added: installed.added };
  } catch (error) {
    signal.throwIfAborted();
    const [fault] = error instanceof KctlError ? error.faults : [];
    if (options.archive === null || fault?.code !== "host-io") throw error;
    if (coming.length > 0)
      await options.onNotCome(await alone(shell, absentPackages(known.manager, coming), options, signal));
    options.onWait(`${fault.what}: it gets a JRE from an archive`);
    return { why: fault };
  }
}

/** @param missing what to say where none can be had, in which what was tried comes first */
async function archiveFor(
  shell: Shell,
  java: HostJava,
  missing: Fault,
  options: EnsureJavaOptions,
  signal: AbortSignal,
): Promise<Jre> {
  const machine = await alone(shell, readMachine, options, signal);
  const architecture = architectures[machine];
  if (options.archive === null || architecture === undefined) throw new KctlError(missing);
  try {
    return await options.archive(architecture);
  } catch (error) {
    signal.throwIfAborted();
    const [fault] = error instanceof KctlError ? error.faults : [];
    if (fault?.code !== "artifact-unavailable") throw error;
    throw new KctlError({
      ...missing,
      what: `${missing.what}, and no archive of Java ${java.best} could be fetched`,
      fix: `${missing.fix ?? ""}; or ${fault.fix ?? ""}`,
      detail: [missing.detail, fault.detail].filter((one) => one !== undefined).join("\n"),
    });
  }
}

const architectures: Readonly<Record<string, JavaArtifact["architecture"]>> = {
  x86_64: "x64",
  amd64: "x64",
  aarch64: "aarch64",
  arm64: "aarch64",
};

const readMachine: Operation<string> = {
  doing: "ask for the processor",
  lines: "uname -m",
  read: (stdout) => stdout.trim(),
};

/** The one that is linked stays while it will do. */
function fittingOf(range: HostJava, { java, javas }: Pick<ObservedMachine, "java" | "javas">): FoundJava | undefined {
  return [java, ...javas].find((each): each is FoundJava => each !== null && isFittingJava(range, each.major));
}

/** Null where it does not run. */
function askJava(home: string): Operation<number | null> {
  return {
    doing: `ask ${home} for its version`,
    lines: `${quoted(`${home}/bin/java`)} -version 2>&1 || true`,
    read: (stdout) => {
      const major = /version "(?:1\.)?(\d+)/.exec(stdout)?.[1];
      return major === undefined ? null : Number(major);
    },
  };
}

function doesNotWork(node: string, home: string, major: number | null, java: HostJava): KctlError {
  return new KctlError({
    code: "java-not-found",
    node,
    where: home,
    what:
      major === null
        ? `${home}/bin/java does not run on ${node}`
        : `${home} is Java ${major}, and ${java.least} is needed`,
    fix:
      java.home === null
        ? `remove it, or install a Java ${java.best}, then run the same command again`
        : "name another one as java.home in the spec",
  });
}

function noneAtAll(node: string, { least, best }: HostJava, osRelease: string, why: Fault | null): Fault {
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? "its distribution";
  const told = why === null ? [] : [why.what, ...(why.detail === undefined ? [] : [why.detail])];
  return {
    code: "java-not-found",
    node,
    what: `${node} has no Java ${least} or newer, and ${name} ${why === null ? "has no package of one" : "could not give its package"}`,
    fix: `install a Java ${best} there, then run the same command again`,
    ...(told.length === 0 ? {} : { detail: told.join("\n") }),
  };
}
