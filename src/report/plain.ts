/** Plain lines: progress and errors to standard error, results to standard output. */
import { events, type Event } from "./events.ts";
import { faultText } from "./fault-text.ts";
import type { Paint } from "./colours.ts";
import type { Reporter, WriteLine } from "./reporter.ts";

export type PlainOptions = {
  readonly out: WriteLine;
  readonly err: WriteLine;
  /** Either may be a terminal while the other goes to a file. */
  readonly paint: { readonly out: Paint; readonly err: Paint };
  readonly quiet: boolean;
  readonly verbose: boolean;
};

export function plainReporter({ out, err, paint, quiet, verbose }: PlainOptions): Reporter {
  const shown = (event: Event): boolean => {
    const { level } = events[event.type];
    if (level === "error") return false; // The result tells every fault, once.
    if (quiet) return false;
    return verbose || level !== "detail" || event.type === "waiting" || event.type === "download";
  };
  return {
    event: (event) => {
      const line = shown(event) ? eventLine(event, paint.err, verbose) : null;
      if (line !== null) err(line);
    },
    result: ({ faults, text }) => {
      for (const fault of faults) err(paint.err("red", "error: ") + faultText(fault));
      const lines = text(paint.out);
      if (lines !== "" && !quiet) out(lines);
    },
  };
}

const duration = (seconds: number): string => `${seconds.toFixed(1)} s`;

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;

function downloadText({ artifact, source, bytes, total }: Extract<Event, { type: "download" }>): string {
  if (bytes === 0) return `${artifact}: from ${source}`;
  return `${artifact}: ${mebibytes(bytes)}${total === null ? "" : ` of ${mebibytes(total)}`} from ${source}`;
}

/** Folders and files are many and quick: they are counted by the plan, and listed only with --verbose. */
const isSmall = (key: string): boolean => /^(folder|file|receipt|gate)\b/.test(key);

function eventLine(event: Event, paint: Paint, verbose: boolean): string | null {
  switch (event.type) {
    case "message":
      return event.text;
    case "warning":
      return paint("yellow", "warning: ") + faultText(event.fault);
    case "download":
      return paint("dim", `  ${downloadText(event)}`);
    case "source-failed":
      return paint("dim", `  ${event.artifact}: not from ${event.source}: ${event.why}`);
    case "change-started":
      return verbose ? paint("dim", `  … ${event.title}`) : null;
    case "change-done":
      return isSmall(event.key) && !verbose
        ? null
        : `${paint("green", "✓")} ${event.title} ${paint("dim", `(${duration(event.seconds)})`)}`;
    case "change-failed":
      return null;
    case "waiting":
      return paint("dim", `  waiting for ${event.what} (${event.seconds.toFixed(0)} s)`);
    case "check":
      return `${event.ok ? paint("green", "✓") : paint("red", "✗")} ${event.name}: ${event.detail} ${paint("dim", `(${duration(event.seconds)})`)}`;
  }
}
