/** What goes through a cluster: a line for all of it, the busiest topics, and what each broker leads. */
import { byteText } from "./amounts.ts";
import type { Paint } from "./colours.ts";
import type { RatesShown } from "./status-shown.ts";
import { tableLines } from "./table.ts";

/** How many topics are shown. */
const busiest = 5;

type Rate = Pick<RatesShown, "records" | "bytes">;

export function ratesLines(rates: RatesShown | null, paint: Paint, words: boolean): readonly string[] {
  if (rates === null) return ["rates: unknown, they take two looks that brokers answer"];
  const window = `in the last ${rates.seconds.toFixed(0)} s${withoutText(rates)}`;
  const all = `${window}: ${recordsText(rates)} records/s, ${bytesText(rates)}`;
  const topics = rates.topics.slice(0, busiest);
  if (topics.length === 0) return [all];
  if (words)
    return [
      all,
      ...topics.map(({ topic, ...rate }) => `topic ${topic}: ${recordsText(rate)} records/s, ${bytesText(rate)}`),
      ...rates.brokers.map(
        ({ id, node, ...rate }) =>
          `broker ${id} on ${node}, of what it leads: ${recordsText(rate)} records/s, ${bytesText(rate)}`,
      ),
    ];
  const of = (name: string, rate: Rate): readonly string[] => [name, recordsText(rate), bytesText(rate)];
  const rows = [
    ["TOPIC", "RECORDS/S", "BYTES/S"],
    ...topics.map(({ topic, ...rate }) => of(topic, rate)),
    ["LED BY", "", ""],
    ...rates.brokers.map(({ id, node, ...rate }) => of(`broker ${id} (${node})`, rate)),
  ];
  const widest = Math.max(...rows.map((row) => row[1]?.length ?? 0));
  const lines = tableLines(
    rows.map(([name = "", records = "", bytes = ""]) => [name, records.padStart(widest), bytes]),
  );
  return [all, ...lines.map((line, index) => (index === 0 || index === topics.length + 1 ? paint("dim", line) : line))];
}

/** What is not known is not told as nothing. */
function withoutText({ missing }: Pick<RatesShown, "missing">): string {
  if (missing.length === 0) return "";
  return `, without ${missing.length === 1 ? "broker" : "brokers"} ${missing.join(" and ")} (silent)`;
}

function recordsText({ records }: Rate): string {
  return records >= 100 ? Math.round(records).toLocaleString("en") : String(records);
}

function bytesText({ bytes }: Rate): string {
  return bytes === null ? "bytes unknown" : `${byteText(bytes)}/s`;
}
