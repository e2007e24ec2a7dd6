/** The history for people: a line for each command, and below it what it changed. */
import type { PastEntry } from "../hosts/history.ts";
import type { Paint } from "./colours.ts";

const shown = 5;

export function historyText(entries: readonly PastEntry[], paint: Paint): string {
  if (entries.length === 0) return "nothing was changed yet";
  return entries.map((entry) => entryText(entry, paint)).join("\n");
}

function entryText({ at, by, command, changed, titles, ok }: PastEntry, paint: Paint): string {
  const how = ok ? "" : `, ${paint("red", "failed")}`;
  const more = titles.length - shown;
  return [
    `${at}  ${by}  ${paint("bold", command)}  ${changed} changed${how}`,
    ...titles.slice(0, shown).map((title) => `  ${title}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join("\n");
}
