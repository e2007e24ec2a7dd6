/** Changes that Kafka itself is asked for: live settings and topics; and what the receipt keeps of them. */
import { membersOf, type Cluster } from "../cluster/cluster.ts";
import type { Fault } from "../fault.ts";
import type { DesiredState } from "../services/desired.ts";
import { service } from "../services/registry.ts";
import type { Change } from "./change.ts";
import type { ObservedKafka } from "./observed.ts";
import type { Receipt } from "./receipt.ts";
import { settingDifferences, untaken, type SettingDifference, type Untaken } from "./setting-difference.ts";
import { keepTopics, knownBefore, note, topicChange, topicNotes, topicRefusals } from "./topic-changes.ts";
import { topicDifferences, type TopicDifference } from "./topic-difference.ts";

export type KafkaChanges = {
  readonly voters: readonly Change[];
  readonly settings: readonly Change[];
  readonly topics: readonly Change[];
  readonly notes: readonly Change[];
  /** What the spec asks for and kctl does not do; everything else is done all the same. */
  readonly refusals: readonly Fault[];
  readonly receipt: Pick<Receipt, "liveSettings" | "topics">;
};

export type KafkaInput = {
  readonly cluster: Cluster;
  readonly desired: DesiredState;
  readonly kafka: ObservedKafka;
  readonly former: Receipt | null;
};

export function kafkaChanges({ cluster, desired, kafka, former }: KafkaInput): KafkaChanges {
  const kept = { liveSettings: former?.liveSettings ?? { cluster: [], brokers: {} }, topics: former?.topics ?? {} };
  const nothing = { voters: [], settings: [], topics: [], notes: [], refusals: [], receipt: kept };
  if (kafka.state === "unknown") {
    const notes = asksKafka(desired, kept) ? [laterNote] : [];
    return { ...nothing, notes, refusals: kafka.silent.map((id) => mute(id, cluster)) };
  }
  const seen = kafka.state === "known" ? kafka.topics : [];
  const topics = topicDifferences(desired.topics, {
    ...knownBefore(seen, former),
    brokers: membersOf(cluster, "broker").length,
    prune: cluster.prune,
    moving: null,
  });
  const settings =
    kafka.state === "known" ? settingDifferences(desired.liveSettings, kafka.settings, kept.liveSettings) : [];
  return {
    voters: kafka.state === "known" ? voterChanges(cluster, kafka.voters) : [],
    settings: settings.map(settingChange),
    topics: topics.flatMap(topicChange),
    notes: [
      ...topicNotes(topics),
      ...underWay(former),
      ...(kafka.state === "known" && former !== null ? emptyBrokers(cluster, former) : []),
    ],
    refusals: [
      ...(kafka.state === "known" ? kafka.silent : []).map((id) => mute(id, cluster)),
      ...(kafka.state === "known" ? untaken(desired.liveSettings, kafka.settings) : []).map((one) =>
        notTaken(one, cluster),
      ),
      ...topicRefusals(topics),
    ],
    receipt: kafka.state === "new" ? keep(topics, [], kept, null) : keep(topics, settings, kept, kafka),
  };
}

function nodeOf(broker: number, cluster: Cluster): string | undefined {
  return membersOf(cluster, "broker").find(({ id }) => id === broker)?.node;
}

/** What does not answer is not taken for what needs nothing. */
function mute(broker: number, cluster: Cluster): Fault {
  const node = nodeOf(broker, cluster);
  return {
    code: "kafka-unreachable",
    ...(node === undefined ? {} : { node }),
    what: `broker ${broker} runs and does not answer: what it would need is not known`,
    fix: `wait until it serves (\`kctl status\`); where it hangs, \`kctl restart ${node ?? ""}\``,
  };
}

function notTaken({ broker, name, set, inForce }: Untaken, cluster: Cluster): Fault {
  const node = nodeOf(broker, cluster);
  return {
    code: "kafka-refused",
    ...(node === undefined ? {} : { node }),
    what: `broker ${broker} did not take ${name}=${set}, which is set live, and runs with ${inForce}`,
    fix: `its log says why; it takes it when it starts: \`kctl restart ${node ?? ""}\``,
  };
}

