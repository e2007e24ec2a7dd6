/** Reads as a member of a consumer group: what was printed is committed, and nothing else, so that lag is counted rightly everywhere. */
import { setTimeout as delay } from "node:timers/promises";
import {
  beat,
  commitOffsets,
  committedOf,
  enterGroup,
  leaveTheGroup,
  type ConsumerGroup,
  type Identity,
  type Member,
} from "../kafka/consumer-group.ts";
import { isAbort } from "../kafka/is-abort.ts";
import type { Delivery } from "../kafka/records/delivery.ts";
import { readPartitions } from "../kafka/records/reading.ts";
import { readingGroup } from "../kafka/records/reading-group.ts";
import { topicAt, type KafkaAt, type TopicAt } from "../kafka/records/topic-at.ts";
import { cleanUpSeconds, within } from "../kafka/until.ts";
import { allOf, edges, newPartitionsMs, readingOf, start, type ConsumeOptions, type Edges } from "./consume.ts";
import type { Context } from "./context.ts";

/** It beats as Kafka's own consumers. */
const usualPace = { beatMs: 3000, newPartitionsMs };

export async function readInGroup(
  context: Context,
  kafka: KafkaAt,
  at: TopicAt,
  options: ConsumeOptions & { readonly group: string },
  out: Delivery,
  pace = usualPace,
): Promise<void> {
  const group = readingGroup(kafka, options.group, options.topic);
  const all = await edges(kafka, options.topic, allOf(at), options.committed);
  const identity: Identity = { memberId: "" };
  const seen = { partitions: at.partitions };
  try {
    for (;;) {
      const member = await enterGroup(group, identity);
      const ended = await readGeneration({ context, kafka, group, options, out, all, seen, pace }, member);
      if (ended === "ended") return;
      // The group has gone on without it: what it was called there means nothing any more.
      if (ended === "lost") identity.memberId = "";
    }
  } finally {
    // Also where it was interrupted: the others need not wait until its session ends.
    await atTheEnd(group, "leave", (calm) => leaveTheGroup(calm, identity.memberId)).catch(() => undefined);
  }
}

/** For what is done at the end, however it came. */
async function atTheEnd<Value>(
  group: ConsumerGroup,
  what: string,
  use: (group: ConsumerGroup) => Promise<Value>,
): Promise<Value> {
  return within(`the group ${group.name} to answer a ${what}`, cleanUpSeconds, new AbortController().signal, (signal) =>
    use({ ...group, at: { ...group.at, signal, seconds: cleanUpSeconds } }),
  );
}

type Running = {
  readonly context: Context;
  readonly kafka: KafkaAt;
  readonly group: ConsumerGroup;
  readonly options: ConsumeOptions;
  readonly out: Delivery;
  readonly all: Edges;
  /** How many partitions the topic had when they were counted last. */
  readonly seen: { partitions: number };
  readonly pace: typeof usualPace;
};

type Ended = "ended" | "rebalancing" | "lost";

/** Until all is read, or the group's members change: then it commits what was printed, and is to join anew. */
async function readGeneration(running: Running, member: Member): Promise<Ended> {
  const { context, kafka, group, options, out, all } = running;
  const { assigned } = member;
  const committed = await committedOf(group, assigned);
  const begin = start(options, all);
  const from = new Map(
    assigned.map((partition) => [partition, committed.get(partition) ?? begin.get(partition) ?? 0n]),
  );
  out.start(from);
  const over = new AbortController();
  const signal = AbortSignal.any([kafka.signal, over.signal]);
  let seen: Ended = "ended";
  const kept = keepAlive(running, member, signal, (why) => {
    seen = why;
    over.abort();
  });
  const ends = options.follow ? null : all.end;
  let thrown: { readonly why: unknown } | null = null;
  try {
    await readPartitions(readingOf(context, { ...kafka, signal }, options, out), from, ends);
    // Nobody has anything for it: it stays in the group for whoever leaves.
    if (options.follow && assigned.length === 0 && !out.isOver()) await delay(2 ** 31 - 1, undefined, { signal });
  } catch (error) {
    if (kafka.signal.aborted || !isAbort(error, signal)) thrown = { why: error };
  }
  over.abort();
  await kept;
  try {
    await atTheEnd(group, "commit", (calm) => commitWritten(calm, member, out));
  } catch (error) {
    // What went wrong before is what is told.
    if (!kafka.signal.aborted) thrown ??= { why: error };
  }
  if (thrown !== null) throw thrown.why;
  return out.isOver() ? "ended" : seen;
}

async function commitWritten(group: ConsumerGroup, member: Member, out: Delivery): Promise<Ended | "fine"> {
  const offsets = out.written();
  return offsets.size === 0 ? "fine" : commitOffsets(group, member, offsets);
}

/** Beats, and commits what has been written since the last beat. The group's leader has partitions that are new shared out. */
async function keepAlive(
  running: Running,
  member: Member,
  signal: AbortSignal,
  ended: (why: "rebalancing" | "lost") => void,
): Promise<void> {
  const { group, out, options, pace } = running;
  let last = "";
  let looked = performance.now();
  try {
    for (;;) {
      await delay(pace.beatMs, undefined, { signal });
      const now = [...out.written()].join(" ");
      const heard = await beat(group, member);
      const told = heard === "fine" && now !== last ? await commitWritten(group, member, out) : heard;
      last = now;
      if (told === "rebalancing" || told === "lost") return ended(told);
      if (!options.follow || !member.leads || performance.now() - looked < pace.newPartitionsMs) continue;
      looked = performance.now();
      // Where its leader joins anew, all are to, and the partitions are counted.
      if (await hasGrown(running, signal)) return ended("rebalancing");
    }
  } catch (error) {
    // A coordinator that cannot be asked is met again by the commit at the end.
    if (!signal.aborted) ended("lost");
    else if (!(error instanceof Error)) throw error;
  }
}

async function hasGrown({ kafka, options, seen }: Running, signal: AbortSignal): Promise<boolean> {
  const now = await topicAt({ ...kafka, signal }, options.topic);
  if (now === null || now.partitions <= seen.partitions) return false;
  seen.partitions = now.partitions;
  return true;
}
