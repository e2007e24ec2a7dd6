/** Consumer groups and their lag: a line a group, or a line a partition. */
import type { Paint } from "./colours.ts";
import type { GroupLag, LagShown, PartitionLag } from "./lag-shown.ts";
import type { Page } from "./reporter.ts";
import { tableLines } from "./table.ts";
import { fold } from "./width.ts";

/** @param partitions whether each partition has its line; else each group */
export function lagText({ groups }: LagShown, partitions: boolean, paint: Paint, { columns, words }: Page): string {
  if (groups.length === 0) return "There are no consumer groups.";
  const several = new Set(groups.map(({ cluster }) => cluster)).size > 1;
  const lines = partitions
    ? groups.flatMap((group, index) => [...(index === 0 ? [] : [""]), ...partitionLines(group, paint, words)])
    : words
      ? groups.map((group) => groupSentence(group))
      : groupTable(groups, several, paint);
  const text = [...lines, ...judgedLines(groups)].join("\n");
  return columns === null ? text : fold(text, columns - 1);
}

/** Nothing where there is no Burrow. */
function judgedLines(groups: readonly GroupLag[]): readonly string[] {
  const own = groups.filter(({ judgedBy }) => judgedBy === "kctl").map(({ group }) => group);
  const few = groups.filter(({ complete = 1 }) => complete < 1).map(({ group }) => group);
  if (own.length === groups.length) return [];
  return [
    "",
    own.length === 0 ? "Burrow judges." : `Burrow judges; it does not know ${some(own)}, which kctl judges.`,
    ...(few.length === 0 ? [] : [`It has seen few commits yet of ${some(few)}.`]),
  ];
}

function some(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}

function groupTable(groups: readonly GroupLag[], several: boolean, paint: Paint): readonly string[] {
  const trends = groups.some(({ trend }) => trend !== undefined);
  const rows = groups.map(({ cluster, group, status, lag, trend, members, state, partitions }) => [
    ...(several ? [cluster] : []),
    paint("bold", group),
    statusText(status, paint),
    String(lag),
    ...(trends ? [trendText(trend)] : []),
    String(members),
    state,
    String(partitions.length),
  ]);
  const head = [
    ...(several ? ["CLUSTER"] : []),
    "GROUP",
    "STATUS",
    "LAG",
    ...(trends ? ["TREND"] : []),
    "MEMBERS",
    "STATE",
    "PARTITIONS",
  ];
  return table(head, rows, paint);
}

function partitionLines(group: GroupLag, paint: Paint, words: boolean): readonly string[] {
  const { cluster, group: name, status, lag, members, state, partitions } = group;
  if (words) return [groupSentence(group), ...partitions.map(partitionSentence)];
  const count = members === 1 ? "1 member" : `${members} members`;
  const title = `${paint("bold", name)} of ${cluster}: ${statusText(status, paint)}, lag ${lag}, ${count} (${state})`;
  if (partitions.length === 0) return [title];
  const trends = partitions.some(({ trend }) => trend !== undefined);
  const rows = partitions.map((one) => [
    one.topic,
    String(one.partition),
    String(one.end ?? "-"),
    String(one.committed ?? "-"),
    String(one.lag ?? "-"),
    ...(trends ? [trendText(one.trend)] : []),
    one.owner === null ? "-" : `${one.clientId} at ${one.host}`,
    statusText(one.status, paint),
  ]);
  const head = ["TOPIC", "PARTITION", "END", "COMMITTED", "LAG", ...(trends ? ["TREND"] : []), "OWNER", "STATUS"];
  return [title, ...table(head, rows, paint)];
}

const numbers: ReadonlySet<string> = new Set(["LAG", "MEMBERS", "PARTITIONS", "PARTITION", "END", "COMMITTED"]);

/** Numbers stand below each other by their last digit. */
function table(head: readonly string[], rows: readonly (readonly string[])[], paint: Paint): readonly string[] {
  const all = [head, ...rows];
  const aligned = all.map((row) =>
    row.map((cell, column) => {
      const widest = Math.max(...all.map((other) => other[column]?.length ?? 0));
      return numbers.has(head[column] ?? "") ? cell.padStart(widest) : cell;
    }),
  );
  const [header = "", ...lines] = tableLines(aligned);
  return [paint("dim", header), ...lines];
}

function statusText(status: string, paint: Paint): string {
  return paint(status === "OK" ? "green" : status === "WARN" ? "yellow" : "red", status);
}

function trendText(trend: number | null | undefined): string {
  if (trend === null || trend === undefined) return "";
  return trend === 0 ? "=" : `${trend > 0 ? "↑" : "↓"} ${Math.abs(trend)}/s`;
}

function trendWords(trend: number | null | undefined): readonly string[] {
  if (trend === null || trend === undefined || trend === 0) return [];
  return [`${trend > 0 ? "growing" : "shrinking"} by ${Math.abs(trend)} a second`];
}

/** For a screen reader. */
function groupSentence({ cluster, group, status, lag, trend, members, state }: GroupLag): string {
  const count = members === 1 ? "1 member" : `${members} members`;
  return `${cluster}, group ${group}: ${[status, `lag ${lag}`, ...trendWords(trend), count, state].join(", ")}`;
}

function partitionSentence({
  topic,
  partition,
  end,
  committed,
  lag,
  trend,
  owner,
  clientId,
  host,
  status,
}: PartitionLag): string {
  const told = [
    status,
    `lag ${lag ?? "unknown"}`,
    ...trendWords(trend),
    `end ${end ?? "unknown"}`,
    `committed ${committed ?? "none"}`,
    owner === null ? "nobody reads it" : `read by ${clientId} at ${host}`,
  ];
  return `${topic} ${partition}: ${told.join(", ")}`;
}
