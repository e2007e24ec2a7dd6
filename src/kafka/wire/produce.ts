/** Produce, version 7, of one batch to one partition: ProduceRequest.json and ProduceResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import { malformed, type Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type Produced = {
  readonly error: number;
  /** Of the batch's first record; -1 where there is none. */
  readonly offset: bigint;
};

/** To the partition's leader, which answers once every replica in sync has it (acks=all), or says after `timeoutMs` that it has not. */
export function produce(topic: string, partition: number, batch: Buffer, timeoutMs: number): Message<Produced> {
  const body = compose()
    .nullableString(null) // transactional_id
    .int16(-1) // acks: all
    .int32(timeoutMs)
    .array([topic], (name, part) => {
      part.string(name).array([partition], (index) => void part.int32(index).bytes(batch));
    })
    .done();
  return { apiKey: 0, version: 7, body, read };
}

function read(answer: Cursor): Produced {
  const partitions = answer
    .array(() => {
      answer.string(); // name
      return answer.array(() => {
        answer.int32(); // index
        const produced = { error: answer.int16(), offset: answer.int64() };
        answer.int64(); // log_append_time_ms
        answer.int64(); // log_start_offset
        return produced;
      });
    })
    .flat();
  answer.int32(); // throttle_time_ms
  const [first] = partitions;
  if (first === undefined) throw malformed("it says nothing of the partition");
  return first;
}
