/** What every key of the spec says of itself, beside its type: read by the loader's messages, the reference and the JSON Schema. */
import { z } from "zod";

/** What a change of the key does to a running cluster. */
export type Effect = "none" | "live" | "restart" | "replace";

export type KeyInfo = {
  readonly doc: string;
  readonly effect: Effect;
  readonly unit?: string;
  /** The providers that have a use for the key; every one where it is not said. */
  readonly on?: readonly Remote[];
  /** A list that may be written as its one item. */
  readonly orOne?: true;
  /** A map that may be written as `true`, where what it is by default will do; `false` is as if it were not there. */
  readonly orTrue?: true;
  /** Where a secret lies: one that is written here itself is refused, and never shown. */
  readonly secret?: true;
  /** Set while the key's feature is not built: the sentence that refuses it starts with this. */
  readonly later?: string;
  /** Scalars below are taken as they are spelled (`012`, `1e3`), since they go to a file of Kafka's own. */
  readonly verbatim?: boolean;
  /** A setting below may be a secret: `{ secret: { file: PATH } }`, `{ secret: { env: NAME } }`. */
  readonly secrets?: true;
  /** A value that is right, as one would write it; shown where it is missing or wrong. */
  readonly example?: string;
  /** Words that people bring from other tools, for which this key is named. */
  readonly also?: readonly string[];
};

export function key<T extends z.ZodType>(schema: T, info: KeyInfo): T {
  return schema.meta(info);
}

export function infoOf(schema: z.core.$ZodType): KeyInfo | null {
  const meta = z.globalRegistry.get(schema);
  return meta !== undefined && "doc" in meta && "effect" in meta ? (meta as unknown as KeyInfo) : null;
}

/** The providers whose machines are others than this one. */
export type Remote = "ssh" | "aws";

export const remote: readonly Remote[] = ["ssh", "aws"];
export const ec2: readonly Remote[] = ["aws"];
