/** A member of a consumer group of the classic protocol: it joins, gets partitions of one topic, beats, commits and leaves. */
import type { KctlError } from "../fault.ts";
import { askCoordinator, type Coordinators } from "./ask-coordinator.ts";
import { until, type Look } from "./until.ts";
import { assignedPartitions, subscription } from "./wire/consumer-protocol.ts";
import { errorName, refusal } from "./wire/error-names.ts";
import type { Message } from "./wire/exchange.ts";
import { heartbeat, type Membership } from "./wire/heartbeat.ts";
import { joinGroup, type GroupMember, type Joined } from "./wire/join-group.ts";
import { leaveGroup } from "./wire/leave-group.ts";
import { offsetCommit } from "./wire/offset-commit.ts";
import { offsetFetch } from "./wire/offset-fetch.ts";
import { syncGroup } from "./wire/sync-group.ts";

export type ConsumerGroup = {
  readonly at: Coordinators;
  readonly name: string;
  readonly topic: string;
  /** The longest that one request may take. */
  readonly requestMs: number;
  /** What each member is assigned; asked of the group's leader. */
  readonly share: (members: readonly GroupMember[]) => Promise<ReadonlyMap<string, Buffer>>;
  readonly refused: (what: string) => KctlError;
};

export type Member = Membership & {
  readonly assigned: readonly number[];
  /** It is the one that shares out the partitions. */
  readonly leads: boolean;
};

/** Who it is, as soon as the coordinator has told: whoever is interrupted before it is let in must still show it out. */
export type Identity = { memberId: string };

const illegalGeneration = 22;
const unknownMember = 25;
const rebalancing = 27;
const memberIdRequired = 79;

/** What Kafka's own consumers ask for: no cluster refuses it. */
const sessionTimeoutMs = 45_000;

/** Joins, as a newcomer (with an empty id) or anew. Answered once every member of the group has joined. */
export async function enterGroup(group: ConsumerGroup, identity: Identity): Promise<Member> {
  const { at, name } = group;
  const end = at.waits.start();
  try {
    return await until(`a place in the group ${name}`, at.seconds, at.signal, async (): Promise<Look<Member>> => {
      const joined = await join(group, identity.memberId);
      if (joined.error === memberIdRequired) identity.memberId = joined.memberId;
      if (joined.error === unknownMember) identity.memberId = "";
      const again = [memberIdRequired, unknownMember, rebalancing].includes(joined.error);
      if (again) return { still: `Kafka answers ${errorName(joined.error)}` };
      refuse(group, `join the group ${name}`, joined.error);
      identity.memberId = joined.memberId;
      return sync(group, joined);
    });
  } finally {
    end();
  }
}

async function join(group: ConsumerGroup, memberId: string): Promise<Joined> {
  const request = joinGroup({
    group: group.name,
    memberId,
    sessionTimeoutMs,
    rebalanceTimeoutMs: sessionTimeoutMs,
    protocol: "range",
    metadata: subscription(group.topic),
  });
  return ask(group, request, longestMs(group));
}

async function sync(group: ConsumerGroup, joined: Joined): Promise<Look<Member>> {
  const membership = { group: group.name, generation: joined.generation, memberId: joined.memberId };
  const leads = joined.leader === joined.memberId;
  const shares = leads ? [...(await group.share(joined.members))] : [];
  const assignments = shares.map(([memberId, assignment]) => ({ memberId, assignment }));
  const synced = await ask(group, syncGroup(membership, assignments), longestMs(group));
  // Between the two answers its members changed, or its coordinator moved and knows of neither: a consumer joins anew.
  if ([rebalancing, illegalGeneration, unknownMember].includes(synced.error))
    return { still: "the group's members or its coordinator changed meanwhile" };
  refuse(group, `get partitions in the group ${group.name}`, synced.error);
  return { done: { ...membership, assigned: assignedPartitions(synced.assignment, group.topic), leads } };
}

/** Kafka answers these once all members have come. */
function longestMs({ at }: ConsumerGroup): number {
  return Math.min(sessionTimeoutMs, at.seconds * 1000) + 1000;
}

/** `rebalancing`: it is to join anew. `lost`: the group has gone on without it. */
export async function beat(group: ConsumerGroup, member: Membership): Promise<"fine" | "rebalancing" | "lost"> {
  const { error } = await ask(group, heartbeat(member));
  return verdict(group, `stay in the group ${group.name}`, error);
}

/** The same of a commit. */
export async function commitOffsets(
  group: ConsumerGroup,
  member: Membership,
  offsets: ReadonlyMap<number, bigint>,
): Promise<"fine" | "rebalancing" | "lost"> {
  const errors = await commitErrors(group, member, offsets);
  return verdict(group, `commit offsets of the group ${group.name}`, errors.find((error) => error !== 0) ?? 0);
}

function verdict(group: ConsumerGroup, doing: string, error: number): "fine" | "rebalancing" | "lost" {
  if (error === rebalancing) return "rebalancing";
  if (error === illegalGeneration || error === unknownMember) return "lost";
  refuse(group, doing, error);
  return "fine";
}

export async function commitErrors(
  group: ConsumerGroup,
  member: Membership,
  offsets: ReadonlyMap<number, bigint>,
): Promise<readonly number[]> {
  const answer = await askCoordinator(
    group.at,
    group.name,
    offsetCommit(member, group.topic, offsets),
    group.requestMs,
    (partitions) => partitions.map(({ error }) => error),
  );
  return answer.map(({ error }) => error);
}

/** What the group has committed of these partitions; null where nothing. */
export async function committedOf(
  group: ConsumerGroup,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, bigint | null>> {
  const answer = await ask(group, offsetFetch(group.name, group.topic, partitions));
  const { error } = answer.partitions.find((one) => one.error !== 0) ?? answer;
  refuse(group, `read the committed offsets of the group ${group.name}`, error);
  return new Map(answer.partitions.map(({ partition, offset }) => [partition, offset]));
}

export async function leaveTheGroup(group: ConsumerGroup, memberId: string): Promise<void> {
  const { error } = await ask(group, leaveGroup(group.name, memberId));
  if (error !== unknownMember) refuse(group, `leave the group ${group.name}`, error);
}

async function ask<Answer extends { readonly error: number }>(
  { at, name, requestMs }: ConsumerGroup,
  message: Message<Answer>,
  timeoutMs = requestMs,
): Promise<Answer> {
  return askCoordinator(at, name, message, timeoutMs, ({ error }) => [error]);
}

function refuse({ refused }: ConsumerGroup, doing: string, error: number): void {
  if (error !== 0) throw refused(refusal(doing, { error }).what);
}
