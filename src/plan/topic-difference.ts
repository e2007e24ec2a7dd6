/** Topics as code, the first half: what the spec wants of its topics, less what there is of them. Topics that it does not name are left alone. */
import type { Topic } from "../cluster/cluster.ts";
import type { FaultCode } from "../fault-codes.ts";
import { internalTopics } from "../spec/internal-topics.ts";
import { reassigned, type BrokerPlace, type PartitionMove, type PartitionNow } from "./reassignment.ts";
import { sameValue } from "./same-value.ts";

export type TopicAsSeen = {
  readonly name: string;
  /** Another topic that is made later under the same name has another one; null: not known. */
  readonly id: string | null;
  /** Kafka's own, such as __consumer_offsets. */
  readonly internal: boolean;
  readonly partitions: readonly PartitionNow[];
  /** Those set on this very topic; null: they could not be read. */
  readonly settings: Readonly<Record<string, string>> | null;
  /** The min.insync.replicas that holds, whoever says so; null: not known. */
  readonly minIsr: number | null;
};

/** `to` is null where the setting is taken back, `from` where it was not set on the topic. */
export type SettingChange = { readonly name: string; readonly from: string | null; readonly to: string | null };

export type TopicDifference = { readonly topic: string; /** Its own sentence. */ readonly title: string } & (
  | {
      readonly kind: "create";
      readonly partitions: number | null;
      readonly replicas: number | null;
      readonly settings: Readonly<Record<string, string>>;
    }
  | { readonly kind: "grow"; readonly from: number; readonly to: number; readonly warning: string }
  | { readonly kind: "settings"; readonly changes: readonly SettingChange[] }
  | {
      readonly kind: "replicas";
      /** How many there are now: "1", or "1 or 2". */
      readonly from: string;
      readonly to: number;
      readonly moves: readonly PartitionMove[];
    }
  | { readonly kind: "deletion"; readonly id: string; /** The key of the spec that says so. */ readonly field: string }
  /** What kctl does not do; the other changes, also of this topic, go ahead. */
  | { readonly kind: "refusal"; readonly code: FaultCode; readonly fix: string }
  /** Nothing to do, but good to know. */
  | { readonly kind: "note" }
);

export type TopicsKnown = {
  readonly observed: readonly TopicAsSeen[];
  /** How many brokers the cluster is to have. */
  readonly brokers: number;
  /** By topic, the settings that kctl set before, as the receipt says: only these are ever taken back. */
  readonly setBefore: Readonly<Record<string, readonly string[]>>;
  /** The topics that kctl made, as the receipt says; with `prune` they go once the spec has them no more. */
  readonly made: ReadonlySet<string>;
  readonly prune: boolean;
  /** null: for `up`, which neither moves data nor deletes it. */
  readonly moving: Moving | null;
};

/** What is known of the brokers beside their topics, where data may be moved. */
export type Moving = {
  readonly places: readonly BrokerPlace[];
  /** How many replicas each broker keeps. */
  readonly kept: ReadonlyMap<number, number>;
  /** Why a topic's replicas are not moved now, and what to do about it; null: nothing is against it. */
  readonly hindrance: (topic: string) => { readonly why: string; readonly fix: string } | null;
};

const minIsr = "min.insync.replicas";

/** In the order of the spec; of one topic its replicas first, then its partitions, its settings, and what is to be noted. */
export function topicDifferences(wanted: readonly Topic[], known: TopicsKnown): readonly TopicDifference[] {
  const byName = new Map(known.observed.map((topic) => [topic.name, topic]));
  const ofSpec = wanted.flatMap((topic) => {
    const seen = byName.get(topic.name);
    if (internalTopics.has(topic.name) || seen?.internal === true) return [internalTopic(topic.name)];
    if (topic.delete) return seen === undefined ? [] : [deletion(seen, "topics.delete", known.moving)];
    if (seen === undefined) return creation(topic, known.brokers);
    const before = Object.hasOwn(known.setBefore, topic.name) ? (known.setBefore[topic.name] ?? []) : [];
    const moved = replication(topic, seen, before, known);
    const copies = moved.some(({ kind }) => kind === "replicas") ? topic.replicas : null;
    return [...moved, ...growth(topic, seen, known.brokers, copies), ...settings(topic, seen, before, copies)];
  });
  if (!known.prune) return ofSpec;
  const named = new Set(wanted.map(({ name }) => name));
  const left = known.observed.filter(({ name, internal }) => known.made.has(name) && !named.has(name) && !internal);
  return [...ofSpec, ...left.map((seen) => deletion(seen, "prune", known.moving))];
}

