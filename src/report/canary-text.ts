/** What went through a canary, in a line or two. */

type Shown = {
  readonly records: number;
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly seconds: number;
  readonly longestPauseMs: number;
  readonly partition: number | null;
  readonly during: string | null;
};

/** null: it never began. */
export function canaryText(report: Shown | null): string {
  if (report === null) return "Canary: nothing was restarted, so no record was sent.";
  const { records, lost, doubled, reordered, seconds, longestPauseMs, partition, during } = report;
  const through = `${grouped(records)} records in ${seconds.toFixed(1)} s: ${grouped(lost)} lost, ${grouped(doubled)} doubled, ${grouped(reordered)} reordered`;
  const then = during === null ? "" : `, during the ${during}`;
  return `Canary: ${through}.\nThe longest pause was ${grouped(longestPauseMs)} ms (partition ${partition ?? "unknown"}${then}).`;
}

export function grouped(number: number): string {
  return Math.round(number).toLocaleString("en-US");
}
