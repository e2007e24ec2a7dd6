/** Who changed what when: a line for each command that changed something, kept on every host of the cluster. */
import { KctlError } from "../../fault.ts";
import { quoted } from "./quote.ts";
import type { Shell } from "./shell.ts";

export type HistoryEntry = {
  /** The same on each host, so that it is told once. */
  readonly id: string;
  /** USER@HOST of the operator. */
  readonly by: string;
  readonly command: string;
  readonly changed: number;
  /** Of changes: they hold no values, and so no secrets. */
  readonly titles: readonly string[];
  readonly ok: boolean;
};

/** `at`: by the host's clock. */
export type PastEntry = HistoryEntry & { readonly at: string };

const shownTitles = 50;
/** So many of the last are read. */
const shownEntries = 1000;

export function historyPath(cluster: string): string {
  return `/var/lib/kctl/${cluster}/history.jsonl`;
}

/** Lines of a script that write it down; where the cluster's folder is not there (any more), they do nothing. */
export function historyLines(cluster: string, { id, by, command, changed, titles, ok }: HistoryEntry): string {
  const rest = JSON.stringify({ id, by, command, changed, titles: titles.slice(0, shownTitles), ok }).slice(1);
  const path = historyPath(cluster);
  const folder = quoted(path.slice(0, path.lastIndexOf("/")));
  const file = quoted(path);
  return `
if [ -d ${folder} ] && [ ! -L ${folder} ] && [ ! -L ${file} ]; then
  [ -e ${file} ] || (umask 027; : >>${file})
  # The end of a line that a power cut took stays apart from this one.
  [ -z "$(tail -c 1 ${file})" ] || echo >>${file}
  printf '{"at":"%s",%s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" ${quoted(rest)} >>${file}
fi`.trim();
}

export type History = {
  /** Oldest first. */
  readonly entries: readonly PastEntry[];
  /** Hosts that could not be asked, with why. */
  readonly missed: readonly { readonly node: string; readonly error: unknown }[];
};

/** Of all hosts together: one that was away then lacks what the others have. */
export async function readHistory(shells: readonly Shell[], cluster: string, signal: AbortSignal): Promise<History> {
  const asked = await Promise.allSettled(shells.map(async (shell) => readOn(shell, cluster, signal)));
  signal.throwIfAborted();
  const missed = asked.flatMap((one, at) =>
    one.status === "rejected" ? [{ node: shells[at]?.node ?? "", error: one.reason as unknown }] : [],
  );
  const texts = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  return { entries: mergeHistories(texts), missed };
}

async function readOn(shell: Shell, cluster: string, signal: AbortSignal): Promise<string> {
  const path = historyPath(cluster);
  const file = quoted(path);
  const script = `[ ! -f ${file} ] || [ -L ${file} ] || tail -n ${shownEntries} ${file}\n`;
  const { code, stdout, stderr } = await shell.run(script, { signal });
  if (code === 0) return stdout;
  throw new KctlError({
    code: "host-io",
    node: shell.node,
    where: path,
    what: `the history on ${shell.node} cannot be read`,
    fix: "see what is wrong with that file",
    ...(stderr.trim() === "" ? {} : { detail: stderr.trim() }),
  });
}

/** Lines that were cut, or that somebody wrote, are passed over. */
export function mergeHistories(texts: readonly string[]): readonly PastEntry[] {
  const byId = new Map<string, PastEntry>();
  for (const entry of texts.flatMap((text) => text.split("\n").flatMap((line) => parseEntry(line) ?? []))) {
    const known = byId.get(entry.id);
    if (known === undefined || entry.at < known.at) byId.set(entry.id, entry);
  }
  return [...byId.values()].toSorted((a, b) => (a.at === b.at ? 0 : a.at < b.at ? -1 : 1));
}

function parseEntry(line: string): PastEntry | null {
  try {
    const value = JSON.parse(line) as Partial<Record<keyof PastEntry, unknown>> | null;
    const { id, at, by, command, changed, titles, ok } = value ?? {};
    if (typeof id !== "string" || typeof at !== "string" || typeof by !== "string") return null;
    if (typeof command !== "string" || typeof changed !== "number" || typeof ok !== "boolean") return null;
    if (!Array.isArray(titles) || !titles.every((title) => typeof title === "string")) return null;
    return { id, at, by, command, changed, titles, ok };
  } catch {
    return null;
  }
}
