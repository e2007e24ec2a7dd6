/** What a Burrow says of the groups of one of its clusters: their statuses, by its own window of every commit. */
import pLimit from "p-limit";
import { z } from "zod";
import { addressText, type Address } from "../address.ts";
import { askWorker } from "../connect-rest.ts";
import { partitionKey } from "../partition-sizes.ts";
import type { PartitionStatus } from "./evaluate.ts";

export type BurrowVerdict = {
  /** The share of its partitions for which Burrow has seen enough commits to fill its window. */
  readonly complete: number;
  /** By `partitionKey`; one that Burrow does not know is not in it. */
  readonly partitions: ReadonlyMap<string, PartitionStatus>;
};

/** By group; one that it does not know is not in it. */
export type BurrowVerdicts = ReadonlyMap<string, BurrowVerdict>;

const list = z.object({ consumers: z.array(z.string()).nullable() });

const statuses = ["OK", "WARN", "STOP", "STALL", "REWIND"] as const satisfies readonly PartitionStatus[];

const evaluation = z.object({
  status: z.object({
    complete: z.number(),
    partitions: z
      .array(
        z.object({
          topic: z.string(),
          partition: z.int(),
          // One of a later Burrow may be new.
          status: z.enum(statuses).nullable().catch(null),
        }),
      )
      .nullable(),
  }),
});

/** How many groups are asked for at once. */
const sideBySide = 8;
/** For all questions of one look. */
const wholeMs = 10_000;

/**
 * A group that it cannot tell of is left out; once it keeps one question waiting, it is asked no further.
 * @throws Error whose message says why it tells nothing
 */
export async function burrowVerdicts(
  at: Address,
  cluster: string,
  groups: readonly string[],
  signal: AbortSignal,
  timeoutMs = 3000,
): Promise<BurrowVerdicts> {
  const root = `/v3/kafka/${encodeURIComponent(cluster)}/consumer`;
  const sick = new AbortController();
  const enough = AbortSignal.any([signal, sick.signal, AbortSignal.timeout(wholeMs)]);
  const ask = async (path: string): Promise<{ readonly status: number; readonly body: unknown }> => {
    try {
      return await askWorker(at, { method: "GET", path }, enough, timeoutMs);
    } catch (error) {
      signal.throwIfAborted();
      if (!isLate(error)) throw error;
      sick.abort();
      throw new Error(`Burrow at ${addressText(at)} gives no answer in time`, { cause: error });
    }
  };
  const { status, body } = await ask(root);
  if (status === 404) throw new Error(`Burrow at ${addressText(at)} does not know the cluster ${cluster}`);
  if (status !== 200) throw new Error(`Burrow at ${addressText(at)} answers with HTTP ${status}`);
  const known = new Set(read(list, body, at).consumers ?? []);
  const limit = pLimit(sideBySide);
  const told = await Promise.allSettled(
    groups
      .filter((group) => known.has(group))
      .map(async (group) =>
        limit(async () => {
          const answer = await ask(`${root}/${encodeURIComponent(group)}/lag`);
          if (answer.status === 404) return [];
          if (answer.status !== 200) throw new Error(`Burrow at ${addressText(at)} answers with HTTP ${answer.status}`);
          return [[group, verdictIn(read(evaluation, answer.body, at))] as const];
        }),
      ),
  );
  signal.throwIfAborted();
  const verdicts = new Map(told.flatMap((one) => (one.status === "fulfilled" ? one.value : [])));
  const [failed] = told.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
  if (verdicts.size === 0 && failed !== undefined) throw failed;
  return verdicts;
}

/** Node's timers end a request with an error of this name. */
function isLate(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}

function read<T>(schema: z.ZodType<T>, body: unknown, at: Address): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new Error(`what answers at ${addressText(at)} is no Burrow that kctl knows`);
  return parsed.data;
}

function verdictIn({ status: { complete, partitions } }: z.infer<typeof evaluation>): BurrowVerdict {
  const told = (partitions ?? []).flatMap(({ topic, partition, status }) =>
    status === null ? [] : [[partitionKey(topic, partition), status] as const],
  );
  return { complete, partitions: new Map(told) };
}