function deletion({ name, id }: TopicAsSeen, field: string, moving: Moving | null): TopicDifference {
  const why = field === "prune" ? "kctl made it, and the spec has it no more" : "the spec says that it goes";
  if (moving === null)
    return refusal(
      name,
      `topic ${name} is there, and ${why}: \`up\` deletes no data`,
      "`kctl topics apply` shows what it holds, asks, and deletes it",
      "topics-apply",
    );
  if (id === null)
    return refusal(name, `the id of topic ${name} could not be read`, "see `kctl status`, then run it again");
  return { kind: "deletion", topic: name, title: `delete topic ${name}`, id, field };
}

function creation({ name, partitions, replicas, config }: Topic, brokers: number): readonly TopicDifference[] {
  if (replicas !== null && replicas > brokers) {
    return [
      refusal(
        name,
        `${name} cannot have ${count(replicas, "replica")}: the cluster has ${count(brokers, "broker")}, and each keeps one at most`,
        `let it have ${brokers} at most, or add brokers`,
      ),
    ];
  }
  const many = [
    ...(partitions === null ? [] : [count(partitions, "partition")]),
    ...(replicas === null ? [] : [`${count(replicas, "replica")}${partitions === null ? "" : " each"}`]),
  ].join(" and ");
  const title = `create topic ${name}${many === "" ? "" : ` with ${many}`}`;
  const short = replicas === null ? null : tooFewReplicas(name, config, replicas);
  return [short ?? { kind: "create", topic: name, title, partitions, replicas, settings: config }];
}

function replication(
  topic: Topic,
  seen: TopicAsSeen,
  before: readonly string[],
  { brokers, moving }: TopicsKnown,
): readonly TopicDifference[] {
  const { name, replicas } = topic;
  const copies = copiesOf(seen);
  if (replicas === null || copies.every((some) => some === replicas)) return [];
  const many = copies.join(" or ");
  const against = (why: string, fix: string, code?: FaultCode): TopicDifference => {
    const now = `${many} ${copies.at(-1) === 1 ? "replica" : "replicas"} a partition`;
    return refusal(name, `${name} has ${now}, and the spec says ${replicas}: ${why}`, fix, code);
  };
  if (replicas > brokers) {
    const back = copies.length === 1 ? `put replicas back to ${many}` : "leave replicas out of the spec";
    return [against(`the cluster has ${count(brokers, "broker")}, and each keeps one at most`, back)];
  }
  if (moving === null) {
    const why = "that moves data, which `up` does not";
    return [against(why, "`kctl topics apply` moves it, throttled", "topics-apply")];
  }
  const hindrance = moving.hindrance(name);
  if (hindrance !== null) return [against(hindrance.why, hindrance.fix)];
  if (copies.some((some) => some > replicas)) {
    const least = leastInSync(topic, seen, before);
    const fix = `give it a ${minIsr} of ${replicas} at most in the spec`;
    if (least === null)
      return [against(`which ${minIsr} it will have is not known, and with more nothing could be written`, fix)];
    if (least > replicas)
      return [against(`its ${minIsr} is ${least}, and with fewer nothing could be written with acks=all`, fix)];
  }
  const moves = reassigned(seen.partitions, replicas, moving.places, moving.kept);
  const title = `give topic ${name} ${count(replicas, "replica")} instead of ${many}`;
  return [
    {
      kind: "replicas",
      topic: name,
      title,
      from: many,
      to: replicas,
      moves: moves.map((move) => ({ topic: name, ...move })),
    },
  ];
}

/** The min.insync.replicas that will hold; null: not known. */
function leastInSync({ config }: Topic, seen: TopicAsSeen, before: readonly string[]): number | null {
  const wanted = config[minIsr];
  // What cannot be read is not changed.
  if (seen.settings === null) return seen.minIsr;
  if (wanted !== undefined) return Number.isNaN(Number(wanted)) ? null : Number(wanted);
  // Where it is taken back, the brokers' holds, which is not seen yet.
  return Object.hasOwn(seen.settings, minIsr) && before.includes(minIsr) ? null : seen.minIsr;
}

