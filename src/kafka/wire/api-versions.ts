/**
 * ApiVersions: ApiVersionsRequest.json and ApiVersionsResponse.json of Kafka's message definitions. Version 4 tells of features
 * that may have level 0 as well, such as kraft.version; version 3 is the highest of Kafka 3.7 and 3.8.
 */
import { compose } from "./compose.ts";
import type { Cursor } from "./cursor.ts";
import type { Ask, Message } from "./exchange.ts";

type Range = { readonly min: number; readonly max: number };

export type ApiVersions = {
  readonly error: number;
  /** The versions that this server takes, by API key. */
  readonly apis: ReadonlyMap<number, Range>;
  /** The levels that this server's software could run at, by the feature's name. */
  readonly supported: Readonly<Record<string, Range>>;
  /** The levels that the cluster runs at; absent: not finalized, which for kraft.version is 0, a static quorum. */
  readonly finalized: Readonly<Record<string, number>>;
};

const unsupportedVersion = 35;

/** Asks by the newest version that this server takes. */
export async function askApiVersions(ask: Ask): Promise<ApiVersions> {
  const answer = await ask(apiVersions(4));
  return answer.error === unsupportedVersion ? ask(apiVersions(3)) : answer;
}

export function apiVersions(version: 3 | 4): Message<ApiVersions> {
  const body = compose().compactString("kctl").compactString("0").noTags().done();
  return { apiKey: 18, version, body, flexible: "request", read };
}

/** The highest version that both sides know, of those given; null where there is none. */
export function highestOf<Version extends number>(
  { apis }: ApiVersions,
  apiKey: number,
  versions: readonly Version[],
): Version | null {
  const { min, max } = apis.get(apiKey) ?? { min: 0, max: -1 };
  return versions.findLast((version) => version >= min && version <= max) ?? null;
}

function read(answer: Cursor): ApiVersions {
  const error = answer.int16();
  // A server that does not know the version answers in version 0, the same for ever: nobody needs more of it than the error.
  if (error === unsupportedVersion) return { error, apis: new Map(), supported: {}, finalized: {} };
  const apis = answer.compactArray((): [number, Range] => {
    const apiKey = answer.int16();
    const range = { min: answer.int16(), max: answer.int16() };
    answer.tags();
    return [apiKey, range];
  });
  answer.int32(); // throttle_time_ms
  const supported: Record<string, Range> = {};
  const finalized: Record<string, number> = {};
  answer.tags({
    0: (field) => {
      field.compactArray(() => {
        supported[field.compactString()] = { min: field.int16(), max: field.int16() };
        field.tags();
      });
    },
    2: (field) => {
      field.compactArray(() => {
        finalized[field.compactString()] = field.int16(); // max_version_level
        field.int16(); // min_version_level
        field.tags();
      });
    },
  });
  return { error, apis: new Map(apis), supported, finalized };
}
