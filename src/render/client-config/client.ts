/** What a client is told of a cluster, before it is spelled in the words of its library. */
import { clientLibraries, leastOf, type ClientLibrary } from "../../spec/client-versions.ts";

export const clientFormats = [
  "properties",
  "java",
  "gradle",
  "maven",
  "spring",
  "node",
  "python",
  "librdkafka",
  "env",
] as const;

export type ClientFormat = (typeof clientFormats)[number];

export type Client = {
  readonly cluster: string;
  readonly kafkaVersion: string;
  /** `HOST:PORT` each. */
  readonly bootstrap: readonly string[];
  readonly group: string;
};

export const libraryOf: Readonly<Record<ClientFormat, ClientLibrary>> = {
  properties: "java",
  java: "java",
  gradle: "java",
  maven: "java",
  spring: "java",
  node: "node",
  python: "python",
  librdkafka: "librdkafka",
  env: "java",
};

export function versionOf(library: ClientLibrary, { kafkaVersion }: Pick<Client, "kafkaVersion">): string {
  return clientLibraries[library].take(kafkaVersion);
}

/** What every rendering says first: for whom it is, and which version fits. */
export function heading({ cluster, kafkaVersion }: Client, library: ClientLibrary): readonly string[] {
  const { name, needs } = clientLibraries[library];
  const version = versionOf(library, { kafkaVersion });
  const least = leastOf(library, kafkaVersion);
  const older = least === null ? "" : `; older than ${least} will not do`;
  return [
    `Clients of ${cluster}, whose brokers are Kafka ${kafkaVersion}.`,
    `${name} ${version} fits them (${needs(version)})${older}.`,
  ];
}

/** Why the settings are what they are: the same in every library. */
export const because = {
  acks: "A record is confirmed once all replicas in sync have it, and a retry never writes it twice.",
  group: "Members of a group share the partitions; each group reads every record.",
  reset: "Where a group has committed nothing yet it starts with the oldest record (latest: with the next one).",
  commit: "Commit what was processed, after it was: then a crash repeats records and loses none.",
} as const;

/** Enough to find the others by, should one of them be down: one of each rack first. */
export function bootstrapAmong(
  brokers: readonly { readonly host: string; readonly port: number; readonly rack: string | null }[],
): readonly string[] {
  const seen = new Set<string | null>();
  const first = brokers.filter(({ rack }) => {
    const isNew = !seen.has(rack);
    seen.add(rack);
    return isNew;
  });
  const rest = brokers.filter((broker) => !first.includes(broker));
  return [...first, ...rest]
    .slice(0, enough)
    .map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`);
}

const enough = 3;
