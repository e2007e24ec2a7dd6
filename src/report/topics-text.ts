/** Topics as people read them: a table of all, or each in full. */
import { byteText } from "./amounts.ts";
import type { Paint } from "./colours.ts";
import { tableLines } from "./table.ts";

export type TopicRow = {
  readonly name: string;
  /** Kafka's own. */
  readonly internal: boolean;
  readonly partitions: number;
  /** null: not all partitions have as many. */
  readonly replicas: number | null;
  readonly underReplicated: number;
  readonly offline: number;
};

export type PartitionShown = {
  readonly partition: number;
  /** null: it has none, the partition is offline. */
  readonly leader: number | null;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  /** From the first offset to the last; null: not known. */
  readonly records: number | null;
  /** Of the leader's copy; null: not known. */
  readonly bytes: number | null;
};

export type TopicShown = Omit<TopicRow, "partitions"> & {
  readonly id: string | null;
  readonly partitions: readonly PartitionShown[];
  /** Those set on this very topic; null: they could not be read. */
  readonly settings: Readonly<Record<string, string>> | null;
  readonly records: number | null;
  /** Of one copy. */
  readonly bytes: number | null;
  /** Of all copies. */
  readonly bytesOnDisk: number | null;
};

export function topicsTable(topics: readonly TopicRow[], paint: Paint): string {
  if (topics.length === 0) return "There are no topics.";
  const rows = topics.map(({ name, internal, partitions, replicas, underReplicated, offline }) => [
    internal ? `${name} (internal)` : name,
    String(partitions),
    replicas === null ? "differ" : String(replicas),
    String(underReplicated),
    String(offline),
  ]);
  const [head = "", ...lines] = tableLines([
    ["topic", "partitions", "replicas", "under-replicated", "offline"],
    ...rows,
  ]);
  return [paint("bold", head), ...lines.map((line, index) => paintedBy(topics[index], line, paint))].join("\n");
}

function paintedBy(topic: TopicRow | undefined, line: string, paint: Paint): string {
  if (topic === undefined || topic.offline + topic.underReplicated === 0) return line;
  return paint(topic.offline > 0 ? "red" : "yellow", line);
}

export function topicsText(topics: readonly TopicShown[], paint: Paint): string {
  if (topics.length === 0) return "There are no topics.";
  return topics.map((topic) => topicText(topic, paint)).join("\n\n");
}

function topicText({ name, internal, partitions, replicas, settings, ...much }: TopicShown, paint: Paint): string {
  const many = `${partitions.length} partition${partitions.length === 1 ? "" : "s"}`;
  const copies =
    replicas === null ? "not all with as many replicas" : `${replicas} replica${replicas === 1 ? "" : "s"} each`;
  const amounts = `${recordsText(much.records)} records, ${sizeText(much.bytes)} (${sizeText(much.bytesOnDisk)} on all brokers)`;
  const rows = partitions.map(({ partition, leader, replicas, isr, records, bytes }) => [
    String(partition),
    leader === null ? "none" : String(leader),
    replicas.join(","),
    isr.join(","),
    recordsText(records),
    sizeText(bytes),
  ]);
  const [head = "", ...lines] = tableLines([
    ["partition", "leader", "replicas", "in sync", "records", "size"],
    ...rows,
  ]);
  return [
    `${paint("bold", name)}${internal ? " (internal)" : ""}: ${many}, ${copies}, ${amounts}`,
    ...(settings === null ? ["  its settings could not be read"] : []),
    ...Object.entries(settings ?? {}).map(([setting, value]) => `  ${setting}=${value}`),
    `  ${paint("dim", head)}`,
    ...lines.map((line, index) => `  ${partitionPainted(partitions[index], line, paint)}`),
  ].join("\n");
}

function partitionPainted(partition: PartitionShown | undefined, line: string, paint: Paint): string {
  if (partition === undefined) return line;
  if (partition.leader === null) return paint("red", line);
  return partition.isr.length < partition.replicas.length ? paint("yellow", line) : line;
}

const recordsText = (records: number | null): string => (records === null ? "?" : records.toLocaleString("en"));
const sizeText = (bytes: number | null): string => (bytes === null ? "?" : byteText(bytes));
