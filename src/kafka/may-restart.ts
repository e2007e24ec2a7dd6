/**
 * May this server be restarted now? Pure questions about described state, each with a plain answer:
 * - `go`: nothing is lost by it. It says as well what is not to be had meanwhile, because no waiting could change that.
 * - `wait`: not now, and it may become better by itself; with the partitions, or the reason, that it waits for.
 * - `stop`: not now, and waiting cannot help.
 * They are asked anew before each restart, about state that was just read: every restart changes the answers of the others.
 */

export type PartitionState = {
  readonly partition: number;
  /** null: none. */
  readonly leader: number | null;
  readonly replicas: readonly number[];
  /** In sync and alive. */
  readonly isr: readonly number[];
};

/** Internal topics are asked about like all others. */
export type TopicState = {
  readonly name: string;
  /** min.insync.replicas as it holds for this topic; null: it could not be read. */
  readonly minIsr: number | null;
  readonly partitions: readonly PartitionState[];
};

export type NamedPartition = { readonly topic: string; readonly partition: number };

export type HeldBack = NamedPartition & Pick<PartitionState, "replicas" | "isr"> & { readonly why: string };

export type BrokerAnswer =
  | {
      readonly answer: "go";
      /** This broker has their only replica: neither written nor read meanwhile. */
      readonly unavailable: readonly NamedPartition[];
      /** They need every replica for a write with acks=all: such writes stall meanwhile. */
      readonly stalls: readonly NamedPartition[];
    }
  | { readonly answer: "wait" | "stop"; readonly partitions: readonly HeldBack[] };

export type ClusterState = {
  /** Every broker that the cluster has, running or not: a replica on another one never comes back into sync. */
  readonly brokers: readonly number[];
  readonly topics: readonly TopicState[];
};

type Verdict =
  | { readonly verdict: "unconcerned" | "fine" | "unavailable" | "stalls" }
  | { readonly verdict: "wait" | "stop"; readonly why: string };

export function mayBrokerRestart(broker: number, { brokers, topics }: ClusterState): BrokerAnswer {
  const judged = topics.flatMap(({ name, minIsr, partitions }) =>
    partitions.map((state) => ({ topic: name, state, verdict: judge(broker, state, minIsr, brokers) })),
  );
  const heldBack = judged.flatMap(({ topic, state: { partition, replicas, isr }, verdict }): readonly HeldBack[] =>
    "why" in verdict ? [{ topic, partition, replicas, isr, why: verdict.why }] : [],
  );
  if (heldBack.length > 0) {
    const hopeless = judged.some(({ verdict }) => verdict.verdict === "stop");
    return { answer: hopeless ? "stop" : "wait", partitions: heldBack };
  }
  const those = (which: Verdict["verdict"]): readonly NamedPartition[] =>
    judged
      .filter(({ verdict }) => verdict.verdict === which)
      .map(({ topic, state: { partition } }) => ({ topic, partition }));
  return { answer: "go", unavailable: those("unavailable"), stalls: those("stalls") };
}

function judge(
  broker: number,
  { leader, replicas, isr }: PartitionState,
  minIsr: number | null,
  brokers: readonly number[],
): Verdict {
  if (!replicas.includes(broker)) return { verdict: "unconcerned" };
  if (replicas.length === 1) return { verdict: "unavailable" };
  const inSync = isr.includes(broker);
  const wait = (why: string): Verdict => waitOrStop(why, replicas, isr, brokers);
  if (inSync && isr.length === 1) {
    return wait(`broker ${broker} has its only replica in sync, of ${replicas.length}`);
  }
  if (minIsr === null) return { verdict: "wait", why: "its min.insync.replicas could not be read" };
  // It can never be safe: whoever waited for that would wait for ever.
  if (replicas.length <= minIsr) return { verdict: "stalls" };
  const must = `and min.insync.replicas is ${minIsr}`;
  // Also where this broker is not among them: it may be the first to catch up.
  if (isr.length < minIsr) return wait(`${isr.length} of ${replicas.length} replicas are in sync, ${must}`);
  if (inSync && isr.length === minIsr) {
    return wait(`${isr.length} of ${replicas.length} replicas are in sync, this one among them, ${must}`);
  }
  if (leader === null) return { verdict: "wait", why: "it has no leader just now" };
  return { verdict: "fine" };
}

