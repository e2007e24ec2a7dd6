/** UpdateFeatures, version 1: UpdateFeaturesRequest.json and UpdateFeaturesResponse.json of Kafka's message definitions. */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Message } from "./exchange.ts";

export type UpdatedFeatures = {
  readonly error: number;
  readonly errorMessage: string | null;
  readonly features: readonly {
    readonly name: string;
    readonly error: number;
    readonly errorMessage: string | null;
  }[];
};

/** FeatureUpdate.UpgradeType of Kafka's clients; downgrades are not for kctl. */
const upgrade = 1;

/** For the controller: raises features to these levels, which cannot be undone. `validateOnly`: only say whether it could be done. */
export function updateFeatures(
  levels: Readonly<Record<string, number>>,
  timeoutMs: number,
  validateOnly: boolean,
): Message<UpdatedFeatures> {
  const body = compose()
    .int32(timeoutMs)
    .compactArray(Object.entries(levels), ([name, level], part) => {
      part.compactString(name).int16(level).int8(upgrade).noTags();
    })
    .boolean(validateOnly)
    .noTags()
    .done();
  return { apiKey: 57, version: 1, flexible: "both", body, read };
}

function read(answer: Cursor): UpdatedFeatures {
  answer.int32(); // throttle_time_ms
  const error = answer.int16();
  const errorMessage = answer.compactNullableString();
  const features = answer.compactArray(() => {
    const feature = {
      name: answer.compactString(),
      error: answer.int16(),
      errorMessage: answer.compactNullableString(),
    };
    answer.tags();
    return feature;
  });
  answer.tags();
  return { error, errorMessage, features };
}
