/** A consumer group as a reader of one topic takes part in it. */
import { KctlError } from "../../fault.ts";
import { askBrokers } from "../ask-brokers.ts";
import type { ConsumerGroup } from "../consumer-group.ts";
import { unmapped } from "../address.ts";
import { nobodyAnswers } from "../nobody-answers.ts";
import { stopwatch } from "../stopwatch.ts";
import { assignmentOf, subscribedTopics } from "../wire/consumer-protocol.ts";
import type { GroupMember } from "../wire/join-group.ts";
import { metadata } from "../wire/metadata.ts";
import { rangeAssignment } from "./range-assignor.ts";
import type { KafkaAt } from "./topic-at.ts";

const askMs = 5000;

export function readingGroup(kafka: KafkaAt, name: string, topic: string): ConsumerGroup {
  const { bootstrap, signal, seconds } = kafka;
  return {
    at: { bootstrap, map: unmapped, signal, seconds, coordinators: new Map(), waits: stopwatch() },
    name,
    topic,
    requestMs: askMs,
    share: async (members) => share(kafka, members),
    refused: (what) =>
      new KctlError({
        code: "kafka-refused",
        what,
        fix: "see with `kctl lag` who else is in the group, or take another --group",
      }),
  };
}

async function share(kafka: KafkaAt, members: readonly GroupMember[]): Promise<ReadonlyMap<string, Buffer>> {
  const readers = members.map(({ id, metadata }) => ({ id, topics: subscribedTopics(metadata) }));
  const names = [...new Set(readers.flatMap(({ topics }) => topics))];
  const { signal, bootstrap } = kafka;
  const seen = await askBrokers(bootstrap, metadata(names), signal, askMs, ({ brokers }) => brokers.length > 0);
  if (seen === null) throw nobodyAnswers(kafka);
  const counts = new Map(seen.topics.map(({ name, partitions }) => [name, partitions.length]));
  const shares = rangeAssignment(readers, counts);
  return new Map([...shares].map(([id, topics]) => [id, assignmentOf(topics)]));
}
