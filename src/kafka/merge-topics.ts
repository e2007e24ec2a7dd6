/** One account of all partitions from what several brokers tell: of what they disagree about, the worse is taken for true. */
import type { PartitionState, TopicState } from "./may-restart.ts";

/** A broker that heard nothing new for a while still has its replica in sync: it is so only where all say so. */
export function mergeTopics(views: readonly (readonly TopicState[])[]): readonly TopicState[] {
  const byName = Map.groupBy(views.flat(), ({ name }) => name);
  return [...byName].map(([name, told]) => ({ name, minIsr: highest(told), partitions: mergePartitions(told) }));
}

/** Brokers have defaults of their own, and the one that leads goes by its own. */
function highest(told: readonly TopicState[]): number | null {
  const known = told.flatMap(({ minIsr }) => (minIsr === null ? [] : [minIsr]));
  return known.length === 0 ? null : Math.max(...known);
}

function mergePartitions(told: readonly TopicState[]): readonly PartitionState[] {
  const byNumber = Map.groupBy(
    told.flatMap(({ partitions }) => partitions),
    ({ partition }) => partition,
  );
  return [...byNumber.values()].flatMap((states): readonly PartitionState[] => {
    const [first] = states;
    if (first === undefined) return [];
    return [
      {
        partition: first.partition,
        leader: states.every(({ leader }) => leader === first.leader) ? first.leader : null,
        replicas: [...new Set(states.flatMap(({ replicas }) => replicas))],
        isr: first.isr.filter((id) => states.every(({ isr }) => isr.includes(id))),
      },
    ];
  });
}
