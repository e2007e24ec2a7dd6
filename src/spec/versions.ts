/** What kctl knows of each version of Kafka and ZooKeeper: data, and questions to it. */

/** Where a cluster keeps its metadata: in ZooKeeper, or with controllers of its own (KRaft). */
export type Mode = "zookeeper" | "kraft";

export type KafkaMinor = {
  readonly minor: string;
  /** Known patch versions, the oldest first. */
  readonly patches: readonly string[];
  /** Those that kctl uses with it: KRaft from 3.9 on, the first whose quorums can be formatted to grow later (KIP-853). */
  readonly modes: readonly Mode[];
};

/** Sources: the release notes at kafka.apache.org/downloads, and org.apache.kafka:kafka_2.13 in Maven's central repository. */
export const kafkaMinors: readonly KafkaMinor[] = [
  { minor: "3.7", patches: ["3.7.0", "3.7.1", "3.7.2"], modes: ["zookeeper"] },
  { minor: "3.8", patches: ["3.8.0", "3.8.1"], modes: ["zookeeper"] },
  { minor: "3.9", patches: ["3.9.0", "3.9.1", "3.9.2"], modes: ["zookeeper", "kraft"] },
  { minor: "4.0", patches: ["4.0.0", "4.0.1", "4.0.2"], modes: ["kraft"] },
  { minor: "4.1", patches: ["4.1.0", "4.1.1", "4.1.2"], modes: ["kraft"] },
  { minor: "4.2", patches: ["4.2.0", "4.2.1", "4.2.2"], modes: ["kraft"] },
  { minor: "4.3", patches: ["4.3.0", "4.3.1"], modes: ["kraft"] },
];

export const zookeeperMinors: readonly string[] = ["3.8", "3.9"];

/** The first two of a version's numbers. */
export function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** Whether a minor is the other one or newer. */
export function isFrom(minor: string, since: string): boolean {
  const [major = 0, second = 0] = minor.split(".").map(Number);
  const [sinceMajor = 0, sinceSecond = 0] = since.split(".").map(Number);
  return major > sinceMajor || (major === sinceMajor && second >= sinceSecond);
}

/** The same of whole versions, of three numbers. */
export function isFromVersion(version: string, since: string): boolean {
  const minor = minorOf(since);
  if (minorOf(version) !== minor) return isFrom(minorOf(version), minor);
  return Number(version.split(".")[2]) >= Number(since.split(".")[2]);
}

export function kafkaMinor(version: string): KafkaMinor | null {
  return kafkaMinors.find(({ minor }) => minor === minorOf(version)) ?? null;
}

/** The newest known patch of each minor. */
export function newestKafkas(): readonly string[] {
  return kafkaMinors.flatMap(({ patches }) => patches.slice(-1));
}

/**
 * The ZooKeeper in Kafka's own libs; null where there is none.
 * Source: the dependency `org.apache.zookeeper:zookeeper` in the pom of org.apache.kafka:kafka_2.13.
 */
export function bundledZookeeper(kafkaVersion: string): string | null {
  if (kafkaVersion === "3.7.0") return "3.8.3";
  return kafkaMinor(kafkaVersion)?.modes.includes("zookeeper") === true ? "3.8.4" : null;
}

/** Kafka 4 logs by log4j 2, the versions before by log4j 1. */
export function hasLog4j2(kafkaVersion: string): boolean {
  return Number(kafkaVersion.split(".", 1)[0]) >= 4;
}

export type JavaRange = {
  readonly minimum: number;
  /** null: newer ones are not known to fail. */
  readonly maximum: number | null;
  readonly recommended: number;
  /** Works, but its end is announced. */
  readonly deprecated: readonly number[];
};

/**
 * Sources: kafka.apache.org/39/documentation.html#java, kafka.apache.org/40/getting-started/compatibility, and the class files in
 * Kafka's jars: up to 3.9 they are Java 8's, from 4.0 on the servers' are Java 17's.
 */
export function javaFor(kafkaVersion: string): JavaRange {
  const major = Number(kafkaVersion.split(".")[0]);
  if (major >= 4) return { minimum: 17, maximum: null, recommended: 17, deprecated: [] };
  return { minimum: 8, maximum: null, recommended: 17, deprecated: [8] };
}
