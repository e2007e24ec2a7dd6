/** What there is of topics: their partitions, and their settings with what was set on the topic told apart from what it inherits. */
import type { Address } from "./address.ts";
import { talkToBrokers } from "./ask-brokers.ts";
import type { PartitionState, TopicState } from "./may-restart.ts";
import { viewOf } from "./view.ts";
import { describeManyConfigs, type DescribedResource } from "./wire/describe-configs.ts";
import type { Ask } from "./wire/exchange.ts";
import { metadata, type Metadata } from "./wire/metadata.ts";

export type ObservedTopic = TopicState & {
  readonly id: string | null;
  /** What Kafka answers in place of its partitions; 0: nothing is against it. */
  readonly error: number;
  readonly internal: boolean;
  readonly partitions: readonly PartitionState[];
  /** Set on this very topic; null: it could not be read. */
  readonly settings: Readonly<Record<string, string>> | null;
  /** What holds because the brokers, or Kafka itself, say so. */
  readonly inherited: Readonly<Record<string, string>>;
};

/** Many settings each: in one request they would make an answer of many megabytes. */
const topicsARequest = 200;
const unknownTopic = 3;

/**
 * Every topic, internal ones too, in the order of their names, as one broker knows them; null: none answered.
 * @param names only these, of those that there are
 */
export async function topicStates(
  bootstrap: readonly Address[],
  signal: AbortSignal,
  timeoutMs = 10_000,
  names: readonly string[] | null = null,
): Promise<readonly ObservedTopic[] | null> {
  const talk = (ask: Ask): Promise<Told> => askTopics(ask, names);
  const told = await talkToBrokers(bootstrap, talk, signal, timeoutMs, ({ seen }) => seen.brokers.length > 0);
  return told === null ? null : topicsOf(told.seen, told.configs);
}

type Told = { readonly seen: Metadata; readonly configs: readonly DescribedResource[] };

async function askTopics(ask: Ask, names: readonly string[] | null): Promise<Told> {
  const seen = await ask(metadata(names));
  const configs: DescribedResource[] = [];
  for (let at = 0; at < seen.topics.length; at += topicsARequest) {
    const topics = seen.topics.slice(at, at + topicsARequest);
    const resources = topics.map(({ name }) => ({ type: "topic", name }) as const);
    configs.push(...(await ask(describeManyConfigs(resources, null, false))));
  }
  return { seen, configs };
}

export function topicsOf(seen: Metadata, configs: readonly DescribedResource[]): readonly ObservedTopic[] {
  const byName = new Map(configs.map((config) => [config.name, config]));
  const told = new Map(seen.topics.map((topic) => [topic.name, topic]));
  return viewOf(seen).topics.flatMap(({ name, partitions }): readonly ObservedTopic[] => {
    const config = byName.get(name);
    const topic = told.get(name);
    // Deleted between the two questions.
    if (topic === undefined || config?.error === unknownTopic) return [];
    const entries = config?.error === 0 ? config.entries : null;
    const valuesOf = (own: boolean): Record<string, string> =>
      Object.fromEntries(
        (entries ?? []).flatMap(({ name, value, source }) =>
          (source === "topic") === own && value !== null ? [[name, value]] : [],
        ),
      );
    const minIsr = entries?.find((entry) => entry.name === "min.insync.replicas")?.value;
    return [
      {
        name,
        id: topic.id,
        error: partitions.length === 0 ? topic.error : 0,
        internal: topic.internal,
        minIsr: minIsr === undefined || minIsr === null ? null : Number(minIsr),
        partitions,
        settings: entries === null ? null : valuesOf(true),
        inherited: valuesOf(false),
      },
    ];
  });
}
