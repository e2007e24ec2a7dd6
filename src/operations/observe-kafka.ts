/** Looks at Kafka itself, as far as a plan needs it: settings that were set live, topics, the voters of its quorum. */
import { isDeepStrictEqual } from "node:util";
import { membersOf, type Cluster } from "../cluster/cluster.ts";
import { isKnown } from "../cluster/known-after-up.ts";
import { brokerSettings, type SettingsView } from "../kafka/broker-settings.ts";
import { certainTopics } from "../kafka/certain-topics.ts";
import { quorumView, type QuorumView } from "../kafka/quorum.ts";
import type { ObservedHost, ObservedKafka } from "../plan/observed.ts";
import { isLiveSetting, liveSettingNames } from "../spec/setting-info.ts";
import { minorOf } from "../spec/versions.ts";

const patienceMs = 3000;

/** What the brokers of a cluster answered. */
export type KafkaAnswers = {
  readonly cluster: Cluster;
  readonly settings: SettingsView;
  readonly topics: Awaited<ReturnType<typeof certainTopics>>;
  readonly quorum: QuorumView | null;
};

/**
 * All brokers that have a machine, whether they run or not: it takes as long as a look at the machines, and need not wait for it.
 * @param absent nodes without a machine, or whose machine is off: nobody is there to be asked
 * @param topicNames topics that are of interest; where there are none, topics are not asked for: there may be many
 */
async function askKafka(
  cluster: Cluster,
  absent: ReadonlySet<string>,
  topicNames: readonly string[],
  signal: AbortSignal,
): Promise<KafkaAnswers> {
  const there = membersOf(cluster, "broker").filter(({ node, address }) => !absent.has(node) && isKnown(address));
  const brokers = there.map(({ id, address, ports }) => ({
    id,
    address: { host: address, port: ports["clients"] ?? 0 },
  }));
  const addresses = brokers.map(({ address }) => address);
  const minor = minorOf(cluster.kafkaVersion);
  const [settings, topics, quorum] = await Promise.all([
    brokerSettings(brokers, signal, patienceMs, liveSettingNames(minor)),
    topicNames.length > 0 ? certainTopics(addresses, topicNames, signal, patienceMs, 5 * patienceMs) : [],
    cluster.quorum === "kraft" ? quorumView(addresses, signal, patienceMs) : null,
  ]);
  return { cluster, settings, topics, quorum };
}

export type Questions = {
  /** The same cluster is asked once. */
  readonly ask: (cluster: Cluster) => Promise<KafkaAnswers>;
  /** Nobody waits for the answers any more. */
  readonly end: () => void;
};

/** @param topics that are of interest beside those of the cluster that is asked */
export function questions(absent: ReadonlySet<string>, topics: readonly string[], signal: AbortSignal): Questions {
  const ended = new AbortController();
  let last: { readonly cluster: Cluster; readonly answers: Promise<KafkaAnswers> } | null = null;
  return {
    ask: (cluster) => {
      if (last !== null && isDeepStrictEqual(last.cluster, cluster)) return last.answers;
      const names = new Set([...cluster.topics.map(({ name }) => name), ...topics]);
      const answers = askKafka(cluster, absent, [...names], AbortSignal.any([signal, ended.signal]));
      // Where the look fails, nobody asks how this ended.
      answers.catch(() => null);
      last = { cluster, answers };
      return answers;
    },
    end: () => ended.abort(),
  };
}

/** @returns `unknown` also where only a part of it could be had: a plan must not rest on half of the truth */
export function observedKafka(
  { cluster, settings, topics, quorum }: KafkaAnswers,
  hosts: Readonly<Record<string, ObservedHost>>,
): ObservedKafka {
  const running = membersOf(cluster, "broker").filter(
    ({ node, key }) => hosts[node]?.processes[key]?.state === "running",
  );
  if (running.length === 0) return { state: "unknown", silent: [] };
  const told = running.flatMap(({ id }) => {
    const own = settings.brokers.get(id) ?? null;
    return own === null ? [] : [{ id, layers: own.layers }];
  });
  const silent = running.filter(({ id }) => !told.some((one) => one.id === id)).map(({ id }) => id);
  const minor = minorOf(cluster.kafkaVersion);
  if (told.length === 0 || topics === null || (cluster.quorum === "kraft" && quorum === null))
    return { state: "unknown", silent };
  return {
    state: "known",
    silent,
    topics,
    settings: {
      brokers: new Map(
        told.map(({ id, layers }) => [
          id,
          Object.fromEntries(Object.entries(layers).filter(([name]) => isLiveSetting(minor, name))),
        ]),
      ),
      elr: (quorum?.features.finalized["eligible.leader.replicas.version"] ?? 0) >= 1,
    },
    voters: quorum?.voters.map(({ id }) => id) ?? null,
  };
}
