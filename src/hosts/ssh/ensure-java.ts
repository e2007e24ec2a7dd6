/** Sees to it that a host has a Java that its servers can run: one that is there, the distribution's, or one that is sent. */
import { KctlError } from "../../fault.ts";
import type { FoundJava, ObservedMachine } from "../../plan/observed.ts";
import type { HostJava } from "../../services/desired.ts";
import { addPackage, readOsRelease, type AddPackageOptions } from "./add-package.ts";
import { alone } from "./batch.ts";
import { writeLink } from "./files.ts";
import { javaPackages } from "./java-packages.ts";
import type { Operation } from "./operation.ts";
import { quoted } from "./quote.ts";
import type { Shell } from "./shell.ts";
import { installSoftware, type Software } from "./software.ts";

export type EnsureJavaOptions = AddPackageOptions & {
  /** A JRE to send where the distribution has none; asked for only then. */
  readonly archive: (() => Promise<Software>) | null;
};

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
  const major = await alone(shell, askJava(ensured.home), options, signal);
  if (major === null || major < java.least) throw doesNotWork(shell.node, ensured.home, major, java);
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
  if (there !== undefined) return { home: there, how: "there", added: [] };
  const osRelease = await alone(shell, readOsRelease, options, signal);
  const known = javaPackages(osRelease, java);
  if (known !== null && known.packages.length > 0) {
    const candidates = known.packages.map(({ name }) => name);
    const installed = await addPackage(shell, { manager: known.manager, candidates }, options, signal);
    const home = installed?.homes.toSorted((a, b) => a.length - b.length)[0];
    if (installed !== null && home !== undefined) return { home, how: "package", added: installed.added };
  }
  if (options.archive === null) throw noneAtAll(shell.node, java, osRelease);
  const archive = await options.archive();
  await installSoftware(shell, options, archive, signal);
  return { home: archive.folder, how: "archive", added: [] };
}

/** The one that is linked stays while it will do. */
function fittingOf(
  { least }: HostJava,
  { java, javas }: Pick<ObservedMachine, "java" | "javas">,
): FoundJava | undefined {
  return [java, ...javas].find((each): each is FoundJava => each !== null && each.major >= least);
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

function noneAtAll(node: string, { least, best }: HostJava, osRelease: string): KctlError {
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? "its distribution";
  return new KctlError({
    code: "java-not-found",
    node,
    what: `${node} has no Java ${least} or newer, and ${name} has no package of one`,
    fix: `install a Java ${best} there, then run the same command again`,
  });
}
