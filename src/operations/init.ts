/** Writes a spec to start with: asks on a terminal, takes what was given, else the defaults. Never over a file that is there. */
import { lstat, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { KctlError, type Fault } from "../fault.ts";
import { specJsonSchema } from "../spec/json-schema.ts";
import {
  defaultKafka,
  defaultName,
  modesOf,
  readKafka,
  readMode,
  readName,
  readNodes,
  readPort,
  readProvider,
  starterSpec,
  type Answer,
  type Choices,
} from "../spec/starter.ts";
import { newestKafkas, type Mode } from "../spec/versions.ts";
import { readTemplate } from "../templates.ts";
import type { Context } from "./context.ts";
import { checkedSpec } from "./read-spec.ts";

/** As they were typed. */
export type Given = Readonly<Partial<Record<Question, string | undefined>>>;

type Question = "name" | "provider" | "kafka" | "mode" | "nodes" | "port";

export type InitResult = {
  readonly choices: Choices;
  readonly text: string;
  /** Whether the JSON Schema was written beside the spec: one that was there is left. null: there is no file to lie beside. */
  readonly schemaWritten: boolean | null;
};

/** @param context its spec is the file to write; with `-` none is written */
export async function init(context: Context, given: Given, ask: Context["ask"]): Promise<InitResult> {
  const { specFile, cwd } = context;
  const path = specFile === "-" ? null : resolve(cwd, specFile);
  if (path !== null && (await isThere(path))) throw new KctlError(alreadyThere(specFile));
  const folder = path === null ? cwd : dirname(path);
  const faults = flagFaults(given);
  if (faults.length > 0) throw new KctlError(faults);
  const choices = await chosen(given, basename(folder), ask);
  const text = starterSpec(await readTemplate("spec.yaml"), choices);
  mustBeValid(text, folder, context);
  if (path === null) return { choices, text, schemaWritten: null };
  await mkdir(folder, { recursive: true });
  if (!(await writeNew(path, text))) throw new KctlError(alreadyThere(specFile));
  const schema = `${JSON.stringify(specJsonSchema(), null, 2)}\n`;
  return { choices, text, schemaWritten: await writeNew(join(folder, "kctl.schema.json"), schema) };
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function alreadyThere(file: string): Fault {
  return {
    code: "file-exists",
    where: file,
    what: "there is something of that name already, and kctl does not write over it",
    fix: "name another file (`kctl init FILE`), or print the spec with `kctl init -`",
  };
}

/** @returns false where there is one already */
async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    await rm(path, { force: true });
    throw error;
  }
}

/** All at once, before anything is asked. */
function flagFaults(given: Given): readonly Fault[] {
  const mode = given.mode === "zookeeper" || given.mode === "kraft" ? given.mode : null;
  const kafka = given.kafka === undefined ? null : readKafka(given.kafka, null);
  const read: Readonly<Record<Question, (text: string) => Answer<unknown>>> = {
    name: readName,
    provider: readProvider,
    kafka: (text) => readKafka(text, null),
    mode: (text) => readMode(text, kafka !== null && "value" in kafka ? kafka.value : defaultKafka(mode)),
    nodes: readNodes,
    port: readPort,
  };
  return Object.entries(read).flatMap(([flag, reader]): Fault[] => {
    const text = given[flag as Question];
    const answer = text === undefined ? null : reader(text);
    if (answer === null || "value" in answer) return [];
    const code = flag === "provider" && /^(ssh|aws)$/.test(text ?? "") ? "spec-not-built" : "usage";
    return [
      { code, where: `--${flag}`, what: answer.why, fix: `give another --${flag}, or leave it out for the default` },
    ];
  });
}

/** Of what was not given, asked for on a terminal; else the default. */
async function chosen(given: Given, folder: string, ask: Context["ask"]): Promise<Choices> {
  const settle = async <T>(typed: string | undefined, question: string, byDefault: string, read: Read<T>): Promise<T> =>
    typed === undefined && ask !== null ? answerTo(question, byDefault, read, ask) : valueOf(read(typed ?? byDefault));
  const name = await settle(given.name, "The cluster's name", defaultName(folder), readName);
  const where = "Where it runs: local is this machine; ssh and aws are not built yet";
  const provider = await settle(given.provider, where, "local", readProvider);
  const wanted = given.mode === undefined ? null : (given.mode as Mode);
  const versions = `Which Kafka: ${newestKafkas().join(", ")}`;
  const kafka = await settle(given.kafka, versions, defaultKafka(wanted), (text) => readKafka(text, wanted));
  const [first = "kraft", ...others] = modesOf(kafka);
  const keeper = "Where its metadata is kept: kraft (by controllers of Kafka's own) or zookeeper";
  const mode =
    wanted ?? (others.length === 0 ? first : await settle(undefined, keeper, first, (text) => readMode(text, kafka)));
  const nodes = await settle(given.nodes, "How many nodes, each with a broker", "3", readNodes);
  const port = given.port === undefined ? null : valueOf(readPort(given.port));
  return { name, provider, kafka, mode, nodes, port };
}

type Read<T> = (text: string) => Answer<T>;

async function answerTo<T>(
  question: string,
  byDefault: string,
  read: Read<T>,
  ask: NonNullable<Context["ask"]>,
): Promise<T> {
  let reason = "";
  for (;;) {
    const typed = (await ask(`${reason}${question} [${byDefault}]: `)).trim();
    const answer = read(typed === "" ? byDefault : typed);
    if ("value" in answer) return answer.value;
    reason = `  ${answer.why}\n`;
  }
}

/** What was given was looked at before, and defaults fit. */
function valueOf<T>(answer: Answer<T>): T {
  if ("value" in answer) return answer.value;
  throw new KctlError({ code: "usage", what: answer.why, fix: "see `kctl init --help`" });
}

/** What each answer by itself cannot tell: ports that would lie too high, or upon each other. */
function mustBeValid(text: string, folder: string, context: Context): void {
  try {
    checkedSpec(text, folder, context);
  } catch (error) {
    if (!(error instanceof KctlError)) throw error;
    const [{ what } = { what: error.message }] = error.faults;
    throw new KctlError({ code: "usage", what, fix: "give another --port, or fewer --nodes" }, { cause: error });
  }
}