/** Whether there is anything to compare once a broker tells. */
function asksKafka({ topics, liveSettings }: DesiredState, kept: Kept): boolean {
  const { cluster, brokers } = kept.liveSettings;
  const lists = [topics, Object.keys(kept.topics), cluster, ...Object.values(brokers)];
  return lists.some((list) => list.length > 0) || liveSettings.some(({ settings }) => Object.keys(settings).length > 0);
}

const common = { layer: "kafka", node: null, why: [], effect: "none", diff: [], after: [] } as const;

/** The key of the note that says that no broker told. */
export const kafkaLater = "kafka later";
const laterNote = note(kafkaLater, "topics and live settings are compared once the brokers serve");

/** Kafka gives a broker that joins nothing of what is there: basic_ops_cluster_expansion of its documentation. */
function emptyBrokers(cluster: Cluster, { members }: Receipt): readonly Change[] {
  return membersOf(cluster, "broker")
    .filter(({ key }) => !Object.hasOwn(members, key))
    .map(({ key, id, node }) =>
      note(
        `empty ${key}`,
        `broker ${id} on ${node} gets partitions of new topics only: those that are there stay where they are`,
      ),
    );
}

function underWay(former: Receipt | null): readonly Change[] {
  const names = former?.reassigning?.topics ?? [];
  if (names.length === 0) return [];
  const what = `a \`kctl topics apply\` that was cut off moves replicas of ${names.join(", ")}`;
  return [note("reassignment under way", `${what}: run it again, and it finishes that and takes the throttle back`)];
}

function voterChanges(cluster: Cluster, voters: readonly number[] | null): readonly Change[] {
  if (voters === null) return [];
  return membersOf(cluster, "controller")
    .filter(({ id }) => !voters.includes(id))
    .map(({ key, id, node }) => ({
      ...common,
      kind: "voter",
      verb: "add",
      key: `voter ${key}`,
      member: key,
      node,
      title: `make ${service("controller").title} ${id} on ${node} a voter of the quorum`,
    }));
}

function settingChange({ name, broker, from, to, why }: SettingDifference): Change {
  const whom = broker === null ? "the cluster" : `broker ${broker}`;
  const title = to === null ? `take ${name} of ${whom} back` : `set ${name} of ${whom} to ${to}`;
  return {
    ...common,
    kind: "setting",
    verb: to === null ? "unset" : "set",
    key: `setting ${broker ?? "cluster"} ${name}`,
    name,
    broker,
    old: from,
    new: to,
    title,
    why: why === null ? [] : [{ field: why, from, to }],
    effect: "live",
  };
}

type Kept = KafkaChanges["receipt"];

/** What stands in the receipt before it is done: a run that is killed in between has then recorded too much, never too little. */
function keep(
  topics: readonly TopicDifference[],
  settings: readonly SettingDifference[],
  before: Kept,
  kafka: Extract<ObservedKafka, { state: "known" }> | null,
): Kept {
  return {
    liveSettings: keepSettings(settings, before, kafka),
    topics: keepTopics(topics, before.topics, kafka?.topics ?? []),
  };
}

function keepSettings(
  differences: readonly SettingDifference[],
  { liveSettings: before }: Kept,
  kafka: Extract<ObservedKafka, { state: "known" }> | null,
): Kept["liveSettings"] {
  const all = kafka === null ? [] : [...kafka.settings.brokers];
  const isSet = (broker: number | null, name: string): boolean =>
    broker === null
      ? all.length === 0 || all.some(([, settings]) => (settings[name]?.cluster ?? null) !== null)
      : !all.some(([id]) => id === broker) ||
        all.some(([id, settings]) => id === broker && (settings[name]?.broker ?? null) !== null);
  const names = (broker: number | null, former: readonly string[]): string[] => {
    const now = differences.filter((one) => one.broker === broker && one.to !== null).map(({ name }) => name);
    return [...new Set([...former.filter((name) => isSet(broker, name)), ...now])].toSorted();
  };
  const brokers = new Set([
    ...Object.keys(before.brokers).map(Number),
    ...differences.flatMap(({ broker }) => broker ?? []),
  ]);
  const lists = [...brokers]
    .toSorted((a, b) => a - b)
    .map((broker) => [String(broker), names(broker, before.brokers[String(broker)] ?? [])] as const);
  return {
    cluster: names(null, before.cluster),
    brokers: Object.fromEntries(lists.filter(([, list]) => list.length > 0)),
  };
}
