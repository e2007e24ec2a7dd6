/** What every command has in common: the options that all take, and what it says of itself beside them. */
import { Command, InvalidArgumentError, Option, type OptionValues } from "@commander-js/extra-typings";

function positive(text: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(text)) throw new InvalidArgumentError("It takes a whole number from 1.");
  return Number(text);
}

const seconds = { s: 1, m: 60, h: 3600 } as const;

export function durationSeconds(text: string): number {
  const match = /^([1-9][0-9]{0,5})([smh])$/.exec(text);
  if (match === null) throw new InvalidArgumentError("It takes a duration such as 90s, 10m or 1h.");
  return Number(match[1]) * seconds[match[2] as keyof typeof seconds];
}

const lifeUnits = { m: 60, h: 3600, d: 86_400 } as const;

/** Of a cluster: as `ttl` in the spec. */
export function lifeSeconds(text: string): number {
  const match = /^([1-9][0-9]{0,4})([mhd])$/.exec(text);
  if (match === null) throw new InvalidArgumentError("It takes a duration such as 30m, 4h or 2d.");
  return Number(match[1]) * lifeUnits[match[2] as keyof typeof lifeUnits];
}

/** What a command says of itself beside its options: in the reference (docs/commands.md), its examples in its `--help` too. */
export type CommandPage = {
  /** Paragraphs of Markdown. */
  readonly about: readonly string[];
  /** Exit statuses that mean something special with this command. */
  readonly exits?: Readonly<Record<number, string>>;
  /** The fields of its JSON result beside `type`, `ok` and `errors`. */
  readonly result: Readonly<Record<string, string>>;
  readonly examples: readonly (readonly [line: string, what: string])[];
};

const pages = new WeakMap<object, CommandPage>();

/** null: a command that only programs call. */
export function pageOf(command: object): CommandPage | null {
  return pages.get(command) ?? null;
}

function examplesText({ examples }: CommandPage): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return ["", "Examples:", ...examples.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`)].join("\n");
}

const defaultSpec = "$KCTL_SPEC, else kctl.yaml";
const aSpec = "the spec, or - for standard input";

/** A command with the common options. */
export function specCommand(name: string, summary: string, page: CommandPage) {
  return withCommonOptions(
    pageCommand(name, summary, page).option("-f, --file <spec>", `${aSpec} (default: ${defaultSpec})`),
  );
}

/** One that may be given several specs. */
export function specsCommand(name: string, summary: string, page: CommandPage) {
  const several = new Option("-f, --file <spec>", `${aSpec}; may be given several times`)
    .argParser((file: string, before: readonly string[]): readonly string[] => [...before, file])
    .default([], defaultSpec);
  return withCommonOptions(pageCommand(name, summary, page).addOption(several));
}

function pageCommand(name: string, summary: string, page: CommandPage) {
  const command = new Command(name).description(summary).addHelpText("after", () => examplesText(page));
  pages.set(command, page);
  return command;
}

function withCommonOptions<Args extends unknown[], Options extends OptionValues>(command: Command<Args, Options>) {
  return command
    .option("--json", "one JSON object a line on standard output, the result last")
    .option("--quiet", "no progress: only the result and what went wrong")
    .option("--verbose", "say more, and show where an error of kctl itself comes from")
    .option("--no-color", "no colours (NO_COLOR does the same)")
    .option("--plain", "for screen readers: whole lines in order, words instead of signs (KCTL_PLAIN=1 does the same)")
    .addOption(
      new Option("--concurrency <n>", "how many things are done side by side at most, on each machine")
        .argParser(positive)
        .default(8),
    )
    .addOption(
      new Option("--timeout <duration>", "the longest that each wait may take")
        .argParser(durationSeconds)
        .default(120, "2m"),
    );
}

export type CommonOptions = {
  readonly file?: string | undefined;
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
  readonly verbose?: true | undefined;
  readonly color: boolean;
  readonly plain?: true | undefined;
  readonly concurrency: number;
  readonly timeout: number;
};