/** @param replicas how many each is given first; null: as many as there are */
function growth(
  { name, partitions }: Topic,
  seen: TopicAsSeen,
  brokers: number,
  replicas: number | null,
): readonly TopicDifference[] {
  const have = seen.partitions.length;
  if (partitions === null || partitions === have) return [];
  if (partitions < have) {
    return [
      refusal(
        name,
        `${name} has ${count(have, "partition")}, and the spec says ${partitions}: Kafka cannot take partitions away`,
        `put partitions back to ${have}, or make another topic and move its readers and writers`,
      ),
    ];
  }
  const most = replicas ?? copiesOf(seen).at(-1) ?? 0;
  if (most > brokers) {
    return [
      refusal(
        name,
        `${name} cannot grow to ${partitions} partitions: each has ${count(most, "replica")}, and the cluster has ${count(brokers, "broker")}`,
        "add brokers",
      ),
    ];
  }
  return [
    {
      kind: "grow",
      topic: name,
      title: `grow topic ${name} from ${have} to ${partitions} partitions`,
      from: have,
      to: partitions,
      warning: `keys move: from now on many keys of ${name} go to another partition than before, so their order across the change is not kept; it cannot be undone`,
    },
  ];
}

/** The numbers of replicas that its partitions have, from the fewest. */
function copiesOf({ partitions }: TopicAsSeen): readonly number[] {
  return [...new Set(partitions.map(({ replicas }) => replicas.length))].toSorted((a, b) => a - b);
}

/** @param replicas how many it is given; null: as many as it has */
function settings(
  wanted: Topic,
  seen: TopicAsSeen,
  before: readonly string[],
  replicas: number | null,
): readonly TopicDifference[] {
  const { name, config } = wanted;
  if (seen.settings === null) {
    return [refusal(name, `the settings of ${name} could not be read`, "see `kctl status`, then run it again")];
  }
  const now = new Map(Object.entries(seen.settings));
  const set = Object.entries(config).flatMap(([setting, to]): readonly SettingChange[] => {
    const from = now.get(setting) ?? null;
    return from !== null && sameValue(from, to) ? [] : [{ name: setting, from, to }];
  });
  const unwanted = [...now].filter(([setting]) => !Object.hasOwn(config, setting));
  const back = unwanted.filter(([setting]) => before.includes(setting));
  const others = unwanted.filter(([setting]) => !before.includes(setting)).map(([setting]) => setting);
  const fewest = replicas ?? copiesOf(seen)[0] ?? 0;
  const short = set.some((change) => change.name === minIsr) ? tooFewReplicas(name, config, fewest) : null;
  const fitting = set.filter((change) => change.name !== minIsr || short === null);
  const changes = [...fitting, ...back.map(([setting, from]): SettingChange => ({ name: setting, from, to: null }))];
  const names = (list: readonly string[]): string => list.toSorted().join(", ");
  const title = `change ${names(changes.map((change) => change.name))} of topic ${name}`;
  return [
    ...(short === null ? [] : [short]),
    ...(changes.length === 0 ? [] : [{ kind: "settings", topic: name, title, changes: inOrder(changes) } as const]),
    ...(others.length === 0
      ? []
      : [
          {
            kind: "note",
            topic: name,
            title: `${names(others)} of topic ${name} ${others.length === 1 ? "was" : "were"} set by somebody else, and left alone`,
          } as const,
        ]),
  ];
}

function tooFewReplicas(topic: string, config: Topic["config"], replicas: number): TopicDifference | null {
  const wanted = config[minIsr];
  if (wanted === undefined || !(Number(wanted) > replicas)) return null;
  return refusal(
    topic,
    `${topic} has ${count(replicas, "replica")}, and its ${minIsr} is to be ${wanted}: nothing could be written with acks=all`,
    `let ${minIsr} be below the number of replicas`,
  );
}

function internalTopic(topic: string): TopicDifference {
  return refusal(topic, `${topic} is Kafka's own: kctl does not touch it`, "take it out of the spec");
}

function refusal(topic: string, title: string, fix: string, code: FaultCode = "not-built"): TopicDifference {
  return { kind: "refusal", code, topic, title, fix };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function inOrder(changes: readonly SettingChange[]): readonly SettingChange[] {
  return changes.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
