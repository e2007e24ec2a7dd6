/** The command line: arguments in, a command run, what is wrong with them said. */
import { CommanderError } from "@commander-js/extra-typings";
import { program } from "./program.ts";
import { reporterFor } from "./reporter-for.ts";

/** @param argv the arguments after the program's name */
export async function main(argv: readonly string[]): Promise<void> {
  const kctl = program();
  if (argv.length === 0) {
    kctl.outputHelp();
    return;
  }
  try {
    await kctl.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    const what = error.message.replace(/^error: /, "").replace(/\s+\(Did you mean (.*)\?\)$/s, "; did you mean $1?");
    const reporter = await reporterFor({
      json: argv.includes("--json") ? true : undefined,
      plain: argv.includes("--plain") ? true : undefined,
      color: !argv.includes("--no-color"),
    });
    reporter.result({
      ok: false,
      faults: [{ code: "usage", what, fix: "see `kctl --help`, or `kctl COMMAND --help`" }],
      fields: {},
      text: () => "",
    });
    process.exitCode = 2;
  }
}
