/** Picks how a command tells of its work: JSON lines, plain lines, or a live tree on a terminal. */
import { colourPaint, plainPaint, type Paint } from "../report/colours.ts";
import { jsonReporter } from "../report/json.ts";
import type { LiveReporter } from "../report/live.ts";
import type { Room } from "../report/live-tree.ts";
import { plainReporter } from "../report/plain.ts";
import type { Page, Reporter } from "../report/reporter.ts";
import type { Surface } from "../report/screen.ts";
import type { CommonOptions } from "./command.ts";
import { write, writeText } from "./write.ts";

type Options = Pick<CommonOptions, "json" | "quiet" | "verbose" | "color" | "plain">;

/** Some terminals (those of script(1) in a pipe) say that they have no columns and no rows. */
export function roomOf({ columns, rows }: NodeJS.WriteStream): Room {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

const isSet = (name: string): boolean => !["", "0", "false"].includes(process.env[name] ?? "");

/** Whether a stream is a terminal whose lines can be drawn over. Logs of CI jobs are kept, even where they are terminals. */
export function isLive({ isTTY }: NodeJS.WriteStream, { plain }: Pick<Options, "plain">): boolean {
  return isTTY && process.env["TERM"] !== "dumb" && !isPlain({ plain }) && !isSet("CI");
}

const isPlain = ({ plain }: Pick<Options, "plain">): boolean => plain === true || isSet("KCTL_PLAIN");

export function paintFor({ isTTY }: NodeJS.WriteStream, options: Pick<Options, "color" | "plain">): Paint {
  const no =
    !options.color || isPlain(options) || (process.env["NO_COLOR"] ?? "") !== "" || process.env["TERM"] === "dumb";
  return isTTY && !no ? colourPaint : plainPaint;
}

export async function reporterFor(options: Options): Promise<Reporter> {
  if (options.json) return jsonReporter(write(process.stdout));
  const words = isPlain(options);
  const page = (): Page => ({
    columns: isLive(process.stdout, options) ? roomOf(process.stdout).columns : null,
    words,
  });
  const common = {
    out: write(process.stdout),
    paint: { out: paintFor(process.stdout, options), err: paintFor(process.stderr, options) },
    page,
    quiet: options.quiet ?? false,
    verbose: options.verbose ?? false,
  };
  if (!isLive(process.stderr, options)) return plainReporter({ ...common, err: write(process.stderr), fold: null });
  const { foldOn, liveReporter } = await import("../report/live.ts");
  if (common.quiet) {
    return plainReporter({ ...common, err: write(process.stderr), fold: foldOn(() => roomOf(process.stderr).columns) });
  }
  const live = liveReporter(
    {
      ...surfaceOf(process.stderr),
      room: () => roomOf(process.stderr),
      now: () => performance.now(),
      every: (milliseconds, draw) => {
        const timer = setInterval(draw, milliseconds);
        timer.unref();
        process.stderr.on("resize", draw);
        return () => {
          clearInterval(timer);
          process.stderr.off("resize", draw);
        };
      },
    },
    common,
  );
  giveBackTerminal(live);
  return live;
}

export function surfaceOf(stream: NodeJS.WriteStream): Surface {
  // Terminals that are made of xterm.js, as far as they say who they are.
  const cursorSinks = ["vscode", "Hyper"].includes(process.env["TERM_PROGRAM"] ?? "");
  return { write: writeText(stream), columns: () => roomOf(stream).columns, cursorSinks };
}

/** However kctl ends or is put aside, the cursor is shown and nothing half-drawn stays. */
function giveBackTerminal({ clear, redraw }: LiveReporter): void {
  process.once("exit", clear);
  // These would end it without a word; the handlers of `run` see to the others.
  for (const signal of ["SIGHUP", "SIGQUIT"] as const) {
    process.once(signal, () => {
      clear();
      process.kill(process.pid, signal);
    });
  }
  process.on("SIGTSTP", () => {
    clear();
    process.once("SIGCONT", redraw);
    process.kill(process.pid, "SIGSTOP");
  });
}
