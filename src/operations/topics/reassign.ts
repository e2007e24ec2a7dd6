/**
 * Moves replicas under a throttle, in steps that a run which is cut off at any moment leaves to the next: what is throttled is
 * recorded, then throttled, then moved; once Kafka is done the throttle is taken back, then the record.
 */
import { membersOf, type Cluster } from "../../cluster/cluster.ts";
import { KctlError, faultsOf, type Fault } from "../../fault.ts";
import { bytesOnDisk, partitionKey, type PartitionSizes } from "../../kafka/partition-sizes.ts";
import { reassignmentsUnderWay } from "../../kafka/reassignments.ts";
import {
  alterPartitionReassignments,
  type AlteredReassignments,
} from "../../kafka/wire/alter-partition-reassignments.ts";
import { electPreferredLeaders } from "../../kafka/wire/elect-leaders.ts";
import { errorName } from "../../kafka/wire/error-names.ts";
import type { Change } from "../../plan/change.ts";
import type { PartitionMove } from "../../plan/reassignment.ts";
import { byteText } from "../../report/amounts.ts";
import {
  addressesOf,
  addressOf,
  askTheController,
  mustBeFine,
  requestMs,
  untilAllRegistered,
  untilTopic,
} from "../ask-kafka.ts";
import type { Context } from "../context.ts";
import { atMostEvery, waitUntil } from "../wait-until.ts";
import { setThrottle, takeThrottleBack, throttleLeft, type Throttled } from "./throttle.ts";

type ReassignmentChange = Extract<Change, { kind: "reassignment" }>;

/** Keeps in the receipt what has a throttle; null: nothing. */
export type RecordThrottled = (throttled: Throttled | null) => Promise<void>;

/** @param former what a run that was cut off has throttled */
export async function reassign(
  change: ReassignmentChange,
  former: Throttled | null,
  cluster: Cluster,
  record: RecordThrottled,
  context: Context,
): Promise<void> {
  // What is begun goes on, and a throttle goes back, also while a broker is down.
  if (change.moves.length > 0) await untilAllRegistered(cluster, context);
  const all = wholeMoves(change);
  const throttled = {
    topics: [...new Set([...(former?.topics ?? []), ...all.map(({ topic }) => topic)])].toSorted(),
    brokers: [...new Set([...(former?.brokers ?? []), ...all.flatMap(({ from, to }) => [...from, ...to])])].toSorted(
      (a, b) => a - b,
    ),
  };
  let refused: readonly Fault[] = [];
  if (all.length > 0) {
    await record(throttled);
    try {
      await setThrottle(all, throttled, change.throttle, cluster, context);
      refused = await begin(change.moves, cluster, context);
      await untilMoved(change, all, cluster, context);
    } catch (error) {
      if (context.signal.aborted) context.emit({ type: "message", text: goesOn });
      // Where Kafka is at it, the throttle must stay.
      else if ((await movesLeft(all, cluster, context).catch(() => all)).length === 0) {
        const { left, faults } = await takeThrottleBack(throttled, cluster, context);
        await record(left);
        throw new KctlError([...faultsOf(error), ...throttleLeft(faults, "the replicas are not being moved any more")]);
      }
      throw error;
    }
  }
  const { left, faults } = await takeThrottleBack(throttled, cluster, context);
  await record(left);
  if (faults.length > 0) throw new KctlError(throttleLeft(faults, "the replicas are moved"));
  if (refused.length > 0) throw new KctlError(refused);
  await handOver(all, cluster, context);
}

const goesOn =
  "Kafka goes on moving the replicas, under the throttle: the next `kctl topics apply` waits for that and takes the throttle back";

/** A move that takes the place of one under way goes from where that one began. */
function wholeMoves({ moves, underWay }: ReassignmentChange): readonly PartitionMove[] {
  const begun = new Map(underWay.map((move) => [partitionKey(move.topic, move.partition), move]));
  const whole = moves.map((move) => {
    const key = partitionKey(move.topic, move.partition);
    const before = begun.get(key);
    begun.delete(key);
    return before === undefined ? move : { ...move, from: before.from };
  });
  return [...whole, ...begun.values()];
}

const partitionsARequest = 1000;

