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
  readAddresses,
  readClients,
  readInstanceType,
  readPort,
  readProvider,
  readRegion,
  readUser,
  starterSpec,
  type Answer,
  type Choices,
  type Where,
} from "../spec/starter.ts";
import { newestKafkas, type Mode } from "../spec/versions.ts";
import { readTemplate } from "../templates.ts";
import type { Context } from "./context.ts";
import { checkedSpec } from "./read-spec.ts";

/** As they were typed. */
export type Given = Readonly<Partial<Record<Question, string | undefined>>>;

type Question = "name" | "provider" | "kafka" | "mode" | "nodes" | keyof typeof ofOne;

/** What only one provider is told, and by which option. */
const ofOne = {
  port: { provider: "local", flag: "--port" },
  user: { provider: "ssh", flag: "--user" },
  addresses: { provider: "ssh", flag: "--addresses" },
  region: { provider: "aws", flag: "--region" },
  instanceType: { provider: "aws", flag: "--instance-type" },
  clients: { provider: "aws", flag: "--clients" },
} as const;

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
  const choices = await chosen(given, basename(folder), { ask, env: context.env });
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
    user: readUser,
    addresses: readAddresses,
    region: readRegion,
    instanceType: readInstanceType,
    clients: readClients,
  };
  const faults = Object.entries(read).flatMap(([question, reader]): Fault[] => {
    const text = given[question as Question];
    const answer = text === undefined ? null : reader(text);
    if (answer === null || "value" in answer) return [];
    const flag = flagOf(question as Question);
    return [
      { code: "usage", where: flag, what: answer.why, fix: `give another ${flag}, or leave it out for the default` },
    ];
  });
  return [...faults, ...misplaced(given)];
}

function flagOf(question: Question): string {
  return isOfOne(question) ? ofOne[question].flag : `--${question}`;
}

function isOfOne(question: string): question is keyof typeof ofOne {
  return Object.hasOwn(ofOne, question);
}

/** What the provider has no use for; on a terminal it may yet be asked for. */
function misplaced(given: Given): readonly Fault[] {
  const { provider } = given;
  if (provider === undefined) return [];
  const others = Object.entries(ofOne).flatMap(([question, { provider: its, flag }]): Fault[] =>
    given[question as Question] === undefined || its === provider
      ? []
      : [{ code: "usage", where: flag, what: `${flag} is for \`--provider ${its}\``, fix: "leave it out" }],
  );
  const machines = provider === "ssh" && given.nodes !== undefined;
  const what = "with `--provider ssh` there are as many nodes as addresses";
  return machines ? [...others, { code: "usage", where: "--nodes", what, fix: "leave it out" }] : others;
}

type Asking = { readonly ask: Context["ask"]; readonly env: Context["env"] };

/** Asks for what was not given; where there is no terminal, the default. */
type Settle = <T>(typed: string | undefined, question: string, byDefault: string, read: Read<T>) => Promise<T>;

/** Of what was not given, asked for on a terminal; else the default. */
async function chosen(given: Given, folder: string, { ask, env }: Asking): Promise<Choices> {
  const settle: Settle = async (typed, question, byDefault, read) =>
    typed === undefined && ask !== null ? answerTo(question, byDefault, read, ask) : valueOf(read(typed ?? byDefault));
  const name = await settle(given.name, "The cluster's name", defaultName(folder), readName);
  const places = "Where it runs: local is this machine, ssh are machines that you have, aws makes EC2 instances";
  const provider = await settle(given.provider, places, "local", readProvider);
  const where = await whereOf(provider, given, settle, env);
  const wanted = given.mode === undefined ? null : (given.mode as Mode);
  const versions = `Which Kafka: ${newestKafkas().join(", ")}`;
  const kafka = await settle(given.kafka, versions, defaultKafka(wanted), (text) => readKafka(text, wanted));
  const [first = "kraft", ...others] = modesOf(kafka);
  const keeper = "Where its metadata is kept: kraft (by controllers of Kafka's own) or zookeeper";
  const mode =
    wanted ?? (others.length === 0 ? first : await settle(undefined, keeper, first, (text) => readMode(text, kafka)));
  const nodes =
    where.provider === "ssh"
      ? where.addresses.length
      : await settle(given.nodes, "How many nodes, each with a broker", "3", readNodes);
  return { ...where, name, kafka, mode, nodes };
}

async function whereOf(provider: Where["provider"], given: Given, settle: Settle, env: Context["env"]): Promise<Where> {
  switch (provider) {
    case "local":
      return { provider, port: given.port === undefined ? null : valueOf(readPort(given.port)) };
    case "ssh": {
      const user = await settle(given.user, "Who logs in to them: root, or somebody with sudo", "root", readUser);
      const which = "Their addresses, with commas between";
      const addresses = await settle(given.addresses, which, "10.0.0.11,10.0.0.12,10.0.0.13", readAddresses);
      return { provider, user, addresses };
    }
    case "aws": {
      const region = await settle(given.region, "In which region", env["AWS_REGION"] || "eu-central-1", readRegion);
      const types = "Which type of instance";
      const instanceType = await settle(given.instanceType, types, "m7g.large", readInstanceType);
      const who = "Who may reach the brokers: a range of addresses";
      return { provider, region, instanceType, clients: await settle(given.clients, who, "10.0.0.0/8", readClients) };
    }
  }
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
