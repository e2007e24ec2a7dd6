/** DescribeConfigs, version 1: DescribeConfigsRequest.json and DescribeConfigsResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

/** ConfigResource.Type in Kafka's clients. */
const resourceType = { topic: 2, broker: 4 } as const;

/** DescribeConfigsResponse.ConfigSource: set on this very topic, not inherited. */
export const setOnTopic = 1;

type ConfigEntry = { readonly name: string; readonly value: string | null; readonly source: number };
export type DescribedConfigs = {
  readonly error: number;
  readonly errorMessage: string | null;
  readonly entries: readonly ConfigEntry[];
};

/** The settings named, or all where null. A broker answers only for itself, and refuses another's id. */
export function describeConfigs(
  type: keyof typeof resourceType,
  name: string,
  settings: readonly string[] | null,
): Message<DescribedConfigs> {
  const body = compose()
    .array([name], (one, part) => {
      part
        .int8(resourceType[type])
        .string(one)
        .array(settings, (setting) => void part.string(setting));
    })
    .boolean(false) // include_synonyms
    .done();
  return { apiKey: 32, version: 1, body, read };
}

function read(answer: Cursor): DescribedConfigs {
  answer.int32(); // throttle_time_ms
  const results = answer.array(() => {
    const error = answer.int16();
    const errorMessage = answer.nullableString();
    answer.int8(); // resource_type
    answer.string(); // resource_name
    return { error, errorMessage, entries: answer.array(() => readEntry(answer)) };
  });
  return results[0] ?? { error: -1, errorMessage: "nothing was described", entries: [] };
}

function readEntry(answer: Cursor): ConfigEntry {
  const name = answer.string();
  const value = answer.nullableString();
  answer.boolean(); // read_only
  const source = answer.int8();
  answer.boolean(); // is_sensitive
  answer.array(() => [answer.string(), answer.nullableString(), answer.int8()]); // synonyms
  return { name, value, source };
}
