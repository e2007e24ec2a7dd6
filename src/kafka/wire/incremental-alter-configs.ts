/** IncrementalAlterConfigs, version 0: IncrementalAlterConfigsRequest.json and ...Response.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import { resourceType, type ConfigResource } from "./describe-configs.ts";
import type { Message } from "./exchange.ts";

export type ConfigChange = ConfigResource & {
  /** null takes the setting back, so that the default below it holds again. */
  readonly settings: Readonly<Record<string, string | null>>;
};

export type AlteredConfigs = { readonly name: string; readonly error: number; readonly errorMessage: string | null };

/** AlterConfigOp.OpType of Kafka's clients. */
const operation = { set: 0, delete: 1 } as const;

/**
 * Settings not named stay as they are. One broker's own settings go to that broker, or to a controller; all else to any broker.
 * `validateOnly`: only say whether it would be taken.
 */
export function incrementalAlterConfigs(
  changes: readonly ConfigChange[],
  validateOnly: boolean,
): Message<readonly AlteredConfigs[]> {
  const body = compose()
    .array(changes, ({ type, name, settings }, part) => {
      part
        .int8(resourceType[type])
        .string(name)
        .array(Object.entries(settings), ([setting, value]) => {
          part
            .string(setting)
            .int8(value === null ? operation.delete : operation.set)
            .nullableString(value);
        });
    })
    .boolean(validateOnly)
    .done();
  return { apiKey: 44, version: 0, body, read };
}

function read(answer: Cursor): readonly AlteredConfigs[] {
  answer.int32(); // throttle_time_ms
  return answer.array(() => {
    const error = answer.int16();
    const errorMessage = answer.nullableString();
    answer.int8(); // resource_type
    return { name: answer.string(), error, errorMessage };
  });
}
