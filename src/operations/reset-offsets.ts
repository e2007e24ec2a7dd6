/** Sets where a consumer group goes on: shown first, refused while it has members, read back once it is done. */
import { KctlError } from "../fault.ts";
import { holdBrokers, type AskAt } from "../kafka/hold-brokers.ts";
import { leadersOf, offsetsOf, type TopicPartition } from "../kafka/lag/leaders.ts";
import { byTopic, lookAtGroups, type GroupSeen } from "../kafka/lag/look.ts";
import { resetPartition, resetRows, targetText, type ResetRow, type ResetTarget } from "../kafka/lag/reset-plan.ts";
import { refusal } from "../kafka/wire/error-names.ts";
import { nobodyOf, offsetCommitTopics } from "../kafka/wire/offset-commit.ts";
import { offsetFetchGroups } from "../kafka/wire/offset-fetch-groups.ts";
import { nearest } from "../spec/nearest.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import { keptInHistory } from "./in-history.ts";
import { lookOptions, noSuchGroup } from "./lag.ts";
import { openKafka, type OpenKafka } from "./open-kafka.ts";

export type ResetOptions = {
  readonly group: string;
  readonly target: ResetTarget;
  /** The same as it was written. */
  readonly to: string;
  /** null: every topic that the group has offsets for. */
  readonly topic: string | null;
  readonly yes: boolean;
  /** What is shown before it is asked. */
  readonly shown: (rows: readonly ResetRow[]) => string;
};

export type ResetResult = {
  readonly cluster: string;
  readonly partitions: readonly ResetRow[];
  /** How many offsets were set; null: there was nobody to ask, so nothing was done. */
  readonly changed: number | null;
};

export async function resetOffsets(context: Context, options: ResetOptions): Promise<ResetResult> {
  const kafka = await openKafka(context);
  const group = await quietGroup(kafka, options.group, context);
  const topics = topicsOf(group, options.topic);
  const rows = await within(kafka, context, (askAt) => plan(group, topics, options.target, kafka, askAt));
  const changes = rows.filter((row) => row.old !== row.new);
  if (changes.length > 0 && !options.yes) {
    if (context.ask === null) return { cluster: kafka.name, partitions: rows, changed: null };
    await confirm(
      `${options.shown(rows)}\nSet ${changes.length === 1 ? "this offset" : `these ${changes.length} offsets`}? [y/N] `,
      "y",
      context,
    );
  }
  if (changes.length > 0) await carryOut(group, changes, kafka, options, context);
  return { cluster: kafka.name, partitions: rows, changed: changes.length };
}

/** Written down where the cluster has a history: one that kctl manages. */
async function carryOut(
  group: GroupSeen,
  changes: readonly ResetRow[],
  kafka: OpenKafka,
  { target, to, topic }: ResetOptions,
  given: Context,
): Promise<void> {
  const topics = [...new Set(changes.map((row) => row.topic))];
  const offsets = changes.length === 1 ? "1 offset" : `${changes.length} offsets`;
  const change = {
    key: `offsets ${group.group}`,
    title: `set ${offsets} of the group ${group.group} (${topics.join(", ")}) to ${targetText(target)}`,
  };
  const work = async (context: Context): Promise<{ readonly changed: number }> => {
    const started = performance.now();
    context.emit({ type: "change-started", ...change });
    await within(kafka, context, async (askAt) => {
      await commit(group, changes, askAt);
      await mustBeSet(group, changes, askAt);
    });
    context.emit({ type: "change-done", ...change, seconds: (performance.now() - started) / 1000 });
    return { changed: changes.length };
  };
  const command = ["offsets reset", group.group, "--to", to, ...(topic === null ? [] : ["--topic", topic])].join(" ");
  if (kafka.provider === null) await work(given);
  else await keptInHistory({ history: kafka.provider.history, command, context: given }, work);
}

async function within<Result>(
  kafka: OpenKafka,
  context: Context,
  use: (askAt: AskAt) => Promise<Result>,
): Promise<Result> {
  const { signal, timeoutMs } = lookOptions(kafka, null, context);
  return holdBrokers(signal, timeoutMs, use);
}

/** The group, where nobody reads for it at the moment. */
async function quietGroup(kafka: OpenKafka, name: string, context: Context): Promise<GroupSeen> {
  const { groups, names, silent } = await lookAtGroups(lookOptions(kafka, name, context));
  const [group] = groups;
  if (group === undefined) throw new KctlError(silent.length > 0 ? silent : noSuchGroup(name, kafka.name, names));
  if (group.members.length === 0) return group;
  const some = group.members.slice(0, 5).map(({ clientId, clientHost }) => `${clientId} at ${clientHost}`);
  const more = group.members.length > 5 ? ` and ${group.members.length - 5} more` : "";
  throw new KctlError({
    code: "group-active",
    what: `the group ${name} is active, and its members would go on from where they are: ${some.join(", ")}${more}`,
    fix: "stop its consumers first; one that was killed is a member until its session has ended",
  });
}

