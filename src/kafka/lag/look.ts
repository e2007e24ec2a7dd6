/**
 * One look at the consumer groups of a cluster, in few round trips: every broker is asked which groups it coordinates, then by one request each
 * for the members and for the offsets of all of them; the leaders are asked for the ends of all partitions of theirs at once.
 */
import { KctlError, type Fault } from "../../fault.ts";
import { addressText, type Address } from "../address.ts";
import { holdBrokers, type AskAt } from "../hold-brokers.ts";
import { fixOf, sentText } from "../nobody-answers.ts";
import { until, type Look } from "../until.ts";
import { byStatus } from "../ways-in.ts";
import { unreachableWhy } from "../wire/exchange.ts";
import { metadata } from "../wire/metadata.ts";
import { groupsAt, type CoordinatedGroup, type Owner } from "./groups-at.ts";
import { offsetsOf, type Offsets, type TopicPartition } from "./leaders.ts";

export type GroupPartition = TopicPartition & {
  /** null: its leader did not tell. */
  readonly end: number | null;
  /** null: the group has committed none. */
  readonly committed: number | null;
  /** null: no member of the group has it. */
  readonly owner: Owner | null;
};

export type GroupSeen = Omit<CoordinatedGroup, "partitions"> & {
  readonly coordinator: Address;
  /** By topic, then by number. */
  readonly partitions: readonly GroupPartition[];
};

export type GroupsSeen = {
  /** By name. */
  readonly groups: readonly GroupSeen[];
  /** Of all there are, those that were not asked for included. */
  readonly names: readonly string[];
  /** Brokers that did not answer: groups that they coordinate are not among them. */
  readonly silent: readonly Fault[];
};

export type LookOptions = {
  /** The cluster's name, for messages. */
  readonly cluster: string;
  readonly bootstrap: readonly Address[];
  readonly signal: AbortSignal;
  /** For one look. */
  readonly timeoutMs: number;
  /** For coordinators that are still loading their groups. */
  readonly waitSeconds: number;
  /** null: all. */
  readonly only: string | null;
};

/** @throws KctlError `kafka-unreachable` where no broker answers */
export async function lookAtGroups(options: LookOptions): Promise<GroupsSeen> {
  const { signal, timeoutMs, waitSeconds } = options;
  return until("the coordinators of the groups", waitSeconds, signal, () =>
    holdBrokers(signal, timeoutMs, (askAt) => lookOnce(options, askAt)),
  );
}

async function lookOnce({ cluster, bootstrap, only, signal }: LookOptions, askAt: AskAt): Promise<Look<GroupsSeen>> {
  const { brokers, from } = await brokersOf(cluster, bootstrap, askAt);
  const silent: Fault[] = [];
  const answers = await Promise.all(
    brokers.map(async (at) => {
      try {
        return { at, ...(await groupsAt(at, only, askAt)) };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof KctlError && error.faults.every(({ code }) => code !== "kafka-unreachable")) throw error;
        silent.push(silence(cluster, at, error));
        return { at, names: [], groups: [], still: null };
      }
    }),
  );
  const still = answers.find((answer) => answer.still !== null)?.still ?? null;
  if (still !== null) return { still };
  const groups = answers.flatMap(({ at, groups: told }) => told.map((group) => ({ ...group, coordinator: at })));
  const wanted = groups.flatMap(({ partitions }) => partitions);
  const ends = await offsetsOf(wanted, from, "latest", askAt);
  signal.throwIfAborted();
  return {
    done: {
      groups: groups.map((group) => withEnds(group, ends)).toSorted((a, b) => (a.group < b.group ? -1 : 1)),
      names: answers.flatMap(({ names }) => names).toSorted(),
      silent,
    },
  };
}

/** As the first broker that answers knows them. */
async function brokersOf(
  cluster: string,
  bootstrap: readonly Address[],
  askAt: AskAt,
): Promise<{ readonly brokers: readonly Address[]; readonly from: Address }> {
  const failures = new Map<Address, unknown>();
  const asked = bootstrap.map(async (from) => {
    try {
      const { brokers } = await askAt(from, metadata([]));
      if (brokers.length === 0) throw new Error("it knows no broker yet");
      return { from, brokers: brokers.map(({ host, port }) => ({ host, port })) };
    } catch (error) {
      failures.set(from, error);
      throw error;
    }
  });
  return Promise.any(asked).catch((error: unknown) => {
    const whys = bootstrap.map((at) => `${addressText(at)} (${unreachableWhy(failures.get(at))})`);
    throw new KctlError(
      {
        code: "kafka-unreachable",
        what: `no broker of ${cluster} answers: ${whys.join(", ")}${sentText(bootstrap)}`,
        fix: fixOf(bootstrap),
      },
      { cause: error },
    );
  });
}

function silence(cluster: string, at: Address, error: unknown): Fault {
  return {
    code: "kafka-unreachable",
    what: `a broker of ${cluster} does not answer, so the groups that it coordinates are not known: ${unreachableWhy(error)}`,
    where: addressText(at),
    fix: `see ${byStatus(at)}whether the broker runs, and that this machine can reach its address`,
  };
}

function withEnds(group: CoordinatedGroup & { readonly coordinator: Address }, ends: Offsets): GroupSeen {
  const partitions = group.partitions.map((one) => ({ ...one, end: ends.get(one.topic)?.get(one.partition) ?? null }));
  return { ...group, partitions: partitions.toSorted(byTopic) };
}

export function byTopic(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}
