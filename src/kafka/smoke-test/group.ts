/** Consumers of a group of the smoke test: they join, get partitions, read them, commit, and leave, as classic groups do it. */
import { askCoordinator } from "../ask-coordinator.ts";
import { until, type Look } from "../until.ts";
import { assignedPartitions, assignment, subscription } from "../wire/consumer-protocol.ts";
import { errorName, refusal } from "../wire/error-names.ts";
import type { Message } from "../wire/exchange.ts";
import { heartbeat, type Membership } from "../wire/heartbeat.ts";
import { joinGroup, type Joined } from "../wire/join-group.ts";
import { leaveGroup } from "../wire/leave-group.ts";
import { offsetCommit } from "../wire/offset-commit.ts";
import { offsetFetch } from "../wire/offset-fetch.ts";
import { syncGroup } from "../wire/sync-group.ts";
import { requestMs, type Bench } from "./bench.ts";
import { checkFailed } from "./failure.ts";
import { topicName } from "./topic.ts";

export type Group = { readonly bench: Bench; readonly name: string; readonly partitions: readonly number[] };

export type Member = Membership & { readonly assigned: readonly number[] };

const illegalGeneration = 22;
const unknownMember = 25;
const rebalancing = 27;
const memberIdRequired = 79;

/** What Kafka's own consumers ask for: no cluster refuses it. */
const sessionTimeoutMs = 45_000;

/** Joins, as a newcomer or (with an id) anew. Answered once every member of the group has joined. */
export async function enter(group: Group, id = ""): Promise<Member> {
  const { bench, name } = group;
  const end = bench.waits.start();
  bench.entered.add(name);
  let memberId = id;
  try {
    return await until(`a place in the group ${name}`, bench.seconds, bench.signal, async (): Promise<Look<Member>> => {
      const joined = await join(group, memberId);
      if (joined.error === memberIdRequired) ({ memberId } = joined);
      if (joined.error === unknownMember) memberId = "";
      const again = [memberIdRequired, unknownMember, rebalancing].includes(joined.error);
      if (again) return { still: `Kafka answers ${errorName(joined.error)}` };
      refuse(`join the group ${name}`, joined.error);
      ({ memberId } = joined);
      return sync(group, joined);
    });
  } finally {
    end();
  }
}

async function join(group: Group, memberId: string): Promise<Joined> {
  const request = joinGroup({
    group: group.name,
    memberId,
    sessionTimeoutMs,
    rebalanceTimeoutMs: sessionTimeoutMs,
    protocol: "range",
    metadata: subscription(topicName),
  });
  return ask(group, request, longestMs(group));
}

async function sync(group: Group, joined: Joined): Promise<Look<Member>> {
  const membership = { group: group.name, generation: joined.generation, memberId: joined.memberId };
  const ids = joined.leader === joined.memberId ? joined.members.map(({ id }) => id) : [];
  const shares = [...shareOut(ids, group.partitions)].map(([memberId, partitions]) => ({
    memberId,
    assignment: assignment(topicName, partitions),
  }));
  const synced = await ask(group, syncGroup(membership, shares), longestMs(group));
  // Between the two answers its members changed, or its coordinator moved and knows of neither: a consumer joins anew.
  if ([rebalancing, illegalGeneration, unknownMember].includes(synced.error))
    return { still: "the group's members or its coordinator changed meanwhile" };
  refuse(`get partitions in the group ${group.name}`, synced.error);
  return { done: { ...membership, assigned: assignedPartitions(synced.assignment, topicName) } };
}

/** Kafka answers these once all members have come. */
function longestMs({ bench }: Group): number {
  return Math.min(sessionTimeoutMs, bench.seconds * 1000) + 1000;
}

/** The partitions in turn to the members in the order of their ids. */
export function shareOut(
  memberIds: readonly string[],
  partitions: readonly number[],
): ReadonlyMap<string, readonly number[]> {
  const ids = memberIds.toSorted();
  return new Map(ids.map((id, at) => [id, partitions.filter((_, index) => index % ids.length === at)]));
}

/** Beats as a consumer does between its reads, until it hears that the group's members are changing. */
export async function beatUntilRebalance(group: Group, member: Member): Promise<void> {
  const end = group.bench.waits.start();
  try {
    await until(`the group ${group.name} to rebalance`, group.bench.seconds, group.bench.signal, async () => {
      const { error } = await ask(group, heartbeat(member));
      if (error === rebalancing) return { done: true };
      refuse(`stay in the group ${group.name}`, error);
      return { still: "Kafka says that nothing changes" };
    });
  } finally {
    end();
  }
}

export async function commit(group: Group, member: Member, offsets: ReadonlyMap<number, bigint>): Promise<void> {
  const errors = await commitErrors(group, member, offsets);
  refuse(`commit offsets of the group ${group.name}`, errors.find((error) => error !== 0) ?? 0);
}

export async function commitErrors(
  group: Group,
  member: Membership,
  offsets: ReadonlyMap<number, bigint>,
): Promise<readonly number[]> {
  const answer = await askCoordinator(
    group.bench,
    group.name,
    offsetCommit(member, topicName, offsets),
    requestMs(group.bench),
    (partitions) => partitions.map(({ error }) => error),
  );
  return answer.map(({ error }) => error);
}

/** What the group has committed of these partitions; null where nothing. */
export async function committedOffsets(
  group: Group,
  partitions: readonly number[] = group.partitions,
): Promise<ReadonlyMap<number, bigint | null>> {
  const answer = await ask(group, offsetFetch(group.name, topicName, partitions));
  const { error } = answer.partitions.find((one) => one.error !== 0) ?? answer;
  refuse(`read the committed offsets of the group ${group.name}`, error);
  return new Map(answer.partitions.map(({ partition, offset }) => [partition, offset]));
}

export async function leave(group: Group, { memberId }: Membership): Promise<void> {
  const { error } = await ask(group, leaveGroup(group.name, memberId));
  if (error !== unknownMember) refuse(`leave the group ${group.name}`, error);
}

async function ask<Answer extends { readonly error: number }>(
  { bench, name }: Group,
  message: Message<Answer>,
  timeoutMs = requestMs(bench),
): Promise<Answer> {
  return askCoordinator(bench, name, message, timeoutMs, ({ error }) => [error]);
}

function refuse(doing: string, error: number): void {
  if (error === 0) return;
  throw checkFailed(refusal(doing, { error }).what);
}
