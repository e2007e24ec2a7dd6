/** Consumers of a group of the smoke test: they join, get partitions, read them, commit, and leave, as classic groups do it. */
import {
  beat,
  commitErrors as errorsOfCommit,
  committedOf,
  enterGroup,
  leaveTheGroup,
  type ConsumerGroup,
  type Member,
} from "../consumer-group.ts";
import { until } from "../until.ts";
import { assignment } from "../wire/consumer-protocol.ts";
import { refusal } from "../wire/error-names.ts";
import type { Membership } from "../wire/heartbeat.ts";
import { requestMs, type Bench } from "./bench.ts";
import { checkFailed } from "./failure.ts";
import { topicName } from "./topic.ts";

export type Group = { readonly bench: Bench; readonly name: string; readonly partitions: readonly number[] };

export type { Member };

function groupOf({ bench, name, partitions }: Group): ConsumerGroup {
  return {
    at: bench,
    name,
    topic: topicName,
    requestMs: requestMs(bench),
    share: async (members) => {
      const shares = shareOut(
        members.map(({ id }) => id),
        partitions,
      );
      return new Map([...shares].map(([id, some]) => [id, assignment(topicName, some)]));
    },
    refused: checkFailed,
  };
}

/** Joins, as a newcomer or (with an id) anew. Answered once every member of the group has joined. */
export async function enter(group: Group, id = ""): Promise<Member> {
  group.bench.entered.add(group.name);
  return enterGroup(groupOf(group), { memberId: id });
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
  const { bench, name } = group;
  const end = bench.waits.start();
  try {
    await until(`the group ${name} to rebalance`, bench.seconds, bench.signal, async () => {
      const heard = await beat(groupOf(group), member);
      if (heard === "rebalancing") return { done: true };
      if (heard === "lost") throw checkFailed(`the group ${name} went on without one of its members`);
      return { still: "Kafka says that nothing changes" };
    });
  } finally {
    end();
  }
}

export async function commit(group: Group, member: Member, offsets: ReadonlyMap<number, bigint>): Promise<void> {
  const error = (await commitErrors(group, member, offsets)).find((one) => one !== 0) ?? 0;
  if (error !== 0) throw checkFailed(refusal(`commit offsets of the group ${group.name}`, { error }).what);
}

export async function commitErrors(
  group: Group,
  member: Membership,
  offsets: ReadonlyMap<number, bigint>,
): Promise<readonly number[]> {
  return errorsOfCommit(groupOf(group), member, offsets);
}

/** What the group has committed of these partitions; null where nothing. */
export async function committedOffsets(
  group: Group,
  partitions: readonly number[] = group.partitions,
): Promise<ReadonlyMap<number, bigint | null>> {
  return committedOf(groupOf(group), partitions);
}

export async function leave(group: Group, { memberId }: Membership): Promise<void> {
  await leaveTheGroup(groupOf(group), memberId);
}
