/** The reference of commands, docs/commands.md: from the same tree that parses the command line. */
import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { pageOf, specCommand, type CommandPage } from "../src/cli/command.ts";
import { program } from "../src/cli/program.ts";
import { generated, table } from "./markdown.ts";

const opening = `# Commands

\`kctl COMMAND [-f SPEC] [arguments] [options]\`. ${generated}

Without \`-f\` the spec is \`$KCTL_SPEC\`, else \`kctl.yaml\` in the current folder. Progress and messages go to standard error, results to
standard output. \`kctl COMMAND --help\` shows the options and examples of this page. [Completion for bash, zsh and fish](#kctl-completion) knows them too.
`;

const exits = `## Exit status

${table(
  ["status", "what it means"],
  [
    ["0", "done"],
    ["1", "it failed, is unhealthy, is unsafe or is locked; the errors say what, where, and what to do"],
    ["2", "the spec or the command line is wrong, and nothing was touched"],
    ["3", "`plan --check` found changes"],
    ["130", "interrupted (Ctrl-C, SIGTERM): no half-written file is left, and the next `kctl up` goes on from there"],
  ],
)}
`;

const result = `## With \`--json\`

Standard output has one JSON object a line and nothing else: [events](events.md), and last, whatever the exit status is, the result:
\`{"type": "result", "ok": true, "errors": [], …}\` with the fields that each command has below. An error is \`{code, what, where, fix, node}\`,
with null for what there is not, and perhaps a \`detail\` ([every code](errors.md)). Fields of a result are there where the command came to its end; after an
error that ended it, only \`ok\` and \`errors\` are. Shapes only grow.
`;

const nothing: CommandPage = { about: [], result: {}, examples: [] };
const common = specCommand("common", "", nothing).options;

function optionRow({ flags, description, defaultValue, defaultValueDescription, argChoices }: Option): string[] {
  const shown: unknown = defaultValueDescription ?? defaultValue;
  const isShown = typeof shown === "string" || typeof shown === "number";
  const choices = argChoices === undefined ? "" : `: ${argChoices.map((choice) => `\`${choice}\``).join(", ")}`;
  return [`\`${flags}\``, `${description}${choices}${isShown ? ` (default: ${shown})` : ""}`];
}

function section(command: CommandUnknownOpts): string {
  const page = pageOf(command);
  if (page === null) throw new Error(`${command.name()} has no page`);
  const own = command.options.filter(({ long }) => common.every((option) => option.long !== long));
  const summary = command.description();
  const argumentRows = command.registeredArguments.map((argument) => [
    `\`${argument.required ? argument.name() : `[${argument.name()}]`}\``,
    `${argument.description}${argument.argChoices === undefined ? "" : `: ${argument.argChoices.map((choice) => `\`${choice}\``).join(", ")}`}`,
  ]);
  const optionRows = [...argumentRows, ...own.map(optionRow)];
  const special = Object.entries(page.exits ?? {});
  const width = Math.max(...page.examples.map(([line]) => line.length));
  return [
    `## kctl ${command.name()}\n`,
    `\`kctl ${command.name()} ${command.usage()}\`: ${summary}.\n`,
    ...page.about.map((paragraph) => `${paragraph}\n`),
    ...(optionRows.length === 0 ? [] : [`${table(["argument or option", "what it does"], optionRows)}\n`]),
    ...(special.length === 0
      ? []
      : [`${special.map(([exit, means]) => `Exit status ${exit}: ${means}.`).join("\n")}\n`]),
    `${table(
      ["field of the result", "what it is"],
      Object.entries(page.result).map(([field, what]) => [`\`${field}\``, what]),
    )}\n`,
    `\`\`\`sh\n${page.examples.map(([line, what]) => `${line.padEnd(width)}  # ${what}`).join("\n")}\n\`\`\`\n`,
  ].join("\n");
}

export function commandReference(): string {
  const kctl = program();
  const commands = kctl
    .createHelp()
    .visibleCommands(kctl)
    .filter((command) => command.name() !== "help");
  const list = table(
    ["command", "what it does"],
    commands.map((command) => [`[\`${command.name()}\`](#kctl-${command.name()})`, command.description()]),
  );
  const options = `## Options of every command\n\n${table(["option", "what it does"], common.map(optionRow))}\n`;
  return [opening, `${list}\n`, options, exits, result, ...commands.map(section)].join("\n");
}
