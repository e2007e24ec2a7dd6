/** The plan of `topics apply`: what `up` does of topics, and what moves data or deletes it, in an order that is safe. */
import type { Topic } from "../cluster/cluster.ts";
import type { Fault } from "../fault.ts";
import { changesSomething, type Change, type Edge } from "./change.ts";
import type { BrokerPlace, PartitionMove } from "./reassignment.ts";
import type { Receipt } from "./receipt.ts";
import {
  keepTopics,
  knownBefore,
  throttledReplicas,
  topicChange,
  topicNotes,
  topicRefusals,
  type KeptTopics,
} from "./topic-changes.ts";
import { topicDifferences, type Moving, type TopicAsSeen, type TopicDifference } from "./topic-difference.ts";

export type TopicsInput = {
  readonly wanted: readonly Topic[];
  readonly prune: boolean;
  /** Every topic; of those that are moved, as they will be once that is done. */
  readonly observed: readonly TopicAsSeen[];
  readonly brokers: readonly BrokerPlace[];
  /** Brokers of the cluster that are not there just now. */
  readonly missing: readonly number[];
  /** Every move that Kafka is at, whoever began it. */
  readonly underWay: readonly PartitionMove[];
  /** Brokers that have a rate of throttled replication, whoever set it. */
  readonly throttled: readonly number[];
  readonly former: Pick<Receipt, "topics" | "reassigning">;
  readonly throttle: number;
  /** Of one copy of a partition; null: not known. */
  readonly bytesOf: (topic: string, partition: number) => number | null;
};

export type TopicPlan = {
  /** Deletions do not know yet what they lose: that is counted before anybody is asked. */
  readonly changes: readonly Change[];
  readonly refusals: readonly Fault[];
  /** What the receipt says of topics from now on. */
  readonly kept: KeptTopics;
};

export function topicPlan(input: TopicsInput): TopicPlan {
  const { wanted, prune, observed, brokers, former } = input;
  const known = knownBefore(observed, former);
  const differences = topicDifferences(wanted, { ...known, brokers: brokers.length, prune, moving: movingOf(input) });
  const reassignment = reassignmentOf(differences, input);
  const shrinks = new Set(
    (reassignment?.moves ?? []).filter(({ from, to }) => to.length < from.length).map(({ topic }) => topic),
  );
  const moving = [...(reassignment?.moves ?? []), ...(reassignment?.underWay ?? [])];
  const moved = new Set(moving.map(({ topic }) => topic));
  const others = [...Map.groupBy(differences, ({ topic }) => topic)].flatMap(([topic, ofOne]) => {
    const all = ofOne.flatMap(topicChange);
    // Nobody waits for a note.
    const changes = all.filter(changesSomething);
    // A topic that is to have fewer replicas must first need fewer in sync; one that gets more has them before it needs more.
    const first = shrinks.has(topic) ? changes.filter(({ kind }) => kind === "topic-settings") : [];
    const next = changes.filter((change) => !first.includes(change));
    const notes = all.filter((change) => !changesSomething(change));
    return [...inTurn(first, []), ...inTurn(next, moved.has(topic) ? [done("reassignment")] : []), ...notes];
  });
  const before = others.filter(({ key }) => [...shrinks].some((topic) => key === `settings of topic ${topic}`));
  return {
    changes: [
      ...before,
      ...(reassignment === null ? [] : [{ ...reassignment, after: before.map(({ key }) => done(key)) }]),
      ...others.filter((change) => !before.includes(change)),
      ...differences.flatMap(deletionChange),
      ...topicNotes(differences),
    ],
    refusals: topicRefusals(differences),
    kept: keepTopics(differences, former.topics, observed),
  };
}

const done = (key: string): Edge => ({ key, until: "done" });

/** One after the other, and the first that is refused ends it. */
function inTurn(changes: readonly Change[], after: readonly Edge[]): readonly Change[] {
  return changes.map((change, index) => {
    const before = changes[index - 1];
    return { ...change, after: before === undefined ? after : [done(before.key)] };
  });
}

