/** The spec that somebody starts with: what is asked for it, what answers it takes, and its text. */
import { Eta } from "eta/core";
import { readCidr } from "./cidr.ts";
import { clusterName, formatPhrases, port } from "./formats.ts";
import { kafkaMinor, kafkaMinors, minorOf, newestKafkas, type Mode } from "./versions.ts";
import { listed, shown } from "./words.ts";

export type Choices = Where & {
  readonly name: string;
  readonly kafka: string;
  readonly mode: Mode;
  readonly nodes: number;
};

/** The machines, as each provider is told of them. */
export type Where =
  | {
      readonly provider: "local";
      /** null: the default one. */
      readonly port: number | null;
    }
  | { readonly provider: "ssh"; readonly user: string; readonly addresses: readonly string[] }
  | {
      readonly provider: "aws";
      readonly region: string;
      readonly instanceType: string;
      /** Who may reach the brokers. */
      readonly clients: string;
    };

/** What an answer means, or why it cannot be taken. */
export type Answer<T> = { readonly value: T } | { readonly why: string };

/** @param folder the name of the one that the spec will lie in */
export function defaultName(folder: string): string {
  const name = folder
    .normalize("NFD")
    .toLowerCase()
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return name === "" ? "demo" : name;
}

export function readName(text: string): Answer<string> {
  if (clusterName.safeParse(text).success) return { value: text };
  return { why: `a cluster's name is ${formatPhrases["cluster-name"]}, at most 40 of them; ${shown(text)} is not` };
}

export function readProvider(text: string): Answer<Where["provider"]> {
  if (text === "local" || text === "ssh" || text === "aws") return { value: text };
  return {
    why: `there is no provider ${shown(text)}: \`local\` is this machine, \`ssh\` are machines that you have, \`aws\` makes EC2 instances`,
  };
}

export function readRegion(text: string): Answer<string> {
  if (/^[a-z]{2,3}(-[a-z]+)+-[0-9]+$/.test(text)) return { value: text };
  return { why: `it takes a region of AWS such as eu-central-1, not ${shown(text)}` };
}

export function readInstanceType(text: string): Answer<string> {
  if (/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(text)) return { value: text };
  return { why: `it takes a type of instance such as m7g.large, not ${shown(text)}` };
}

export function readClients(text: string): Answer<string> {
  const range = readCidr(text);
  if (range !== null && !range.hostBits) return { value: text };
  return { why: `it takes a range of addresses such as 10.0.0.0/8, not ${shown(text)}` };
}

export function readUser(text: string): Answer<string> {
  if (/^[a-z_][a-z0-9._-]{0,31}$/i.test(text)) return { value: text };
  return { why: `it takes the name of a user, not ${shown(text)}` };
}

/** With commas between. */
export function readAddresses(text: string): Answer<readonly string[]> {
  const addresses = text.split(/[\s,]+/).filter((one) => one !== "");
  const wrong = addresses.find(
    (one, index) => !/^[A-Za-z0-9][A-Za-z0-9.:-]*$/.test(one) || addresses.indexOf(one) !== index,
  );
  if (wrong !== undefined)
    return { why: `it takes each address once, as 10.0.0.11 or a name; ${shown(wrong)} is none, or is there twice` };
  if (addresses.length >= 1 && addresses.length <= mostNodes) return { value: addresses };
  return { why: `it takes 1 to ${mostNodes} addresses of machines, with commas between` };
}

/** The newest Kafka that kctl knows, of those that have the mode. */
export function defaultKafka(mode: Mode | null): string {
  const fitting = kafkaMinors.filter(({ modes }) => mode === null || modes.includes(mode));
  return fitting.at(-1)?.patches.at(-1) ?? "";
}

/** A version in full, or the newest of a minor. */
export function readKafka(text: string, mode: Mode | null): Answer<string> {
  const known = /^[0-9]+\.[0-9]+(\.[0-9]+)?$/.test(text) ? kafkaMinor(text) : null;
  if (known === null)
    return { why: `kctl does not know a Kafka ${shown(text)}; it knows ${listed(newestKafkas(), "and")}` };
  if (mode !== null && !known.modes.includes(mode)) return { why: notIn(mode, known.minor) };
  return { value: text === known.minor ? (known.patches.at(-1) ?? "") : text };
}

function notIn(mode: Mode, minor: string): string {
  return mode === "zookeeper"
    ? `Kafka ${minor} has no ZooKeeper any more; ${defaultKafka(mode)} is the last that has`
    : `kctl runs KRaft from Kafka 3.9 on, not with ${minor}`;
}

/** The modes that a Kafka can be had in, the one to take first. */
export function modesOf(kafka: string): readonly Mode[] {
  return (kafkaMinor(kafka)?.modes ?? []).toReversed();
}

export function readMode(text: string, kafka: string): Answer<Mode> {
  if (text !== "kraft" && text !== "zookeeper") return { why: `it is \`kraft\` or \`zookeeper\`, not ${shown(text)}` };
  return modesOf(kafka).includes(text) ? { value: text } : { why: notIn(text, minorOf(kafka)) };
}

const mostNodes = 100;

export function readNodes(text: string): Answer<number> {
  const nodes = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (nodes >= 1 && nodes <= mostNodes) return { value: nodes };
  return { why: `it takes a whole number from 1 to ${mostNodes}, not ${shown(text)}` };
}

export function readPort(text: string): Answer<number> {
  const number = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  return port.safeParse(number).success
    ? { value: number }
    : { why: `it takes a port from 1 to 65535, not ${shown(text)}` };
}

type Group = {
  readonly group: string;
  readonly count: number;
  readonly roles: readonly string[];
  readonly names: string;
};

/** Three servers keep the metadata where there are three nodes, else one: more of them, or two, are no safer. */
function groupsOf({ nodes, mode }: Choices): readonly Group[] {
  const keepers = nodes < 3 ? 1 : 3;
  const group = (name: string, count: number, roles: readonly string[]): Group => ({
    group: name,
    count,
    roles,
    names: count === 1 ? `${name}-1` : `${name}-1 to ${name}-${count}`,
  });
  const keeper = mode === "kraft" ? "controller" : "zookeeper";
  return [
    group("kafka", keepers, [keeper, "broker"]),
    ...(nodes === keepers ? [] : [group("broker", nodes - keepers, ["broker"])]),
  ];
}

/** A machine each, with its address. */
function machinesOf(
  choices: Choices,
): readonly { readonly name: string; readonly address: string; readonly roles: readonly string[] }[] {
  if (choices.provider !== "ssh") return [];
  const roles = groupsOf(choices).flatMap(({ count, roles: its }) => Array.from({ length: count }, () => its));
  return choices.addresses.map((address, index) => ({
    name: `kafka-${index + 1}`,
    address,
    roles: roles[index] ?? ["broker"],
  }));
}

/** @param template templates/spec.yaml */
export function starterSpec(template: string, choices: Choices): string {
  const eta = new Eta({ autoEscape: false, autoTrim: false });
  return eta.renderString(template, {
    ...choices,
    groups: choices.provider === "ssh" ? [] : groupsOf(choices),
    machines: machinesOf(choices),
    heap: choices.provider === "local" ? "512MiB" : "4GiB",
    line: (text: string, comment: string) => `${text.padEnd(24)} # ${comment}`,
    replicas: Math.min(3, choices.nodes),
  });
}
