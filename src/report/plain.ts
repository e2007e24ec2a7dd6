/** Plain lines: progress and errors to standard error, results to standard output. */
import { byteText, timeText } from "./amounts.ts";
import type { Fault } from "../fault.ts";
import type { Paint } from "./colours.ts";
import { events, type Event } from "./events.ts";
import { labelledFault, type Fold } from "./fault-text.ts";
import type { Page, Reporter, WriteLine } from "./reporter.ts";

export type PlainOptions = {
  readonly out: WriteLine;
  readonly err: WriteLine;
  /** Either may be a terminal while the other goes to a file. */
  readonly paint: { readonly out: Paint; readonly err: Paint };
  /** Folds what goes to a terminal; null: whole lines. */
  readonly fold: Fold | null;
  /** What the result is written on, asked for when it is there. */
  readonly page: () => Page;
  readonly quiet: boolean;
  readonly verbose: boolean;
};

/** How often a wait or a download is told of again. */
const againSeconds = 5;

export function plainReporter({ out, err, paint, fold, page, quiet, verbose }: PlainOptions): Reporter {
  const told = new Map<string, number>();
  /** At once and then now and then, where `seconds` only go up. */
  const isDue = (key: string, seconds: number): boolean => {
    if (seconds < (told.get(key) ?? 0) + againSeconds) return false;
    told.set(key, seconds);
    return true;
  };
  const shown = (event: Event): boolean => {
    const { level } = events[event.type];
    if (level === "error") return false; // The result tells every fault, once.
    if (quiet) return false;
    if (event.type === "waiting") {
      // The first of a wait says nothing yet that the wait's end does not say.
      if (event.seconds < 1) told.delete(event.key);
      return isDue(event.key, event.seconds);
    }
    if (event.type === "download") {
      const key = `${event.artifact} from ${event.source}`;
      if (event.bytes === 0 || !told.has(key)) told.set(key, performance.now() / 1000);
      else return isDue(key, performance.now() / 1000);
    }
    return verbose || level !== "detail" || event.type === "download";
  };
  const words = (): boolean => page().words;
  return {
    event: (event) => {
      if (!shown(event)) return;
      const line = eventLine(event, paint.err, { verbose, words: words(), fold });
      if (line === null) return;
      if (event.type === "warning" || fold === null) err(line);
      else err(fold.line(line, 2));
    },
    // What went wrong comes last: there it is seen.
    result: ({ faults, text }) => {
      const lines = text(paint.out, page());
      if (lines !== "") out(lines);
      for (const fault of eachFixOnce(faults)) err(labelledFault(fault, "error", paint.err, fold));
    },
    aside: (work) => work(),
  };
}

/** Where one way out mends several in a row, it stands below the last of them. */
function eachFixOnce(faults: readonly Fault[]): readonly Fault[] {
  return faults.map((fault, index) => {
    if (fault.fix === undefined || faults[index + 1]?.fix !== fault.fix) return fault;
    const { fix: _, ...others } = fault;
    return others;
  });
}

const duration = (seconds: number): string => `(${timeText(seconds)})`;

function downloadText({ artifact, source, bytes, total }: Extract<Event, { type: "download" }>): string {
  if (bytes === 0) return `${artifact}: from ${source}`;
  return `${artifact}: ${byteText(bytes)}${total === null ? "" : ` of ${byteText(total)}`} from ${source}`;
}

/** Folders and files are many and quick: they are counted by the plan, and listed only with --verbose. */
const isSmall = (key: string): boolean => /^(folder|file|receipt|gate)\b/.test(key);

type Way = { readonly verbose: boolean; readonly words: boolean; readonly fold: Fold | null };

function eventLine(event: Event, paint: Paint, { verbose, words, fold }: Way): string | null {
  const done = words ? "done:" : paint("green", "✓");
  switch (event.type) {
    case "message":
      return event.text;
    case "warning":
      return labelledFault(event.fault, "warning", paint, fold);
    case "download":
      return paint("dim", `  ${downloadText(event)}`);
    case "source-failed":
      return paint("dim", `  ${event.artifact}: not from ${event.source}: ${event.why}`);
    case "change-started":
      return verbose ? paint("dim", words ? `begun: ${event.title}` : `  … ${event.title}`) : null;
    case "change-done":
      return isSmall(event.key) && !verbose ? null : `${done} ${event.title} ${paint("dim", duration(event.seconds))}`;
    case "waiting":
      return paint("dim", `  waiting for ${event.what} (${event.seconds.toFixed(0)} s)`);
    case "check": {
      const failed = words ? "failed:" : paint("red", "✗");
      return `${event.ok ? done : failed} ${event.name}: ${event.detail} ${paint("dim", duration(event.seconds))}`;
    }
    case "interrupted":
      return interruptedText(event.finishing);
    case "waited":
    case "steps":
    case "change-failed":
    case "check-started":
    case "status":
    case "lag":
      return null;
  }
}

/** What is not finished is over at once, and the result tells of it. */
function interruptedText(finishing: readonly string[]): string | null {
  if (finishing.length === 0) return null;
  return `interrupted: finishing what cannot be left half-done: ${finishing.join(", ")}; Ctrl-C again ends at once`;
}