function movingOf({ observed, brokers, missing, underWay, throttled, former }: TopicsInput): Moving {
  const kept = new Map<number, number>();
  for (const id of observed.flatMap(({ partitions }) => partitions.flatMap(({ replicas }) => replicas)))
    kept.set(id, (kept.get(id) ?? 0) + 1);
  const ours = former.reassigning ?? { topics: [], brokers: [] };
  const theirs = throttled.filter((id) => !ours.brokers.includes(id));
  const settings = new Map(observed.map((topic) => [topic.name, topic.settings ?? {}]));
  return {
    places: brokers,
    kept,
    hindrance: (topic) => {
      if (missing.length > 0)
        return {
          why: `${named("broker", missing)} ${missing.length === 1 ? "is" : "are"} down, and nothing is moved meanwhile`,
          fix: "`kctl up` starts what is dead; then run it again",
        };
      if (ours.topics.includes(topic)) return null;
      if (underWay.some((move) => move.topic === topic))
        return { why: "somebody else is moving its replicas", fix: "wait until that is done, then run it again" };
      if (theirs.length > 0)
        return {
          why: `somebody else has set a throttle on ${named("broker", theirs)}`,
          fix: "take leader.replication.throttled.rate and follower.replication.throttled.rate back where nothing is being moved, then run it again",
        };
      const set = throttledReplicas.filter((name) => Object.hasOwn(settings.get(topic) ?? {}, name));
      if (set.length === 0) return null;
      return { why: `somebody else has set its ${set.join(" and ")}`, fix: "take that back, then run it again" };
    },
  };
}

function named(what: string, ids: readonly number[]): string {
  return `${what}${ids.length === 1 ? "" : "s"} ${ids.join(", ")}`;
}

type Reassignment = Extract<Change, { kind: "reassignment" }>;

const mostLines = 20;

function reassignmentOf(differences: readonly TopicDifference[], input: TopicsInput): Reassignment | null {
  const { former, throttle, bytesOf } = input;
  const ours = former.reassigning?.topics ?? [];
  const underWay = input.underWay.filter(({ topic }) => ours.includes(topic));
  const changed = differences.flatMap((difference) => (difference.kind === "replicas" ? [difference] : []));
  const moves = changed.flatMap((difference) => difference.moves);
  if (moves.length === 0 && former.reassigning === undefined) return null;
  const copied = [...moves, ...underWay].flatMap(({ topic, partition, from, to }) =>
    to.filter((id) => !from.includes(id)).map(() => bytesOf(topic, partition)),
  );
  const all = copied.filter((bytes) => bytes !== null);
  const lines = [...underWay.map((move) => moveLine(move, true)), ...moves.map((move) => moveLine(move, false))];
  const more = lines.length - mostLines;
  return {
    kind: "reassignment",
    verb: "move",
    key: "reassignment",
    layer: "kafka",
    node: null,
    title: titleOf(changed, underWay),
    why: changed.map(({ from, to }) => ({ field: "topics.replicas", from, to: String(to) })),
    effect: "live",
    diff: [...lines.slice(0, mostLines), ...(more > 0 ? [`  and ${more} more`] : [])],
    after: [],
    throttle,
    moves,
    underWay,
    bytes: all.length < copied.length ? null : all.reduce((sum, bytes) => sum + bytes, 0),
  };
}

function titleOf(
  changed: readonly Extract<TopicDifference, { kind: "replicas" }>[],
  underWay: readonly PartitionMove[],
): string {
  const [first, ...rest] = changed;
  const names = [...new Set(underWay.map(({ topic }) => topic))].join(", ");
  const begun = "which a run that was cut off began";
  if (first === undefined)
    return underWay.length === 0
      ? "take back the throttle of a run that was cut off"
      : `finish moving replicas of ${names}, ${begun}`;
  const last = underWay.length === 0 ? "" : `, and finish what a run that was cut off began`;
  return rest.length === 0
    ? `${first.title}${last}`
    : `change the number of replicas of ${changed.map(({ topic }) => topic).join(", ")}${last}`;
}

function moveLine({ topic, partition, from, to }: PartitionMove, begun: boolean): string {
  return `~ ${topic} ${partition}: ${from.join(",")} → ${to.join(",")}${begun ? " (under way)" : ""}`;
}

function deletionChange(difference: TopicDifference): readonly Change[] {
  if (difference.kind !== "deletion") return [];
  const { topic, title, id, field } = difference;
  return [
    {
      kind: "topic-deletion",
      verb: "delete",
      key: `topic ${topic}`,
      layer: "kafka",
      node: null,
      title,
      why: [{ field, from: null, to: "true" }],
      effect: "data-loss",
      diff: [],
      after: [],
      topic,
      id,
      records: null,
      bytes: null,
    },
  ];
}
