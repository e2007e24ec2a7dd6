/** DescribeLogDirs, version 1: DescribeLogDirsRequest.json and DescribeLogDirsResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { TopicPartitions } from "./elect-leaders.ts";
import type { Message } from "./exchange.ts";

export type ReplicaOnDisk = {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: bigint;
  /** A copy that is being moved to another folder of the same broker. */
  readonly future: boolean;
};

/** What lies on the disks of the broker that is asked. */
export function describeLogDirs(partitions: readonly TopicPartitions[]): Message<readonly ReplicaOnDisk[]> {
  const body = compose()
    .array(partitions, ({ topic, partitions: ids }, part) => {
      part.string(topic).array(ids, (id) => void part.int32(id));
    })
    .done();
  return { apiKey: 35, version: 1, body, read };
}

function read(answer: Cursor): readonly ReplicaOnDisk[] {
  answer.int32(); // throttle_time_ms
  const folders = answer.array(() => {
    answer.int16(); // error_code: of a disk that failed nothing is listed
    answer.string(); // log_dir
    return answer.array(() => {
      const topic = answer.string();
      return answer.array(() => {
        const partition = answer.int32();
        const bytes = answer.int64();
        answer.int64(); // offset_lag
        return { topic, partition, bytes, future: answer.boolean() };
      });
    });
  });
  return folders.flat(2);
}
