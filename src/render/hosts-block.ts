/**
 * kctl's own part of /etc/hosts: at the top, so that it wins over a line such as Debian's `127.0.1.1 NAME`, between two markers
 * with the cluster's name. Every other byte of the file stays as it is.
 */
import type { HostsBlock } from "../services/desired.ts";

/** What a machine needs where the file is missing. */
const minimal = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

export function blockLines({ cluster, entries }: HostsBlock): readonly string[] {
  return [begin(cluster), ...entries.map(({ address, names }) => `${address}\t${names.join(" ")}`), end(cluster)];
}

const begin = (cluster: string): string => `# >>> kctl ${cluster}`;
const end = (cluster: string): string => `# <<< kctl ${cluster}`;

/** @param content all of the file; null where it is missing */
export function withBlock(content: string | null, block: HostsBlock): string {
  const wanted = blockLines(block);
  const lines = linesOf(content ?? minimal);
  // What is there as it should be stays where it is: two clusters must not move each other's.
  const own = ownRange(lines, block.cluster);
  if (
    own !== null &&
    lines
      .slice(own.from, own.to)
      .map(({ text }) => text)
      .join("\n") === wanted.join("\n")
  )
    return content ?? minimal;
  const rest = own === null ? lines : [...lines.slice(0, own.from), ...lines.slice(own.to)];
  const at = own?.from ?? 0;
  const ours = wanted.map((text) => ({ text, eol: "\n" }));
  return joined([...rest.slice(0, at), ...ours, ...rest.slice(at)]);
}

export function withoutBlock(content: string, cluster: string): string {
  const lines = linesOf(content);
  const own = ownRange(lines, cluster);
  return own === null ? content : joined([...lines.slice(0, own.from), ...lines.slice(own.to)]);
}

type Line = { readonly text: string; readonly eol: string };

function linesOf(content: string): readonly Line[] {
  return [...content.matchAll(/([^\n]*?)(\r?\n|$)/g)]
    .map(([, text = "", eol = ""]) => ({ text, eol }))
    .filter(({ text, eol }) => text !== "" || eol !== "");
}

const joined = (lines: readonly Line[]): string => lines.map(({ text, eol }) => text + eol).join("");

/** Of a damaged block, with one of its markers only, that marker alone is certainly kctl's. */
function ownRange(lines: readonly Line[], cluster: string): { readonly from: number; readonly to: number } | null {
  const from = lines.findIndex(({ text }) => text === begin(cluster));
  const last = lines.findIndex(({ text }, index) => index > from && text === end(cluster));
  if (from === -1) {
    const alone = lines.findIndex(({ text }) => text === end(cluster));
    return alone === -1 ? null : { from: alone, to: alone + 1 };
  }
  const other = lines.findIndex(({ text }, index) => index > from && text.startsWith("# >>> kctl "));
  const whole = last !== -1 && (other === -1 || other > last);
  return { from, to: whole ? last + 1 : from + 1 };
}
