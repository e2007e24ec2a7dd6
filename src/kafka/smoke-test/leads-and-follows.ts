/** The check `every-broker-leads-and-follows`, in the view of every broker. */
import type { MetadataPartition } from "../wire/metadata.ts";
import type { Bench } from "./bench.ts";
import { checkFailed } from "./failure.ts";
import { topicSeenBy } from "./partitions.ts";
import { topicName } from "./topic.ts";

export type TopicView = { readonly seenBy: number; readonly partitions: readonly MetadataPartition[] };

export async function topicViews(bench: Bench): Promise<readonly TopicView[]> {
  const views = bench.brokers.map(async (broker) => {
    const seen = await topicSeenBy(bench, broker);
    if (seen.kind === "there") return { seenBy: broker.id, partitions: seen.partitions };
    throw checkFailed(seen.kind === "unknown" ? seen.why : `broker ${broker.id} does not know ${topicName}`);
  });
  return Promise.all(views);
}

/** A broker follows a partition that another one leads, where it has a copy in sync. */
export function leadsAndFollows(views: readonly TopicView[], brokerIds: readonly number[]): string {
  for (const { seenBy, partitions } of views) {
    for (const id of brokerIds) {
      const leads = partitions.some(({ leader }) => leader === id);
      const follows = partitions.some(({ leader, isr }) => leader !== id && isr.includes(id));
      if (!leads) throw checkFailed(`broker ${id} leads no partition of ${topicName}, as broker ${seenBy} sees it`);
      if (!follows && brokerIds.length > 1)
        throw checkFailed(`broker ${id} follows in no partition of ${topicName}, as broker ${seenBy} sees it`);
    }
  }
  if (brokerIds.length === 1)
    return `not applicable to one broker: it leads all ${views[0]?.partitions.length ?? 0} partitions, and has nobody to follow`;
  return `each of the ${brokerIds.length} brokers leads a partition and follows in another one, and all brokers see it so`;
}
