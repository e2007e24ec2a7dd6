/** What makes a call of RunInstances idempotent: the same machine asked for again is the same machine. */
import { createHash } from "node:crypto";

export type TokenOf = {
  readonly cluster: string;
  readonly group: string;
  readonly node: string;
  readonly zone: string;
  /** How many machines the node had before: the token of a terminated one is never used again. */
  readonly generation: number;
};

/** At most 64 characters of ASCII: docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html. */
export function clientToken({ cluster, group, node, zone, generation }: TokenOf): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([cluster, group, node, zone, generation]))
    .digest("hex");
  return `kctl-${digest.slice(0, 48)}`;
}
