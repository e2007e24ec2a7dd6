/** What Kafka says of itself: brokers, controller, and the state of every partition. */
import { askBrokers } from "./ask-brokers.ts";
import type { Address } from "./address.ts";
import { metadata, type Metadata, type MetadataPartition } from "./wire/metadata.ts";

type PartitionView = {
  readonly partition: number;
  /** null: it has none, the partition is offline. */
  readonly leader: number | null;
  readonly replicas: readonly number[];
  /** Replicas that are in sync and alive. */
  readonly isr: readonly number[];
};

export type TopicView = { readonly name: string; readonly partitions: readonly PartitionView[] };

export type KafkaView = {
  readonly clusterId: string | null;
  readonly controllerId: number | null;
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  readonly partitions: { readonly total: number; readonly underReplicated: number; readonly offline: number };
  /** Internal topics too, since their partitions are as much in need of replicas; in the order of their names. */
  readonly topics: readonly TopicView[];
};

/**
 * The view of the broker that answers first; null where none answers. Each broker tells what the controller last told it, so
 * for a moment after a change (seconds after a broker died, until its session ends) the view may be old, and two views may
 * differ. Callers that wait for something ask again until they see it; callers that act on something that is missing ask
 * again first; nobody takes null, or a broker that is not listed, for "not there".
 */
export async function kafkaView(
  bootstrap: readonly Address[],
  signal: AbortSignal,
  timeoutMs = 3000,
): Promise<KafkaView | null> {
  const answer = await askBrokers(bootstrap, metadata(null), signal, timeoutMs, ({ brokers }) => brokers.length > 0);
  return answer === null ? null : viewOf(answer);
}

export function viewOf({ clusterId, controllerId, brokers, topics }: Metadata): KafkaView {
  const views = topics
    .map(({ name, partitions }): TopicView => ({ name, partitions: inOrder(partitions).map(partitionView) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const all = views.flatMap(({ partitions }) => partitions);
  return {
    clusterId,
    controllerId: controllerId < 0 ? null : controllerId,
    brokers: brokers.map(({ id, host, port }) => ({ id, host, port })).toSorted((a, b) => a.id - b.id),
    partitions: {
      total: all.length,
      underReplicated: all.filter(({ replicas, isr }) => isr.length < replicas.length).length,
      offline: all.filter(({ leader }) => leader === null).length,
    },
    topics: views,
  };
}

function inOrder(partitions: readonly MetadataPartition[]): readonly MetadataPartition[] {
  return partitions.toSorted((a, b) => a.partition - b.partition);
}

/** Kafka leaves the last leader's replica in the ISR of an offline partition: what is down does not count here. */
function partitionView({ partition, leader, replicas, isr, offline }: MetadataPartition): PartitionView {
  return {
    partition,
    leader: leader < 0 ? null : leader,
    replicas,
    isr: isr.filter((id) => !offline.includes(id)),
  };
}
