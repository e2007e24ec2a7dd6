/** CreateTopics, version 7, the first that tells the new topic's id: CreateTopicsRequest.json and CreateTopicsResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type NewTopic = {
  readonly name: string;
  readonly layout:
    | {
        /** null: as many as the brokers' num.partitions says. */
        readonly partitions: number | null;
        /** null: as many as the brokers' default.replication.factor says. */
        readonly replicas: number | null;
      }
    /** The brokers of each partition, from 0, equally many each; the first is the preferred leader. With ZooKeeper Kafka does not see that they exist. */
    | { readonly assignment: readonly (readonly number[])[] };
  readonly settings: Readonly<Record<string, string>>;
};

export type CreatedTopic = {
  readonly name: string;
  /** null where nothing was created. */
  readonly id: string | null;
  readonly error: number;
  readonly errorMessage: string | null;
  /** -1 where nothing was created, or may not be told. */
  readonly partitions: number;
  readonly replicas: number;
};

/** For the controller. `validateOnly`: only say whether it could be done. */
export function createTopics(
  topics: readonly NewTopic[],
  timeoutMs: number,
  validateOnly: boolean,
): Message<readonly CreatedTopic[]> {
  const body = compose()
    .compactArray(topics, ({ name, layout, settings }, part) => {
      const byHand = "assignment" in layout ? layout.assignment : [];
      const { partitions, replicas } = "assignment" in layout ? { partitions: null, replicas: null } : layout;
      part
        .compactString(name)
        .int32(partitions ?? -1)
        .int16(replicas ?? -1)
        .compactArray([...byHand.entries()], ([partition, brokers]) => {
          part
            .int32(partition)
            .compactArray(brokers, (broker) => void part.int32(broker))
            .noTags();
        })
        .compactArray(Object.entries(settings), ([setting, value]) => {
          part.compactString(setting).compactString(value).noTags();
        })
        .noTags();
    })
    .int32(timeoutMs)
    .boolean(validateOnly)
    .noTags()
    .done();
  return { apiKey: 19, version: 7, flexible: "both", body, read };
}

function read(answer: Cursor): readonly CreatedTopic[] {
  answer.int32(); // throttle_time_ms
  const topics = answer.compactArray(() => {
    const name = answer.compactString();
    const id = answer.uuid();
    const error = answer.int16();
    const errorMessage = answer.compactNullableString();
    const created = { name, id, error, errorMessage, partitions: answer.int32(), replicas: answer.int16() };
    answer.compactArray(() => {
      answer.compactString(); // name
      answer.compactNullableString(); // value
      answer.boolean(); // read_only
      answer.int8(); // config_source
      answer.boolean(); // is_sensitive
      answer.tags();
    });
    answer.tags();
    return created;
  });
  answer.tags();
  return topics;
}
