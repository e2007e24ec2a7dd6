/** What can stand where the cursor is, read off the tree of commands: a new command or option is completed without a line here. */
import type { Argument, CommandUnknownOpts, Option } from "@commander-js/extra-typings";

export type Word = { readonly word: string; readonly about: string };

export type Completion =
  | { readonly kind: "words"; readonly words: readonly Word[] }
  | { readonly kind: "files" | "folders" }
  /** Names that the spec has; `file` is the one that -f named. */
  | { readonly kind: "from-spec"; readonly what: NamesOf; readonly file: string | null };

/** What the spec has names of. */
type NamesOf = "nodes" | "topics" | "connectors";

/** What a placeholder of the help stands for, as in `--out <dir>` and `[node]`. */
const placeholders: Readonly<Record<string, "files" | "folders" | NamesOf>> = {
  spec: "files",
  file: "files",
  dir: "folders",
  node: "nodes",
  topic: "topics",
  connector: "connectors",
};

/** How far the words before the cursor lead. */
type State = {
  readonly command: CommandUnknownOpts;
  /** How many arguments of the command were given. */
  readonly given: number;
  /** The option whose value comes next. */
  readonly pending: Option | null;
  readonly used: readonly Option[];
  /** After `--`. */
  readonly argumentsOnly: boolean;
  readonly file: string | null;
};

/** @param words what stands after `kctl`; the last is the one that the cursor is in, perhaps empty */
export function completion(kctl: CommandUnknownOpts, words: readonly string[]): Completion {
  const whole = withoutEqualSigns(words);
  const current = whole.at(-1) ?? "";
  const start: State = { command: kctl, given: 0, pending: null, used: [], argumentsOnly: false, file: null };
  const state = whole.slice(0, -1).reduce(after, start);
  const { command, pending, given, argumentsOnly } = state;
  if (pending !== null) return valuesOf(placeholderOf(pending), pending.argChoices, state, "");
  if (current.startsWith("-") && !argumentsOnly) {
    const [, name] = /^(--[^=]+)=/.exec(current) ?? [];
    if (name === undefined) return optionsOf(state, current);
    const option = optionNamed(name, command);
    return option === undefined ? nothing : valuesOf(placeholderOf(option), option.argChoices, state, `${name}=`);
  }
  const commands = commandsOf(command);
  if (commands.length > 0 && given === 0) return { kind: "words", words: commands };
  const argument = argumentAt(given, command);
  if (argument === undefined) return argumentsOnly ? nothing : optionsOf(state, current);
  return valuesOf(argument.name(), argument.argChoices, state, "");
}

const nothing: Completion = { kind: "words", words: [] };

/** bash hands over `--file=x` as three words. */
function withoutEqualSigns(words: readonly string[]): readonly string[] {
  const last = words.length - 1;
  return words.flatMap((word, index) => {
    if (word !== "=" || words[index - 1]?.startsWith("--") !== true) return [word];
    return index === last ? [""] : [];
  });
}

function after(state: State, word: string): State {
  const { command, pending, given, used, argumentsOnly } = state;
  if (pending !== null) return { ...withValue(state, pending, word), pending: null };
  if (word === "--" && !argumentsOnly) return { ...state, argumentsOnly: true };
  if (word.startsWith("-") && !argumentsOnly) {
    const [, name = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? /^(-[^-])(.+)$/s.exec(word) ?? [];
    const option = optionNamed(name, command);
    if (option === undefined) return state;
    const known: State = { ...state, used: [...used, option] };
    if (!option.required && !option.optional) return known;
    return value === undefined ? { ...known, pending: option } : withValue(known, option, value);
  }
  const inner = given === 0 ? command.commands.find((one) => one.name() === word) : undefined;
  if (inner !== undefined) return { ...state, command: inner, given: 0 };
  // After `help` come commands again.
  return word === "help" && given === 0 && command.commands.length > 0 ? state : { ...state, given: given + 1 };
}

function withValue(state: State, option: Option, value: string): State {
  return option.long === "--file" ? { ...state, file: unquoted(value) } : state;
}

/** bash hands words over as they are typed. */
function unquoted(word: string): string {
  const [, , inside] = /^(["'])(.*)\1$/s.exec(word) ?? [];
  return inside ?? word.replaceAll(/\\(.)/gs, "$1");
}

function optionNamed(name: string, command: CommandUnknownOpts): Option | undefined {
  return command.options.find(({ long, short }) => long === name || short === name);
}

function argumentAt(place: number, { registeredArguments }: CommandUnknownOpts): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[place] ?? (last?.variadic === true ? last : undefined);
}

/** Those that help lists, `help` among them; none for a command that has none of its own. */
function commandsOf(command: CommandUnknownOpts): readonly Word[] {
  if (command.commands.length === 0) return [];
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ word: one.name(), about: one.description() }));
}

function optionsOf({ command, used }: State, current: string): Completion {
  const left = command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => !used.some(({ long, short }) => long === option.long && short === option.short));
  const words = left.flatMap(({ long, short, description: about }) => {
    const names = /^-[^-]?$/.test(current) ? [long, short] : [long ?? short];
    return names.flatMap((word) => (word === undefined ? [] : [{ word, about }]));
  });
  return { kind: "words", words };
}

function placeholderOf({ flags }: Option): string {
  return /[<[]([^>\].]+)/.exec(flags)?.[1] ?? "";
}

/** @param prefix what stands before the value in the same word */
function valuesOf(
  placeholder: string,
  choices: readonly string[] | undefined,
  { file }: State,
  prefix: string,
): Completion {
  if (choices !== undefined)
    return { kind: "words", words: choices.map((choice) => ({ word: `${prefix}${choice}`, about: "" })) };
  const kind = placeholders[placeholder];
  if (kind === undefined) return nothing;
  return kind === "files" || kind === "folders" ? { kind } : { kind: "from-spec", what: kind, file };
}
