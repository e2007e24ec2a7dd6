/** Changes of topics, their notes and refusals; and what the receipt keeps of topics. */
import type { Fault } from "../fault.ts";
import type { Change } from "./change.ts";
import type { Receipt } from "./receipt.ts";
import type { TopicAsSeen, TopicDifference, TopicsKnown } from "./topic-difference.ts";

export type KeptTopics = Receipt["topics"];

/** What a reassignment throttles, by partition and broker. */
export const throttledReplicas = [
  "leader.replication.throttled.replicas",
  "follower.replication.throttled.replicas",
] as const;

/** What the receipt knows of the topics that there are. */
export function knownBefore(
  seen: readonly TopicAsSeen[],
  former: Pick<Receipt, "topics" | "reassigning"> | null,
): Pick<TopicsKnown, "observed" | "setBefore" | "made"> {
  const before = former?.topics ?? {};
  const own = seen.filter((topic) => isKept(topic, before));
  const throttled = new Set(former?.reassigning?.topics);
  return {
    // A throttle that kctl set goes with the moves that it is for.
    observed: seen.map((topic) => (throttled.has(topic.name) ? withoutThrottle(topic) : topic)),
    setBefore: Object.fromEntries(own.map(({ name }) => [name, before[name]?.settings ?? []])),
    made: new Set(own.filter((topic) => isMade(topic, before)).map(({ name }) => name)),
  };
}

function withoutThrottle(topic: TopicAsSeen): TopicAsSeen {
  if (topic.settings === null) return topic;
  const names: ReadonlySet<string> = new Set(throttledReplicas);
  return {
    ...topic,
    settings: Object.fromEntries(Object.entries(topic.settings).filter(([name]) => !names.has(name))),
  };
}

export function topicRefusals(differences: readonly TopicDifference[]): readonly Fault[] {
  return differences.flatMap((difference) =>
    difference.kind === "refusal" ? [{ code: difference.code, what: difference.title, fix: difference.fix }] : [],
  );
}

export function topicNotes(differences: readonly TopicDifference[]): readonly Change[] {
  return differences.flatMap((difference) =>
    difference.kind === "note" ? [note(`topic ${difference.topic}: note`, difference.title)] : [],
  );
}

const common = { layer: "kafka", node: null, why: [], effect: "none", diff: [], after: [] } as const;

export function note(key: string, title: string): Change {
  return { ...common, kind: "note", verb: "note", key, title };
}

export function topicChange(difference: TopicDifference): readonly Change[] {
  const { topic, title } = difference;
  switch (difference.kind) {
    case "create": {
      const { partitions, replicas, settings } = difference;
      const diff = Object.entries(settings).map(([name, value]) => `+ ${name}=${value}`);
      return [
        {
          ...common,
          kind: "topic",
          verb: "create",
          key: `topic ${topic}`,
          topic,
          title,
          partitions,
          replicas,
          settings,
          why: [{ field: "topics.name", from: null, to: topic }],
          diff,
        },
      ];
    }
    case "grow": {
      const { from, to, warning } = difference;
      const why = [{ field: "topics.partitions", from: String(from), to: String(to) }];
      const all = { ...common, effect: "live", topic } as const;
      return [
        { ...all, kind: "partitions", verb: "grow", key: `partitions ${topic}`, title, old: from, new: to, why },
        note(`partitions ${topic}: keys`, warning),
      ];
    }
    case "settings": {
      const { changes } = difference;
      const why = changes.map(({ name, from, to }) => ({ field: `topics.config.${name}`, from, to }));
      const key = `settings of topic ${topic}`;
      return [
        {
          ...common,
          kind: "topic-settings",
          verb: "update",
          key,
          topic,
          title,
          settings: changes,
          why,
          effect: "live",
        },
      ];
    }
    // Those are planned together: see topic-plan.ts.
    case "replicas":
    case "deletion":
    case "refusal":
    case "note":
      return [];
  }
}

/** Whether a topic is the one that the receipt tells of, and not another that got its name. */
function isKept({ name, id }: { readonly name: string; readonly id: string | null }, before: KeptTopics): boolean {
  const kept = Object.hasOwn(before, name) ? before[name] : undefined;
  return kept !== undefined && (kept.id === null || id === null || kept.id === id);
}

/** A name alone does not tell: somebody else may have made the topic before kctl came to it. */
function isMade({ name, id }: { readonly name: string; readonly id: string | null }, before: KeptTopics): boolean {
  const kept = Object.hasOwn(before, name) ? before[name] : undefined;
  return kept?.made === true && kept.id !== null && kept.id === id;
}

/** Once Kafka has made it, and has told its id. */
export function withTopicId(kept: KeptTopics, name: string, id: string): KeptTopics {
  const topic = Object.hasOwn(kept, name) ? kept[name] : undefined;
  return topic === undefined ? kept : { ...kept, [name]: { ...topic, id } };
}

/** What stands in the receipt before it is done: a run that is killed in between has then recorded too much, never too little. */
export function keepTopics(
  differences: readonly TopicDifference[],
  before: KeptTopics,
  observed: readonly TopicAsSeen[],
): KeptTopics {
  const seen = new Map(observed.map((topic) => [topic.name, topic]));
  const kept: Record<string, KeptTopics[string]> = {};
  for (const [name, topic] of Object.entries(before)) {
    const there = seen.get(name);
    // Somebody deleted it: nothing of it is left to take back.
    if (there === undefined) continue;
    const same = isKept(there, before);
    const settings = same ? topic.settings.filter((setting) => Object.hasOwn(there.settings ?? {}, setting)) : [];
    const made = isMade(there, before);
    if (made || settings.length > 0) kept[name] = { made, id: there.id, settings };
  }
  for (const difference of differences) {
    const { topic } = difference;
    const { made, id, settings } = kept[topic] ?? { made: false, id: seen.get(topic)?.id ?? null, settings: [] };
    if (difference.kind === "create")
      kept[topic] = { made: true, id: null, settings: Object.keys(difference.settings).toSorted() };
    if (difference.kind === "settings") {
      const now = difference.changes.filter(({ to }) => to !== null).map(({ name }) => name);
      kept[topic] = { made, id, settings: [...new Set([...settings, ...now])].toSorted() };
    }
  }
  return Object.fromEntries(Object.entries(kept).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
