/** Lines of several logs, each in order by itself, put into one order by the time that they say. Pure. */

export type LogLine = { readonly member: string; readonly text: string };

const stamp = /^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[,.]\d{3})/;

/** Burrow's log, which tells seconds since 1970. */
const seconds = /^\{"level":"[a-z]+","ts":([0-9.]+(?:e\+?[0-9]+)?),/;

/** As the other servers write it: in the time of the place. */
function timeOf(text: string): string | null {
  const since = seconds.exec(text)?.[1];
  if (since === undefined) return stamp.exec(text)?.[1]?.replace("T", " ").replace(".", ",") ?? null;
  const at = new Date(Number(since) * 1000);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 23).replace("T", " ").replace(".", ",");
}

/** A line without a time of its own (a stack) belongs to the one before it. */
export function mergeByTime(logs: readonly (readonly LogLine[])[]): readonly LogLine[] {
  const timed = logs.flatMap((lines) => {
    let time = "";
    return lines.map((line) => {
      time = timeOf(line.text) ?? time;
      return { line, time };
    });
  });
  // Sorting keeps the order of what is equal.
  return timed.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).map(({ line }) => line);
}