function topicsOf({ group, partitions }: GroupSeen, topic: string | null): readonly string[] {
  const topics = [...new Set(partitions.map((one) => one.topic))];
  if (topics.length === 0)
    throw new KctlError({
      code: "no-offsets",
      what: `the group ${group} has committed no offsets`,
      fix: "nothing need be reset: its consumers begin where their own auto.offset.reset says",
    });
  if (topic === null) return topics;
  if (topics.includes(topic)) return [topic];
  const meant = nearest(topic, topics);
  throw new KctlError({
    code: "no-offsets",
    what: `the group ${group} has no offsets for the topic ${topic}${meant === null ? "" : `; did you mean ${meant}?`}`,
    fix: `it has offsets for ${topics.join(", ")}`,
  });
}

/** Of all partitions of the topics: one that the group has not read yet would else begin elsewhere than the others. */
async function plan(
  { coordinator, partitions }: GroupSeen,
  topics: readonly string[],
  target: ResetTarget,
  { name }: OpenKafka,
  askAt: AskAt,
): Promise<readonly ResetRow[]> {
  const leaders = await leadersOf(topics, coordinator, askAt);
  const all: TopicPartition[] = [];
  for (const [topic, led] of leaders) for (const partition of led.keys()) all.push({ topic, partition });
  const [starts, ends, atTime] = await Promise.all([
    offsetsOf(all, coordinator, "earliest", askAt),
    offsetsOf(all, coordinator, "latest", askAt),
    target.to === "time" ? offsetsOf(all, coordinator, target.at, askAt) : null,
  ]);
  const known = all.toSorted(byTopic).map((one) => {
    const old = partitions.find(({ topic, partition }) => topic === one.topic && partition === one.partition);
    const told = resetPartition(one, { starts, ends, atTime }, old?.committed ?? null);
    if (told === null) throw new KctlError(notTold(name, one));
    return told;
  });
  return resetRows(known, target);
}

function notTold(cluster: string, { topic, partition }: TopicPartition) {
  return {
    code: "unhealthy",
    what: `which offsets ${topic}-${partition} in ${cluster} has is not known, since no leader told it; nothing was changed`,
    fix: "see with `kctl status` which brokers do not run",
  } as const;
}

/** UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION and REBALANCE_IN_PROGRESS: a consumer joined since the group was looked at. */
const joined: ReadonlySet<number> = new Set([22, 25, 27]);

async function commit({ group, coordinator }: GroupSeen, rows: readonly ResetRow[], askAt: AskAt): Promise<void> {
  const offsets = new Map<string, Map<number, bigint>>();
  for (const row of rows)
    offsets.set(row.topic, (offsets.get(row.topic) ?? new Map<number, bigint>()).set(row.partition, BigInt(row.new)));
  const answers = await askAt(coordinator, offsetCommitTopics(nobodyOf(group), offsets));
  const refused = answers.find(({ error }) => error !== 0);
  if (refused === undefined) return;
  if (joined.has(refused.error))
    throw new KctlError({
      code: "group-active",
      what: `a consumer has just joined the group ${group}, so Kafka took no offsets`,
      fix: "stop its consumers first; one that was killed is a member until its session has ended",
    });
  throw new KctlError(refusal(`set the offset of ${group} for ${refused.topic}-${refused.partition}`, refused));
}

async function mustBeSet({ group, coordinator }: GroupSeen, rows: readonly ResetRow[], askAt: AskAt): Promise<void> {
  const [told] = await askAt(coordinator, offsetFetchGroups([group]));
  if (told === undefined || told.error !== 0)
    throw new KctlError(refusal(`read back the offsets of ${group}`, told ?? { error: -1 }));
  const committed = new Map(told.committed.map((one) => [JSON.stringify([one.topic, one.partition]), one.offset]));
  const wrong = rows.find((row) => committed.get(JSON.stringify([row.topic, row.partition])) !== BigInt(row.new));
  if (wrong === undefined) return;
  const now = committed.get(JSON.stringify([wrong.topic, wrong.partition])) ?? "none";
  throw new KctlError({
    code: "not-converged",
    what: `the offset of ${group} for ${wrong.topic}-${wrong.partition} was set to ${wrong.new}, and is ${now}: somebody else commits for this group`,
    fix: "stop what commits offsets for it, then run this again",
  });
}