/** @returns which were refused: the others go on */
async function begin(moves: readonly PartitionMove[], cluster: Cluster, context: Context): Promise<readonly Fault[]> {
  const refused: Fault[] = [];
  for (let at = 0; at < moves.length; at += partitionsARequest) {
    const some = moves.slice(at, at + partitionsARequest);
    const message = alterPartitionReassignments(
      some.map(({ topic, partition, to }) => ({ topic, partition, replicas: to })),
      requestMs,
    );
    const told = await askTheController(message, cluster, context, errorsIn);
    mustBeFine("move the replicas", [told]);
    for (const { topic, partition, error, errorMessage } of told.partitions) {
      if (error === 0) continue;
      refused.push({
        code: "kafka-refused",
        what: `Kafka did not move partition ${partition} of ${topic}: ${errorMessage ?? errorName(error)} (${errorName(error)})`,
        fix: "see `kctl topics describe`, then run it again",
      });
    }
  }
  return refused;
}

function errorsIn({ error, partitions }: Pick<AlteredReassignments, "error" | "partitions">): readonly number[] {
  return [error, ...partitions.map((one) => one.error)];
}

const sizesEveryMs = 1000;

async function untilMoved(
  { key }: ReassignmentChange,
  all: readonly PartitionMove[],
  cluster: Cluster,
  context: Context,
): Promise<void> {
  const { signal, timeoutSeconds, emit } = context;
  const brokers = membersOf(cluster, "broker").map((member) => ({ id: member.id, address: addressOf(member) }));
  let left: readonly PartitionMove[] = all;
  let copied = { done: 0, all: 0 };
  const measure = atMostEvery(sizesEveryMs, async () => {
    copied = bytesCopied(await bytesOnDisk(all, brokers, signal), all);
  });
  const text = (): string => {
    const bytes = copied.all === 0 ? "" : `, ${byteText(copied.done)} of ${byteText(copied.all)} copied`;
    return `replicas to be moved: ${all.length - left.length} of ${all.length} partitions${bytes}`;
  };
  const moved = await waitUntil(
    async () => {
      left = await movesLeft(all, cluster, context);
      if (left.length > 0) await measure();
      return left.length === 0;
    },
    { key, what: text, timeoutSeconds, emit, signal, progress: () => `${left.length} ${copied.done}` },
  );
  if (moved) return;
  throw new KctlError({
    code: "timeout",
    what: `the replicas of ${left.length} of ${all.length} partitions came no nearer for ${timeoutSeconds} s (${left[0]?.topic} ${left[0]?.partition} first)`,
    fix: "they go on under the throttle, and `kctl topics apply` goes on from there; where as much is written as the throttle lets through, give it a higher `--throttle`",
  });
}

/** Those that Kafka is still at. */
async function movesLeft(
  all: readonly PartitionMove[],
  cluster: Cluster,
  { signal }: Context,
): Promise<readonly PartitionMove[]> {
  const under = await reassignmentsUnderWay({ bootstrap: addressesOf(cluster), signal, timeoutMs: requestMs });
  const keys = new Set(under.map(({ topic, partition }) => partitionKey(topic, partition)));
  return all.filter(({ topic, partition }) => keys.has(partitionKey(topic, partition)));
}

/** Of what the new replicas are to hold, how much they do. */
function bytesCopied(
  sizes: PartitionSizes["bytes"],
  moves: readonly PartitionMove[],
): { readonly done: number; readonly all: number } {
  let [done, all] = [0, 0];
  for (const { topic, partition, from, to } of moves) {
    const copies = sizes.get(partitionKey(topic, partition)) ?? new Map<number, number>();
    const whole = Math.max(0, ...from.map((id) => copies.get(id) ?? 0));
    for (const id of to) {
      if (from.includes(id)) continue;
      all += whole;
      done += Math.min(whole, copies.get(id) ?? 0);
    }
  }
  return { done, all };
}

/** Leaders go where they are preferred. Kafka would do it by itself within minutes; where it cannot be done now, it will. */
async function handOver(moves: readonly PartitionMove[], cluster: Cluster, context: Context): Promise<void> {
  if (moves.length === 0) return;
  const topics = [...Map.groupBy(moves, ({ topic }) => topic)];
  const elect = electPreferredLeaders(
    topics.map(([topic, ofOne]) => ({ topic, partitions: ofOne.map(({ partition }) => partition) })),
  );
  await askTheController(elect, cluster, context, errorsIn);
  for (const [topic, ofOne] of topics)
    await untilTopic(topic, cluster, context, (seen) =>
      ofOne.every(({ partition, to }) => {
        const replicas = seen?.partitions.find((one) => one.partition === partition)?.replicas;
        return seen === undefined || replicas?.join() === to.join();
      }),
    );
}
