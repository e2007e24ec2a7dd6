/**
 * A group whose members change while it reads: one begins alone, a second joins, and the first leaves. What each read and
 * committed in each generation, for verify-groups.ts.
 */
import { consume } from "./consume.ts";
import {
  beatUntilRebalance,
  commit,
  commitErrors,
  committedOffsets,
  enter,
  leave,
  type Group,
  type Member,
} from "./group.ts";
import type { ReadRecord } from "./read.ts";
import type { Offsets } from "./two-parts.ts";

/** What one member read of one partition between two rebalances, in the order of time. */
export type Turn = {
  readonly generation: number;
  readonly memberId: string;
  readonly partition: number;
  /** What the group had committed before; null: nothing. */
  readonly found: bigint | null;
  readonly records: readonly ReadRecord[];
  readonly committed: bigint;
};

export type RebalanceSeen = {
  readonly turns: readonly Turn[];
  /** What Kafka answered to a commit of a generation that was over. */
  readonly staleErrors: readonly number[];
};

export async function readOverRebalance(group: Group, ends: Offsets): Promise<RebalanceSeen> {
  const upTo = (thirds: bigint): Offsets =>
    new Map([...ends].map(([partition, end]) => [partition, (end * thirds) / 3n]));
  const alone = await enter(group);
  const turns = [...(await takeTurns(group, alone, upTo(1n)))];

  // Each waits for the other: Kafka lets the newcomer in once the member that was there has come anew.
  const comesAnew = async (): Promise<Member> => {
    await beatUntilRebalance(group, alone);
    return enter(group, alone.memberId);
  };
  const [second, first] = await Promise.all([enter(group), comesAnew()]);
  const staleErrors = await commitErrors(group, alone, new Map(group.partitions.map((partition) => [partition, 0n])));
  const together = await Promise.all([takeTurns(group, first, upTo(2n)), takeTurns(group, second, upTo(2n))]);
  turns.push(...together.flat());

  await leave(group, first);
  await beatUntilRebalance(group, second);
  const last = await enter(group, second.memberId);
  turns.push(...(await takeTurns(group, last, ends)));
  await leave(group, last);
  return { turns, staleErrors };
}

async function takeTurns(group: Group, member: Member, to: Offsets): Promise<readonly Turn[]> {
  const { generation, memberId, assigned } = member;
  const found = await committedOffsets(group, assigned);
  const turns = await Promise.all(
    assigned.map(async (partition) => {
      const committed = to.get(partition) ?? 0n;
      const before = found.get(partition) ?? null;
      const records = await consume(group.bench, partition, before ?? 0n, committed);
      return { generation, memberId, partition, found: before, records, committed };
    }),
  );
  await commit(group, member, new Map(turns.map(({ partition, committed }) => [partition, committed])));
  return turns;
}
