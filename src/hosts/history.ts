/** Who changed what when: a line for each command that changed something, as it is kept, read and merged. */

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

/** `at`: by the clock of the host that keeps it. */
export type PastEntry = HistoryEntry & { readonly at: string };

export type History = {
  /** Oldest first. */
  readonly entries: readonly PastEntry[];
  /** Hosts that could not be asked, with why. */
  readonly missed: readonly { readonly node: string; readonly error: unknown }[];
};

const shownTitles = 50;
/** So many of the last are read. */
export const shownEntries = 1000;

/** A line but for its time, which is the first of its keys. */
export function entryText({ id, by, command, changed, titles, ok }: HistoryEntry): string {
  return JSON.stringify({ id, by, command, changed, titles: titles.slice(0, shownTitles), ok });
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
