/**
 * Which versions of client libraries fit which brokers: data, and questions to it. Sources: the client table of
 * kafka.apache.org/42/getting-started/compatibility; KIP-896, by which brokers from 4.0 on do not speak the protocol's versions from
 * before Kafka 2.1; and the libraries themselves against brokers of 3.9.1 and 4.3.1 where that table has no row for them.
 */

export type ClientLibrary = "java" | "node" | "kafkajs" | "python" | "librdkafka";

export type Fit = {
  /** The first version of these. */
  readonly from: string;
  readonly fits: "yes" | "partly" | "no";
  readonly why: string;
};

type Library = {
  /** As its registry calls it. */
  readonly name: string;
  /** The one to take with these brokers. */
  readonly take: (kafkaVersion: string) => string;
  /** What it runs on. */
  readonly needs: (version: string) => string;
  /** The oldest first, each up to the next; by the brokers' major version. */
  readonly fits: Readonly<Record<3 | 4, readonly Fit[]>>;
};

const spokenByAll = "brokers up to 3.9 speak every version of the protocol that this client has";
const tried = "tried: it produces, consumes and commits";
const withoutIdempotence = "tried: it produces, consumes and commits; its producer is not idempotent";
const takenAway = "brokers from 4.0 on no longer speak its versions of the protocol (KIP-896)";

export const clientLibraries: Readonly<Record<ClientLibrary, Library>> = {
  java: {
    name: "org.apache.kafka:kafka-clients",
    take: (kafkaVersion) => kafkaVersion,
    needs: (version) => (majorOf(version) >= 4 ? "Java 11 or later" : "Java 8 or later"),
    fits: {
      3: [{ from: "0.10.0", fits: "yes", why: spokenByAll }],
      4: [
        { from: "0.10.0", fits: "no", why: takenAway },
        {
          from: "0.11.0",
          fits: "no",
          why: "Kafka supports clients from 2.1 on (KIP-896): what works of older ones may end any day",
        },
        { from: "2.1.0", fits: "partly", why: "it works, without what Kafka has learnt since" },
        { from: "3.0.0", fits: "yes", why: "Kafka's own table says so" },
      ],
    },
  },
  node: {
    name: "@platformatic/kafka",
    take: () => "2.12.1",
    needs: () => "Node.js 22.22 or later, or 24.6 or later",
    fits: { 3: [{ from: "2.12.1", fits: "yes", why: tried }], 4: [{ from: "2.12.1", fits: "yes", why: tried }] },
  },
  kafkajs: {
    name: "kafkajs",
    take: () => "2.2.4",
    needs: () => "Node.js 14 or later",
    fits: { 3: [{ from: "2.2.4", fits: "yes", why: tried }], 4: [{ from: "1.15.0", fits: "yes", why: tried }] },
  },
  python: {
    name: "kafka-python",
    take: () => "3.0.12",
    needs: () => "Python 3.8 or later",
    fits: {
      3: [
        { from: "2.0.2", fits: "partly", why: withoutIdempotence },
        { from: "2.1.5", fits: "yes", why: tried },
      ],
      4: [
        { from: "1.4.7", fits: "partly", why: withoutIdempotence },
        { from: "2.1.5", fits: "yes", why: tried },
      ],
    },
  },
  librdkafka: {
    name: "librdkafka",
    take: () => "2.16.0",
    needs: () => "it is in kcat, in confluent-kafka for Python, Go, .NET and JavaScript, and in more",
    fits: { 3: [{ from: "2.0.2", fits: "yes", why: tried }], 4: [{ from: "2.0.2", fits: "yes", why: tried }] },
  },
};

/** null: nothing is known of that version. */
export function fitOf(library: ClientLibrary, clientVersion: string, kafkaVersion: string): Fit | null {
  return fitsOf(library, kafkaVersion).findLast(({ from }) => isAtLeast(clientVersion, from)) ?? null;
}

export function fitsOf(library: ClientLibrary, kafkaVersion: string): readonly Fit[] {
  return clientLibraries[library].fits[majorOf(kafkaVersion) >= 4 ? 4 : 3];
}

/** The first version that is supported, be it partly; null where none is known that is not. */
export function leastOf(library: ClientLibrary, kafkaVersion: string): string | null {
  const fits = fitsOf(library, kafkaVersion);
  return fits.some((fit) => fit.fits === "no") ? (fits.find((fit) => fit.fits !== "no")?.from ?? null) : null;
}

function majorOf(version: string): number {
  return Number(version.split(".", 1)[0]);
}

function isAtLeast(version: string, least: string): boolean {
  const [ours, theirs] = [version, least].map((text) => text.split(".").map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (ours?.[index] ?? 0) - (theirs?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
