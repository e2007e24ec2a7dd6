/** The command line: every command is a file in commands/ and a line here. */
import { Command, CommanderError } from "@commander-js/extra-typings";
import packageFile from "../../package.json" with { type: "json" };
import { destroyCommand } from "./commands/destroy.ts";
import { fetchCommand } from "./commands/fetch.ts";
import { planCommand } from "./commands/plan.ts";
import { renderCommand } from "./commands/render.ts";
import { restartCommand } from "./commands/restart.ts";
import { schemaCommand } from "./commands/schema.ts";
import { smokeTestCommand } from "./commands/smoke-test.ts";
import { startCommand } from "./commands/start.ts";
import { statusCommand } from "./commands/status.ts";
import { stopCommand } from "./commands/stop.ts";
import { upCommand } from "./commands/up.ts";
import { validateCommand } from "./commands/validate.ts";
import { reporterFor } from "./run.ts";

const commands = [
  upCommand,
  planCommand,
  statusCommand,
  smokeTestCommand,
  restartCommand,
  stopCommand,
  startCommand,
  destroyCommand,
  validateCommand,
  renderCommand,
  fetchCommand,
  schemaCommand,
];

function program(): Command {
  const kctl = new Command("kctl")
    .description("One YAML file in, a running and verified Apache Kafka cluster out.")
    .version(packageFile.version);
  for (const make of commands) kctl.addCommand(make());
  for (const command of [kctl, ...kctl.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  }
  return kctl;
}

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
    const reporter = reporterFor({
      json: argv.includes("--json") ? true : undefined,
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
