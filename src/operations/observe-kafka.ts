/** Looks at Kafka itself, as far as a plan needs it: settings that were set live, topics, the voters of its quorum. */
import { membersOf, type Cluster } from "../cluster/cluster.ts";
import { brokerSettings } from "../kafka/broker-settings.ts";
import { certainTopics } from "../kafka/certain-topics.ts";
import { quorumView } from "../kafka/quorum.ts";
import type { ObservedHost, ObservedKafka } from "../plan/observed.ts";
import { isLiveSetting } from "../spec/setting-info.ts";
import { minorOf } from "../spec/versions.ts";

const patienceMs = 3000;

/**
 * @param topicNames topics that are of interest; where there are none, topics are not asked for: there may be many
 * @returns `unknown` also where only a part of it could be had: a plan must not rest on half of the truth
 */
export async function observeKafka(
  cluster: Cluster,
  hosts: Readonly<Record<string, ObservedHost>>,
  topicNames: readonly string[],
  signal: AbortSignal,
): Promise<ObservedKafka> {
  const running = membersOf(cluster, "broker").filter(
    ({ node, key }) => hosts[node]?.processes[key]?.state === "running",
  );
  if (running.length === 0) return { state: "unknown", silent: [] };
  const brokers = running.map(({ id, address, ports }) => ({
    id,
    address: { host: address, port: ports["clients"] ?? 0 },
  }));
  const addresses = brokers.map(({ address }) => address);
  const [settings, topics, quorum] = await Promise.all([
    brokerSettings(brokers, signal, patienceMs),
    topicNames.length > 0 ? certainTopics(addresses, topicNames, signal, patienceMs, 5 * patienceMs) : [],
    cluster.quorum === "kraft" ? quorumView(addresses, signal, patienceMs) : null,
  ]);
  const told = [...settings.brokers].flatMap(([id, own]) => (own === null ? [] : [{ id, layers: own.layers }]));
  const silent = brokers.filter(({ id }) => !told.some((one) => one.id === id)).map(({ id }) => id);
  if (told.length === 0 || topics === null || (cluster.quorum === "kraft" && quorum === null))
    return { state: "unknown", silent };
  const minor = minorOf(cluster.kafkaVersion);
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
