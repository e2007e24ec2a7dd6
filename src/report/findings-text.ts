/** What `kctl check` found, by node. */
import type { Finding } from "../preflight/finding.ts";
import type { Paint } from "./colours.ts";
import type { Page } from "./reporter.ts";
import { fold } from "./width.ts";

type Checked = {
  readonly cluster: string;
  readonly nodes: readonly string[];
  readonly place: string;
  readonly findings: readonly Finding[];
};

export function findingsText(checked: Checked, paint: Paint, { columns, words }: Page): string {
  const { cluster, nodes, findings } = checked;
  const places = [null, ...nodes].map((node) => ({
    name: node ?? (findings.every((one) => one.node === null) ? checked.place : "the cluster"),
    list: findings.filter((one) => one.node === node),
  }));
  const lines = [
    `${paint("bold", cluster)}: ${counts(findings, paint)}`,
    ...places.flatMap(({ name, list }) =>
      list.length === 0 ? [] : ["", paint("bold", name), ...list.flatMap((one) => findingLines(one, paint, words))],
    ),
  ];
  return (columns === null ? lines : lines.map((line) => fold(line, columns - 1, 6))).join("\n");
}

function counts(findings: readonly Finding[], paint: Paint): string {
  if (findings.length === 0) return paint("green", "nothing is in the way");
  const errors = findings.filter(({ level }) => level === "error").length;
  const warnings = findings.length - errors;
  const several = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  const parts = [
    ...(errors === 0 ? [] : [paint("red", several(errors, "error"))]),
    ...(warnings === 0 ? [] : [paint("yellow", several(warnings, "warning"))]),
  ];
  return `${parts.join(", ")}${errors === 0 ? "; nothing is in the way" : ""}`;
}

function findingLines({ id, level, what, measured, wanted, fix }: Finding, paint: Paint, words: boolean) {
  const colour = level === "error" ? "red" : "yellow";
  const sign = words ? `${level}:` : paint(colour, level === "error" ? "✗" : "!");
  return [
    `  ${sign} ${what} ${paint("dim", `[${id}]`)}`,
    `      found: ${measured}; wanted: ${wanted}`,
    `      ${paint("bold", "fix:")} ${fix}`,
  ];
}
