/** What the time of an `up` went by with, as a timeline. */
import type { PathStep, Timing } from "./timing.ts";

const words = { machines: "machines", servers: "servers", downloads: "downloads" } as const;

export function timingText({ seconds, own, path }: Timing): string {
  const width = Math.max(0, ...path.map(({ to }) => to.toFixed(1).length));
  const at = (moment: number): string => moment.toFixed(1).padStart(width);
  const lines = path.map(
    ({ from, to, title, waits }) =>
      `  ${at(from)} to ${at(to)} s  ${title}${waits === null ? "" : `  [${words[waits]}]`}`,
  );
  const spent = (Object.keys(words) as (keyof typeof words)[])
    .map((kind) => [words[kind], sumOf(path, kind)] as const)
    .filter(([, sum]) => sum > 0)
    .map(([what, sum]) => `${what} ${sum.toFixed(1)} s`);
  const waited = spent.length === 0 ? "" : `; waiting for ${spent.join(", ")}`;
  return `What the time went by with: kctl's own work ${own.toFixed(1)} s of ${seconds.toFixed(1)} s${waited}\n${lines.join("\n")}`;
}

function sumOf(path: readonly PathStep[], kind: PathStep["waits"]): number {
  return path.filter(({ waits }) => waits === kind).reduce((sum, { from, to }) => sum + to - from, 0);
}
