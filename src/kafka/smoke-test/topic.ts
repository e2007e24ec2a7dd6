/** The topics that kctl writes to: how they are laid out, and by what a later run knows them again. */

/** A topic that kctl makes, fills and removes. */
export type OwnTopic = {
  readonly name: string;
  /** Set on the topic itself, over whatever the brokers' defaults are; also what it is known by. */
  readonly settings: (replicas: number) => Readonly<Record<string, string>>;
  /** One with more records is somebody's without reading it. */
  readonly mostRecords: bigint;
  /** Whether these batches of a partition hold anything that no run of ours wrote. */
  readonly holdsForeign: (partition: number, batches: Buffer) => Promise<boolean>;
  /** What writes to it. */
  readonly owner: string;
  /** The command that does, as it is typed. */
  readonly command: string;
};

export const topicName = "test_log";

export type Assignment = { readonly partition: number; readonly brokers: readonly number[] };

/** Partitions max(3, brokers), replicas min(3, brokers), leaders in turn, so that every broker leads one at least. */
export function layOut(brokerIds: readonly number[]): readonly Assignment[] {
  const ids = brokerIds.toSorted((a, b) => a - b);
  const replicas = Math.min(3, ids.length);
  return Array.from({ length: Math.max(3, ids.length) }, (_, partition) => ({
    partition,
    brokers: Array.from({ length: replicas }, (_replica, step) => ids[(partition + step) % ids.length] ?? -1),
  }));
}

/**
 * Set on the topic itself, over whatever the brokers' defaults are: what is written must come back as it was. The set as a
 * whole is also what a topic left by an earlier run is known by.
 */
export function topicSettings(replicas: number): Readonly<Record<string, string>> {
  return {
    "cleanup.policy": "delete",
    "compression.type": "producer",
    "message.timestamp.type": "CreateTime",
    "min.insync.replicas": String(Math.min(2, replicas)),
    "retention.ms": "86400000",
  };
}

/** How a topic differs from one of ours, for some number of brokers; empty where it does not. */
export function differences(
  assignments: readonly Assignment[],
  settings: Readonly<Record<string, string>>,
  wanted: OwnTopic["settings"] = topicSettings,
): readonly string[] {
  const found: string[] = [];
  const counts = new Set(assignments.map(({ brokers }) => brokers.length));
  const replicas = Math.max(0, ...counts);
  const partitions = assignments.length;
  if (counts.size !== 1 || replicas > 3 || partitions < 3 || (partitions > 3 && replicas !== 3)) {
    found.push(`${partitions} partitions with ${[...counts].join(" or ")} replicas`);
  }
  const ours = wanted(replicas);
  for (const name of new Set([...Object.keys(ours), ...Object.keys(settings)])) {
    if (settings[name] !== ours[name]) found.push(`${name}=${settings[name] ?? "(not set)"}`);
  }
  return found;
}
