/** Runs one command: context and signals in, events and the outcome out, the exit status set. */
import { homedir } from "node:os";
import { KctlError, faultsOf, type Fault } from "../fault.ts";
import type { Context } from "../operations/context.ts";
import { colourPaint, plainPaint, type Paint } from "../report/colours.ts";
import { jsonReporter } from "../report/json.ts";
import { plainReporter } from "../report/plain.ts";
import type { Outcome, Reporter } from "../report/reporter.ts";
import { ask } from "./ask.ts";
import type { CommonOptions } from "./command.ts";
import { write } from "./write.ts";

const goesOn = "run the same command again: it goes on from here";

export type Done = Partial<Outcome> & { readonly exit?: number };

export function reporterFor(options: Pick<CommonOptions, "json" | "quiet" | "verbose" | "color">): Reporter {
  if (options.json) return jsonReporter(write(process.stdout));
  const wanted = options.color && (process.env["NO_COLOR"] ?? "") === "";
  const paintOn = ({ isTTY }: NodeJS.WriteStream): Paint => (wanted && isTTY ? colourPaint : plainPaint);
  return plainReporter({
    out: write(process.stdout),
    err: write(process.stderr),
    paint: { out: paintOn(process.stdout), err: paintOn(process.stderr) },
    quiet: options.quiet ?? false,
    verbose: options.verbose ?? false,
  });
}

function exitOf(faults: readonly Fault[]): number {
  return new KctlError(faults).exit;
}

export async function run(options: CommonOptions, body: (context: Context) => Promise<Done>): Promise<void> {
  const reporter = reporterFor(options);
  const stop = new AbortController();
  const underWay = new Map<string, string>();
  const interrupted = (): void => {
    if (stop.signal.aborted) {
      const left = underWay.size === 0 ? "" : `; cut off: ${[...underWay.values()].join(", ")}`;
      reporter.result({
        ok: false,
        faults: [{ code: "interrupted", what: `stopped at once${left}`, fix: goesOn }],
        fields: {},
        text: () => "",
      });
      process.exit(130);
    }
    if (!options.quiet && !options.json)
      write(process.stderr)("stopping: what is under way is finished first; Ctrl-C again to stop at once");
    stop.abort(
      new KctlError({
        code: "interrupted",
        what: "interrupted",
        fix: "run the same command again: it goes on from here",
      }),
    );
  };
  process.on("SIGINT", interrupted);
  process.on("SIGTERM", interrupted);
  const context: Context = {
    specFile: options.file ?? (process.env["KCTL_SPEC"] || "kctl.yaml"),
    cwd: process.cwd(),
    env: process.env,
    platform: process.platform,
    home: homedir(),
    emit: (event) => {
      if (event.type === "change-started") underWay.set(event.key, event.title);
      if (event.type === "change-done" || event.type === "change-failed") underWay.delete(event.key);
      reporter.event(event);
    },
    signal: stop.signal,
    concurrency: options.concurrency,
    timeoutSeconds: options.timeout,
    ask: process.stdin.isTTY && process.stderr.isTTY && !options.json ? (question) => ask(question, stop.signal) : null,
  };
  try {
    const { exit, ...outcome } = await body(context);
    const faults = outcome.faults ?? [];
    const ok = outcome.ok ?? faults.length === 0;
    reporter.result({ ok, faults, fields: outcome.fields ?? {}, text: outcome.text ?? (() => "") });
    process.exitCode = exit ?? (ok ? 0 : faults.length === 0 ? 1 : exitOf(faults));
  } catch (error) {
    const thrown = faultsOf(error);
    const toldOfIt = !stop.signal.aborted || thrown.some(({ code }) => code === "interrupted");
    const faults = toldOfIt ? thrown : faultsOf(stop.signal.reason);
    const stack = options.verbose && error instanceof Error ? error.stack : undefined;
    if (stack !== undefined) write(process.stderr)(stack);
    reporter.result({ ok: false, faults, fields: {}, text: () => "" });
    process.exitCode = exitOf(faults);
  }
  // The handlers stay: a signal that comes after the result must not take the exit status away.
}
