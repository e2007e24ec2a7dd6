/** What ~/.ssh/config says about a host: the first value of a word wins, as for ssh; Include and Match are followed. */
import { glob, readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { KctlError } from "../../fault.ts";
import { matchesPatterns } from "./pattern.ts";

export type ConfigWord =
  | "certificatefile"
  | "connecttimeout"
  | "globalknownhostsfile"
  | "hostkeyalias"
  | "hostname"
  | "identitiesonly"
  | "identityagent"
  | "identityfile"
  | "port"
  | "proxycommand"
  | "proxyjump"
  | "user"
  | "userknownhostsfile";

/** In the order in which they were met. */
export type SshSettings = ReadonlyMap<string, readonly string[]>;

/** Whence a word's value is: FILE:LINE. */
export type SshPlaces = ReadonlyMap<string, string>;

type Found = { readonly settings: Map<string, string[]>; readonly places: Map<string, string> };
type Source = { readonly file: string; readonly text: string };

type Looked = {
  readonly host: string;
  readonly user: string | null;
  readonly localUser: string;
  readonly home: string;
};

type Part = { readonly val: string };
type ConfigLine = {
  readonly param?: string;
  readonly value?: string | readonly Part[];
  readonly config?: readonly ConfigLine[];
  readonly criteria?: Readonly<Record<string, string | readonly Part[]>>;
};

const deepest = 16;

export async function readSshConfig(
  file: string,
  looked: Looked,
): Promise<{ readonly settings: SshSettings; readonly places: SshPlaces }> {
  const text = await readIfThere(file);
  const found: Found = { settings: new Map(), places: new Map() };
  if (text !== null) await readLines(await parse(text, file), { file, text }, looked, found, 0);
  return found;
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function parse(text: string, file: string): Promise<readonly ConfigLine[]> {
  const library = await import("ssh-config");
  try {
    return library.parse(text) as readonly ConfigLine[];
  } catch (error) {
    throw new KctlError({
      code: "ssh-config-unusable",
      what: `the configuration of ssh cannot be read: ${(error as Error).message}`,
      where: file,
      fix: "mend it; `ssh -G HOST` shows what ssh makes of it",
    });
  }
}

function wordsOf(value: string | readonly Part[] | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value.map(({ val }) => val);
}

async function readLines(
  lines: readonly ConfigLine[],
  source: Source,
  looked: Looked,
  found: Found,
  depth: number,
): Promise<void> {
  const { settings, places } = found;
  for (const { param, value, config, criteria } of lines) {
    const word = param?.toLowerCase();
    const values = wordsOf(value);
    if (word === undefined) continue;
    if (word === "host") {
      if (
        matchesPatterns(
          values.flatMap((text) => text.split(/\s+/)),
          looked.host,
        )
      ) {
        await readLines(config ?? [], source, looked, found, depth);
      }
    } else if (word === "match") {
      if (matches(criteria ?? {}, looked, settings)) await readLines(config ?? [], source, looked, found, depth);
    } else if (word === "include") {
      for (const pattern of values) await include(pattern, looked, found, depth);
    } else if (word === "identityfile") {
      settings.set(word, [...(settings.get(word) ?? []), ...values]);
    } else if (!settings.has(word)) {
      settings.set(word, values);
      places.set(word, placeIn(source, word, values));
    }
  }
}

/** The first line that says so: of several that say the same any will do. */
function placeIn({ file, text }: Source, word: string, values: readonly string[]): string {
  const at = text.split("\n").findIndex((line) => {
    const [, first = "", said = ""] = /^\s*([^\s=]+)(.*)$/.exec(line) ?? [];
    return first.toLowerCase() === word && values.every((value) => said.includes(value));
  });
  return at === -1 ? file : `${file}:${at + 1}`;
}

async function include(pattern: string, looked: Looked, found: Found, depth: number) {
  if (depth >= deepest) return;
  const homely = pattern.replace(/^~(?=\/)/, looked.home);
  const path = isAbsolute(homely) ? homely : join(looked.home, ".ssh", homely);
  const files: string[] = [];
  for await (const file of glob(path)) files.push(file);
  for (const file of files.toSorted()) {
    const text = await readIfThere(file);
    if (text !== null) await readLines(await parse(text, file), { file, text }, looked, found, depth + 1);
  }
}

/** `exec`, and whatever else kctl cannot judge, does not match. */
function matches(criteria: NonNullable<ConfigLine["criteria"]>, looked: Looked, settings: SshSettings): boolean {
  return Object.entries(criteria).every(([name, value]) => {
    const patterns = wordsOf(value).flatMap((text) => text.split(","));
    switch (name.toLowerCase()) {
      case "all":
        return true;
      case "host":
        return matchesPatterns(patterns, settings.get("hostname")?.[0] ?? looked.host);
      case "originalhost":
        return matchesPatterns(patterns, looked.host);
      case "user":
        return matchesPatterns(patterns, looked.user ?? settings.get("user")?.[0] ?? looked.localUser);
      case "localuser":
        return matchesPatterns(patterns, looked.localUser);
      default:
        return false;
    }
  });
}
