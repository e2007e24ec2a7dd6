/** Moves of replicas that Kafka is at, whoever began them. */
import { KctlError } from "../fault.ts";
import { askController, type ControllerOptions } from "./ask-controller.ts";
import { refusal } from "./wire/error-names.ts";
import { listPartitionReassignments } from "./wire/list-partition-reassignments.ts";

export type MoveUnderWay = {
  readonly topic: string;
  readonly partition: number;
  /** Those that had it before. */
  readonly from: readonly number[];
  /** Those that are to have it, in their order. */
  readonly to: readonly number[];
};

/** @throws KctlError `kafka-refused` */
export async function reassignmentsUnderWay(options: ControllerOptions): Promise<readonly MoveUnderWay[]> {
  const told = await askController(options, listPartitionReassignments(options.timeoutMs), ({ error }) => [error]);
  if (told.error !== 0) throw new KctlError(refusal("list the moves of replicas", told));
  return told.partitions.map(({ topic, partition, replicas, adding, removing }) => ({
    topic,
    partition,
    from: replicas.filter((id) => !adding.includes(id)),
    to: replicas.filter((id) => !removing.includes(id)),
  }));
}
