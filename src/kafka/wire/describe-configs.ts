/** DescribeConfigs, version 1: DescribeConfigsRequest.json and DescribeConfigsResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

/** ConfigResource.Type in Kafka's clients. */
export const resourceType = { topic: 2, broker: 4 } as const;

export type ConfigResource = {
  readonly type: keyof typeof resourceType;
  /** A topic's name; a broker's id, or nothing for the defaults of the whole cluster. */
  readonly name: string;
};

/** DescribeConfigsResponse.ConfigSource: which of them a value is from. An earlier one here beats a later one. */
const sources = {
  1: "topic",
  2: "broker",
  3: "cluster",
  4: "file",
  5: "default",
  6: "logger",
} as const satisfies Record<number, string>;

/** `topic`, `broker`, `cluster`: set live on that very thing; `file`: the broker's own properties; `default`: Kafka's own. */
export type ConfigSource = (typeof sources)[keyof typeof sources] | "unknown";

export type ConfigLayer = {
  /** Of the setting that the value is set by: log.retention.hours may stand for log.retention.ms. */
  readonly name: string;
  readonly value: string | null;
  readonly source: ConfigSource;
};

export type ConfigEntry = {
  readonly name: string;
  /** null: it has none, or it is secret. */
  readonly value: string | null;
  readonly source: ConfigSource;
  readonly readOnly: boolean;
  readonly secret: boolean;
  /** Everything that is set for it, the value in force first; empty where that was not asked for. */
  readonly layers: readonly ConfigLayer[];
};

export type DescribedConfigs = {
  readonly error: number;
  readonly errorMessage: string | null;
  readonly entries: readonly ConfigEntry[];
};

export type DescribedResource = DescribedConfigs & { readonly name: string };

/** The settings named, or all where null. A broker answers only for itself, and refuses another's id. */
export function describeConfigs(
  type: keyof typeof resourceType,
  name: string,
  settings: readonly string[] | null,
): Message<DescribedConfigs> {
  const { read, ...message } = describeManyConfigs([{ type, name }], settings, false);
  return {
    ...message,
    read: (answer) => read(answer)[0] ?? { error: -1, errorMessage: "nothing was described", entries: [] },
  };
}

/** `layers`: tell what lies below the value in force as well. */
export function describeManyConfigs(
  resources: readonly ConfigResource[],
  settings: readonly string[] | null,
  layers: boolean,
): Message<readonly DescribedResource[]> {
  const body = compose()
    .array(resources, ({ type, name }, part) => {
      part
        .int8(resourceType[type])
        .string(name)
        .array(settings, (setting) => void part.string(setting));
    })
    .boolean(layers)
    .done();
  return { apiKey: 32, version: 1, body, read };
}

function read(answer: Cursor): readonly DescribedResource[] {
  answer.int32(); // throttle_time_ms
  return answer.array(() => {
    const error = answer.int16();
    const errorMessage = answer.nullableString();
    answer.int8(); // resource_type
    return { name: answer.string(), error, errorMessage, entries: answer.array(() => readEntry(answer)) };
  });
}

function readEntry(answer: Cursor): ConfigEntry {
  const name = answer.string();
  const value = answer.nullableString();
  const readOnly = answer.boolean();
  const source = readSource(answer);
  const secret = answer.boolean();
  const layers = answer.array(() => ({
    name: answer.string(),
    value: answer.nullableString(),
    source: readSource(answer),
  }));
  return { name, value, source, readOnly, secret, layers };
}

function readSource(answer: Cursor): ConfigSource {
  const code = answer.int8();
  return Object.hasOwn(sources, code) ? sources[code as keyof typeof sources] : "unknown";
}
