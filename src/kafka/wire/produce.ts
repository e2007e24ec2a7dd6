/** Produce, version 7, of batches to partitions of one topic: ProduceRequest.json and ProduceResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import { malformed, type Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

/** Who must have a record before it counts as written: nobody, the leader, or every replica in sync. */
const acksCodes = { none: 0, leader: 1, all: -1 } as const;

export type Acks = keyof typeof acksCodes;

export type BatchFor = { readonly partition: number; readonly batch: Buffer };

export type Produced = {
  readonly error: number;
  /** Of the batch's first record; -1 where there is none. */
  readonly offset: bigint;
};

export type ProducedPartition = Produced & { readonly partition: number };

/**
 * To the leader of the partitions, each of which comes once. With acks=all it answers once every replica in sync has them, or
 * says after `timeoutMs` that they have not; with acks=0 it never answers.
 */
export function produceBatches(
  topic: string,
  batches: readonly BatchFor[],
  acks: Acks,
  timeoutMs: number,
): Message<readonly ProducedPartition[]> {
  const body = compose()
    .nullableString(null) // transactional_id
    .int16(acksCodes[acks])
    .int32(timeoutMs)
    .array([topic], (name, part) => {
      part.string(name).array(batches, ({ partition, batch }) => void part.int32(partition).bytes(batch));
    })
    .done();
  if (acks !== "none") return { apiKey: 0, version: 7, body, read };
  const taken = batches.map(({ partition }) => ({ partition, error: 0, offset: -1n }));
  return { apiKey: 0, version: 7, body, unanswered: true, read: () => taken };
}

/** One batch, with acks=all. */
export function produce(topic: string, partition: number, batch: Buffer, timeoutMs: number): Message<Produced> {
  const message = produceBatches(topic, [{ partition, batch }], "all", timeoutMs);
  const readOne = (answer: Cursor): Produced => {
    const [first] = read(answer);
    if (first === undefined) throw malformed("it says nothing of the partition");
    return { error: first.error, offset: first.offset };
  };
  return { ...message, read: readOne };
}

function read(answer: Cursor): readonly ProducedPartition[] {
  const partitions = answer.array(() => {
    answer.string(); // name
    return answer.array(() => {
      const produced = { partition: answer.int32(), error: answer.int16(), offset: answer.int64() };
      answer.int64(); // log_append_time_ms
      answer.int64(); // log_start_offset
      return produced;
    });
  });
  answer.int32(); // throttle_time_ms
  return partitions.flat();
}
