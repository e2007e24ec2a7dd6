/** Runs one command: context and signals in, events and the outcome out, the exit status set. */
import { homedir } from "node:os";
import { KctlError, faultsOf, type Fault } from "../fault.ts";
import type { Context } from "../operations/context.ts";
import type { Outcome, Reporter } from "../report/reporter.ts";
import { ask } from "./ask.ts";
import { askHidden } from "./ask-hidden.ts";
import type { CommonOptions } from "./command.ts";
import { reporterFor } from "./reporter-for.ts";
import { write } from "./write.ts";

/** What an interrupted command leaves: what it has done, where that counts, and what to do then. */
type Left = { readonly what?: string; readonly fix: string };

const goesOn = { fix: "run the same command again: it goes on from here" };

export type Done = Partial<Outcome> & { readonly exit?: number };

function exitOf(faults: readonly Fault[]): number {
  return new KctlError(faults).exit;
}

/** Nobody is asked where there is no terminal, or where a program reads. */
function asking({ json }: CommonOptions, reporter: Reporter, signal: AbortSignal): Pick<Context, "ask" | "askSecret"> {
  if (!process.stdin.isTTY || !process.stderr.isTTY || json) return { ask: null, askSecret: null };
  return {
    ask: (question) => reporter.aside(() => ask(question, signal)),
    askSecret: (question) => reporter.aside(() => askHidden(question, signal)),
  };
}

/**
 * @param fieldsOfFailure what the result of a command that throws has beside its errors
 * @param left asked when it is interrupted
 */
export async function run(
  options: CommonOptions,
  body: (context: Context) => Promise<Done>,
  fieldsOfFailure: () => Outcome["fields"] = () => ({}),
  left: () => Left = () => goesOn,
): Promise<void> {
  const reporter = await reporterFor(options);
  const stop = new AbortController();
  const underWay = new Map<string, { readonly title: string; readonly finishes: boolean }>();
  const titles = (which: (finishes: boolean) => boolean): readonly string[] =>
    [...underWay.values()].flatMap(({ title, finishes }) => (which(finishes) ? [title] : []));
  const interrupted = (): void => {
    const { what: done, fix } = left();
    if (stop.signal.aborted) {
      const cut = underWay.size === 0 ? "" : `; cut off: ${titles(() => true).join(", ")}`;
      const what = `stopped at once${done === undefined ? "" : `: ${done}`}${cut}`;
      reporter.result({
        ok: false,
        faults: [{ code: "interrupted", what, fix }],
        fields: fieldsOfFailure(),
        text: () => "",
      });
      process.exit(130);
    }
    reporter.event({
      type: "interrupted",
      finishing: titles((finishes) => finishes),
      leaving: titles((finishes) => !finishes),
    });
    stop.abort(new KctlError({ code: "interrupted", what: "interrupted", fix }));
  };
  process.on("SIGINT", interrupted);
  process.on("SIGTERM", interrupted);
  const endings: (() => void)[] = [];
  const context: Context = {
    specFile: options.file ?? (process.env["KCTL_SPEC"] || "kctl.yaml"),
    cwd: process.cwd(),
    env: process.env,
    platform: process.platform,
    home: homedir(),
    emit: (event) => {
      if (event.type === "change-started")
        underWay.set(event.key, { title: event.title, finishes: event.finishes ?? false });
      if (event.type === "change-done" || event.type === "change-failed") underWay.delete(event.key);
      reporter.event(event);
    },
    signal: stop.signal,
    concurrency: options.concurrency,
    timeoutSeconds: options.timeout,
    ...asking(options, reporter, stop.signal),
    atEnd: (what) => void endings.push(what),
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
    reporter.result({ ok: false, faults, fields: fieldsOfFailure(), text: () => "" });
    process.exitCode = exitOf(faults);
  } finally {
    for (const end of endings) end();
  }
  // The handlers stay: a signal that comes after the result must not take the exit status away.
}
