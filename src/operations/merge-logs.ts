/** Lines of several logs, each in order by itself, put into one order by the time that they say. Pure. */

export type LogLine = { readonly member: string; readonly text: string };

const stamp = /^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[,.]\d{3})/;

/** A line without a time of its own (a stack) belongs to the one before it. */
export function mergeByTime(logs: readonly (readonly LogLine[])[]): readonly LogLine[] {
  const timed = logs.flatMap((lines) => {
    let time = "";
    return lines.map((line) => {
      time = stamp.exec(line.text)?.[1]?.replace("T", " ").replace(".", ",") ?? time;
      return { line, time };
    });
  });
  // Sorting keeps the order of what is equal.
  return timed.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).map(({ line }) => line);
}
