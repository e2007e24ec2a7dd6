/** What a KRaft quorum says of itself: who leads, who votes, and how far behind each of them is. */
import type { Address } from "./address.ts";
import { talkToBrokers } from "./ask-brokers.ts";
import { askApiVersions, highestOf, type ApiVersions } from "./wire/api-versions.ts";
import {
  describeQuorum,
  describeQuorumKey,
  describeQuorumVersions,
  type DescribedQuorum,
  type QuorumReplica,
} from "./wire/describe-quorum.ts";
import type { Ask } from "./wire/exchange.ts";

export type QuorumMember = Pick<QuorumReplica, "id" | "directoryId" | "lastFetch" | "lastCaughtUp"> & {
  /** How many records of the metadata log it has yet to fetch; null: it has never fetched from this leader. */
  readonly lag: number | null;
  /** Where it speaks with its peers, as far as this version of Kafka tells. */
  readonly address: Address | null;
};

export type QuorumView = {
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly voters: readonly QuorumMember[];
  /** Brokers, and controllers that have not been made voters. */
  readonly observers: readonly QuorumMember[];
  /** Whether voters can be added and removed (kraft.version 1 or more); fixed when the storage was formatted, or upgraded. */
  readonly dynamic: boolean;
  readonly features: Pick<ApiVersions, "supported" | "finalized">;
};

type Told = { readonly quorum: DescribedQuorum; readonly versions: ApiVersions };

/**
 * Asks brokers, controllers or both; null: no active controller was reached, which says nothing about who is there.
 * @param addresses a broker's hands the question on; of controllers only the active one can answer
 */
export async function quorumView(
  addresses: readonly Address[],
  signal: AbortSignal,
  timeoutMs = 3000,
): Promise<QuorumView | null> {
  const told = await talkToBrokers(addresses, askQuorum, signal, timeoutMs, leads);
  return told === null || !leads(told) ? null : viewOfQuorum(told);
}

async function askQuorum(ask: Ask): Promise<Told> {
  const versions = await askApiVersions(ask);
  const version = highestOf(versions, describeQuorumKey, describeQuorumVersions);
  if (version === null) throw new Error("it is no member of a KRaft cluster");
  return { versions, quorum: await ask(describeQuorum(version)) };
}

function leads({ quorum }: Told): boolean {
  return quorum.error === 0 && quorum.voters.some(({ id }) => id === quorum.leaderId);
}

export function viewOfQuorum({ quorum, versions: { supported, finalized } }: Told): QuorumView {
  const { leaderId, leaderEpoch, voters, observers, nodes } = quorum;
  const end = voters.find(({ id }) => id === leaderId)?.logEndOffset ?? 0n;
  const member = ({ logEndOffset, ...replica }: QuorumReplica): QuorumMember => {
    const [listener] = nodes.find(({ id }) => id === replica.id)?.listeners ?? [];
    return {
      ...replica,
      // A follower that asked before the leader told us of its own end may seem ahead of it.
      lag: logEndOffset < 0n ? null : Math.max(0, Number(end - logEndOffset)),
      address: listener === undefined ? null : { host: listener.host, port: listener.port },
    };
  };
  const inOrder = (replicas: readonly QuorumReplica[]): readonly QuorumMember[] =>
    replicas.map(member).toSorted((a, b) => a.id - b.id);
  return {
    leaderId,
    leaderEpoch,
    voters: inOrder(voters),
    observers: inOrder(observers),
    dynamic: (finalized["kraft.version"] ?? 0) >= 1,
    features: { supported, finalized },
  };
}