/** A replica that is missing because its broker is not in the cluster is not worth waiting for, unless another one is missing too. */
function waitOrStop(
  why: string,
  replicas: readonly number[],
  isr: readonly number[],
  brokers: readonly number[],
): Verdict {
  const missing = replicas.filter((id) => !isr.includes(id));
  if (missing.length === 0 || missing.some((id) => brokers.includes(id))) return { verdict: "wait", why };
  const ids = missing.join(", ");
  const gone =
    missing.length === 1
      ? `broker ${ids}, which the cluster does not have`
      : `brokers ${ids}, which the cluster does not have`;
  return { verdict: "stop", why: `${why}; what is missing is on ${gone}` };
}

export type MemberAnswer =
  | { readonly answer: "go"; /** What is not to be had meanwhile. */ readonly warning: string | null }
  | { readonly answer: "wait"; readonly why: string };

export type VoterState = {
  readonly id: number;
  /** In ms, by the leader's clock; null: never. */ readonly lastCaughtUp: number | null;
};

export type QuorumState = {
  /** null: none. */
  readonly leaderId: number | null;
  readonly voters: readonly VoterState[];
};

/** @param fetchTimeoutMs controller.quorum.fetch.timeout.ms: who is further behind the leader than that has not caught up */
export function mayControllerRestart(
  id: number,
  { leaderId, voters }: QuorumState,
  fetchTimeoutMs: number,
): MemberAnswer {
  if (voters.length > 0 && !voters.some((voter) => voter.id === id)) return { answer: "go", warning: null };
  const leader = voters.find((voter) => voter.id === leaderId);
  if (leader === undefined) return { answer: "wait", why: "the controllers have no leader" };
  const now = leader.lastCaughtUp;
  const caughtUp = voters.filter(
    (voter) =>
      voter.id === leaderId ||
      (now !== null && voter.lastCaughtUp !== null && now - voter.lastCaughtUp < fetchTimeoutMs),
  );
  return mayLeaveQuorum(
    "controller",
    id,
    voters.map((voter) => voter.id),
    caughtUp.map((voter) => voter.id),
  );
}

/** The modes of ZooKeeper's four-letter word `srvr`, by myid; anything but leader, follower and standalone is not serving. */
export function mayZookeeperRestart(id: number, modes: ReadonlyMap<number, string>): MemberAnswer {
  const servers = [...modes];
  // Alone so far, while the spec has more: none of them can serve with it before it knows of them.
  if (servers.length > 1 && modes.get(id) === "standalone")
    return { answer: "go", warning: `ZooKeeper server ${id} was alone until now: none serves while it restarts` };
  const alone = servers.length === 1;
  const leads = alone || servers.some(([, mode]) => mode === "leader");
  if (!leads) return { answer: "wait", why: "the ZooKeeper ensemble has no leader" };
  const serving = servers.filter(([, mode]) => mode === "leader" || mode === "follower" || mode === "standalone");
  return mayLeaveQuorum(
    "ZooKeeper server",
    id,
    servers.map(([server]) => server),
    serving.map(([server]) => server),
  );
}

/** Without `id`, the others that are well must still be a majority of all; one and two members can never be more than all of them. */
function mayLeaveQuorum(what: string, id: number, all: readonly number[], well: readonly number[]): MemberAnswer {
  const others = well.filter((member) => member !== id).length;
  const unwell = all.filter((member) => member !== id && !well.includes(member));
  if (all.length === 1) return { answer: "go", warning: `there is one ${what} only: none serves while it restarts` };
  if (all.length === 2 && others === 1) {
    return { answer: "go", warning: `there are two ${what}s only: one alone has no quorum while the other restarts` };
  }
  const majority = Math.floor(all.length / 2) + 1;
  if (others >= majority) return { answer: "go", warning: null };
  const behind =
    unwell.length === 1 ? `${what} ${unwell[0]} is not well` : `${what}s ${unwell.join(", ")} are not well`;
  return {
    answer: "wait",
    why: `${behind}: without ${id} there would be ${others} of ${all.length}, and a quorum is ${majority}`,
  };
}
