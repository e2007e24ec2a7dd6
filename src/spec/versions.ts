/** What kctl knows of each version of Kafka and ZooKeeper: data, and questions to it. */

export type KafkaMinor = {
  readonly minor: string;
  /** Known patch versions, the oldest first. */
  readonly patches: readonly string[];
  /** false: it needs KRaft, which is not built yet. */
  readonly built: boolean;
};

/** Sources: the release notes at kafka.apache.org/downloads; `built: false` is for what needs KRaft. */
export const kafkaMinors: readonly KafkaMinor[] = [
  { minor: "3.7", patches: ["3.7.0", "3.7.1", "3.7.2"], built: true },
  { minor: "3.8", patches: ["3.8.0", "3.8.1"], built: true },
  { minor: "3.9", patches: ["3.9.0", "3.9.1", "3.9.2"], built: true },
  { minor: "4.0", patches: [], built: false },
  { minor: "4.1", patches: [], built: false },
  { minor: "4.2", patches: [], built: false },
  { minor: "4.3", patches: [], built: false },
];

export const zookeeperMinors: readonly string[] = ["3.8", "3.9"];

/** The first two of a version's numbers. */
export function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

export function kafkaMinor(version: string): KafkaMinor | null {
  return kafkaMinors.find(({ minor }) => minor === minorOf(version)) ?? null;
}

/** The newest known patch of each minor that can be run. */
export function newestKafkas(): readonly string[] {
  return kafkaMinors.filter(({ built }) => built).flatMap(({ patches }) => patches.slice(-1));
}

/**
 * The ZooKeeper in Kafka's own libs; null where there is none.
 * Source: the dependency `org.apache.zookeeper:zookeeper` in the pom of org.apache.kafka:kafka_2.13.
 */
export function bundledZookeeper(kafkaVersion: string): string | null {
  if (kafkaVersion === "3.7.0") return "3.8.3";
  return kafkaMinor(kafkaVersion)?.built === true ? "3.8.4" : null;
}

export type JavaRange = {
  readonly minimum: number;
  /** null: newer ones are not known to fail. */
  readonly maximum: number | null;
  readonly recommended: number;
  /** Works, but its end is announced. */
  readonly deprecated: readonly number[];
};

/** Sources: kafka.apache.org/39/documentation.html#java and kafka.apache.org/40/getting-started/compatibility. */
export function javaFor(kafkaVersion: string): JavaRange {
  const major = Number(kafkaVersion.split(".")[0]);
  if (major >= 4) return { minimum: 17, maximum: null, recommended: 17, deprecated: [] };
  return { minimum: 8, maximum: null, recommended: 17, deprecated: [8] };
}
