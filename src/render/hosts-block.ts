/**
 * kctl's own part of /etc/hosts: at the top, so that it wins over a line such as Debian's `127.0.1.1 NAME`, between two markers
 * with the cluster's name. Every other byte of the file stays as it is. templates/restore-hosts.sh does the same at boot.
 */
import type { HostsBlock } from "../services/desired.ts";

/** What a machine needs where the file is missing. */
const minimal = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

const opening = "# >>> kctl ";
const closing = "# <<< kctl ";

export function blockLines({ cluster, entries }: HostsBlock): readonly string[] {
  return [
    opening + cluster,
    ...entries.map(({ address, names }) => `${address}\t${names.join(" ")}`),
    closing + cluster,
  ];
}

/** @param content all of the file; null where it is missing */
export function withBlock(content: string | null, block: HostsBlock): string {
  const rest = linesOf(withoutBlock(content ?? minimal, block.cluster));
  const at = placeFor(block.cluster, rest);
  const ours = blockLines(block).map((line) => `${line}\n`);
  return [...rest.slice(0, at), ...ours, ...rest.slice(at)].join("");
}

/** Of a damaged block, with one of its markers only, that marker alone is certainly kctl's. */
export function withoutBlock(content: string, cluster: string): string {
  const lines = linesOf(content);
  const kept: string[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = textOf(lines[index]);
    const last = line === opening + cluster ? endOf(lines, index) : null;
    if (last !== null) index = last;
    else if (line !== opening + cluster && line !== closing + cluster) kept.push(lines[index] ?? "");
  }
  return kept.join("");
}

export type HostsConflict = { readonly name: string; readonly address: string; readonly wanted: string };

/**
 * What lines of others say of the block's names. The block comes first, but programs that ask for every address get theirs too.
 * Loopback is left out: distributions give a machine's own name such an address.
 */
export function conflicts(content: string, block: HostsBlock): readonly HostsConflict[] {
  const wanted = new Map(block.entries.flatMap(({ address, names }) => names.map((name) => [name, address] as const)));
  return linesOf(withoutBlock(content, block.cluster)).flatMap((line) => {
    const [address = "", ...names] = textOf(line).replace(/#.*/, "").trim().split(/\s+/);
    if (address.startsWith("127.") || address === "::1") return [];
    return names.flatMap((name) => {
      const ours = wanted.get(name.toLowerCase());
      return ours === undefined || ours === address ? [] : [{ name, address, wanted: ours }];
    });
  });
}

/** Each with its end, which the last may lack. */
function linesOf(content: string): readonly string[] {
  return content.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function textOf(line = ""): string {
  return line.replace(/\n$/, "").replace(/\r$/, "");
}

/** The last line of the block that begins at `from`; null where another begins before it ends. */
function endOf(lines: readonly string[], from: number): number | null {
  const cluster = textOf(lines[from]).slice(opening.length);
  const next = lines.findIndex((line, index) => {
    const text = textOf(line);
    return index > from && (text === closing + cluster || text.startsWith(opening));
  });
  return textOf(lines[next]) === closing + cluster ? next : null;
}

/** Blocks at the top stand in the order of their clusters' names, so that two clusters never move each other's. */
function placeFor(cluster: string, lines: readonly string[]): number {
  let at = 0;
  while (textOf(lines[at]).startsWith(opening) && textOf(lines[at]).slice(opening.length) < cluster) {
    const last = endOf(lines, at);
    if (last === null || lines[last]?.endsWith("\n") !== true) return at;
    at = last + 1;
  }
  return at;
}
