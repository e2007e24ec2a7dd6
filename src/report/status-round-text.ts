/** One round of `status --watch`: the status, what goes through the cluster, and what has changed. */
import type { Paint } from "./colours.ts";
import type { Drawn } from "./fit-rows.ts";
import { ratesLines } from "./rates-text.ts";
import type { Page } from "./reporter.ts";
import { eventLines } from "./status-events-text.ts";
import type { StatusRound } from "./status-shown.ts";
import { statusText } from "./status-text.ts";
import { fold } from "./width.ts";

/** How many lines of events stay to be seen. */
const lastLines = 6;

/** @param round with the events that are to be seen: those of this round, or of several */
export function statusRoundText(round: StatusRound, paint: Paint, page: Page): string {
  const { tables, foot } = statusRoundDrawn(round, paint, page);
  return [...tables, ...foot].map((part) => part.join("\n")).join("\n\n");
}

/** The same with its complaints, for a terminal that may have too few rows for all of it. */
export function statusRoundDrawn(round: StatusRound, paint: Paint, page: Page): Drawn {
  const { columns } = page;
  const events = eventLines(round.events);
  const wrong = round.complaints.map(({ what }) => (columns === null ? `- ${what}` : fold(`- ${what}`, columns - 1)));
  return {
    tables: [statusText(round, paint, page).split("\n"), ratesLines(round.rates, paint, page.words)],
    wrong: wrong.flatMap((text) => text.split("\n")),
    foot: events.length === 0 ? [] : [columns === null ? events : events.slice(-lastLines)],
  };
}
