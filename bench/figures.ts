/** Figures beside their limits, as a table in Markdown. */
import { arch, cpus, platform } from "node:os";

export type Row = { readonly what: string; readonly figure: string; readonly limit: string; readonly ok: boolean };

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function table(rows: readonly Row[]): string {
  return [
    "| what | median | limit | |",
    "|---|---|---|---|",
    ...rows.map(({ what, figure, limit, ok }) => `| ${what} | ${figure} | ${limit} | ${ok ? "ok" : "over"} |`),
  ].join("\n");
}

export const machine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model ?? arch()}), ${platform()}, Node ${process.versions.node}`;
