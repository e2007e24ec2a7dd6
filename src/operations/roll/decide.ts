/** Which server of a role may be restarted now: decided from what was just seen, without a look of its own. */
import {
  mayBrokerRestart,
  mayControllerRestart,
  mayZookeeperRestart,
  type HeldBack,
  type MemberAnswer,
  type NamedPartition,
  type QuorumState,
  type TopicState,
} from "../../kafka/may-restart.ts";

export type ServerSeen = {
  readonly key: string;
  readonly id: number;
  /** For how long it has been seen not to serve; null: it serves. */
  readonly silentSeconds: number | null;
  readonly leads: boolean;
  /** A broker that is loading its logs: how far it is. */
  readonly recovering: string | null;
  /** A broker that is on the list of each broker that answers. */
  readonly registered: boolean;
};

export type RoleSeen = { readonly servers: readonly ServerSeen[] } & (
  | { readonly role: "zookeeper"; readonly modes: ReadonlyMap<number, string> }
  | { readonly role: "controller"; readonly quorum: QuorumState; readonly fetchTimeoutMs: number }
  /** topics: null where no broker tells of them. */
  | { readonly role: "broker"; readonly topics: readonly TopicState[] | null }
  | { readonly role: "connect" | "burrow" }
);

export type Decision =
  /** More than one only where none of them serves: nothing is lost by it, and they may need each other. */
  | { readonly answer: "go"; readonly keys: readonly string[]; readonly warnings: readonly string[] }
  | {
      readonly answer: "wait" | "stop";
      readonly key: string;
      readonly why: string;
      readonly partitions: readonly HeldBack[];
    };

/**
 * @param left those that are still to be restarted, at least one
 * @param patience the seconds after which a server that does not answer counts as one that does not serve
 */
export function decide(seen: RoleSeen, left: ReadonlySet<string>, patience: number): Decision {
  const inOrder = restartOrder(seen.servers.filter(({ key }) => left.has(key)));
  const [next] = inOrder;
  if (next === undefined) throw new RangeError("nothing is left to restart");
  const silent = inOrder.filter(({ silentSeconds }) => silentSeconds !== null && silentSeconds >= patience);
  switch (seen.role) {
    case "broker":
      return decideBrokers(seen, next, silent);
    case "connect":
    case "burrow":
      return decideAlike(next, silent);
    default:
      return decideQuorum(seen, inOrder, next, silent);
  }
}

/** What a worker leaves the others take up, and no Burrow needs another; they keep nothing: one at a time is all that it takes. */
function decideAlike(next: ServerSeen, silent: readonly ServerSeen[]): Decision {
  if (silent.length > 0) return go(silent);
  return next.silentSeconds === null ? go([next]) : wait(next, `${next.key} does not answer`);
}

/** Those that do not serve first, the one that leads last; among equals in the order of the cluster. */
function restartOrder(servers: readonly ServerSeen[]): readonly ServerSeen[] {
  const rank = ({ silentSeconds, leads }: ServerSeen): number => (silentSeconds !== null ? 0 : leads ? 2 : 1);
  return servers.toSorted((a, b) => rank(a) - rank(b));
}

const go = (servers: readonly ServerSeen[], warnings: readonly string[] = []): Decision => ({
  answer: "go",
  keys: servers.map(({ key }) => key),
  warnings,
});

const wait = ({ key }: ServerSeen, why: string, partitions: readonly HeldBack[] = []): Decision => ({
  answer: "wait",
  key,
  why,
  partitions,
});

type QuorumSeen = Extract<RoleSeen, { role: "zookeeper" | "controller" }>;

function decideQuorum(
  seen: QuorumSeen,
  inOrder: readonly ServerSeen[],
  next: ServerSeen,
  silent: readonly ServerSeen[],
): Decision {
  const lost = !hasLeader(seen);
  if (lost && silent.length > 0) return go(inOrder.filter(({ silentSeconds }) => silentSeconds !== null));
  if (next.silentSeconds !== null && !silent.includes(next)) return wait(next, `${next.key} does not answer`);
  const answer = lost ? noLeader(seen.role) : mayLeave(seen, next.id);
  if (answer.answer === "wait") return wait(next, answer.why);
  return go([next], answer.warning === null ? [] : [answer.warning]);
}

function hasLeader(seen: QuorumSeen): boolean {
  if (seen.role === "controller") return seen.quorum.leaderId !== null;
  return [...seen.modes.values()].some((mode) => mode === "leader" || mode === "standalone");
}

const noLeader = (role: "zookeeper" | "controller"): MemberAnswer => ({
  answer: "wait",
  why: role === "controller" ? "the controllers have no leader" : "the ZooKeeper ensemble has no leader",
});

function mayLeave(seen: QuorumSeen, id: number): MemberAnswer {
  return seen.role === "controller"
    ? mayControllerRestart(id, seen.quorum, seen.fetchTimeoutMs)
    : mayZookeeperRestart(id, seen.modes);
}

type BrokersSeen = Extract<RoleSeen, { role: "broker" }>;

function decideBrokers({ servers, topics }: BrokersSeen, next: ServerSeen, silent: readonly ServerSeen[]): Decision {
  const loading = servers.filter(({ recovering }) => recovering !== null);
  if (loading.length > 0) return wait(next, `${keys(loading)} ${isOrAre(loading)} loading logs`);
  const useless = silent.filter(({ id }) => !countsOn(topics ?? [], id));
  if (useless.length > 0 && (topics !== null || nobodyServes(servers))) return go(useless);
  if (next.silentSeconds !== null && !silent.includes(next)) return wait(next, `${next.key} does not answer`);
  if (topics === null) return wait(next, "no broker tells of its partitions");
  const answer = mayBrokerRestart(next.id, { brokers: servers.map(({ id }) => id), topics });
  const down = servers.filter((one) => one !== next && (one.silentSeconds !== null || !one.registered));
  const isDown = `${keys(down)} ${isOrAre(down)} down`;
  if (answer.answer === "go") {
    if (down.length > 0) return wait(next, isDown, behind(down, topics));
    return go([next], warningsOf(next, answer));
  }
  const count = `${answer.partitions.length} partition${answer.partitions.length === 1 ? "" : "s"} would suffer`;
  const why = down.length === 0 ? count : `${isDown}, and ${count}`;
  return { answer: answer.answer, key: next.key, why, partitions: answer.partitions };
}

const nobodyServes = (servers: readonly ServerSeen[]): boolean =>
  servers.every(({ silentSeconds }) => silentSeconds !== null);

const countsOn = (topics: readonly TopicState[], id: number): boolean =>
  topics.some(({ partitions }) => partitions.some(({ isr }) => isr.includes(id)));

const keys = (servers: readonly ServerSeen[]): string => servers.map(({ key }) => key).join(", ");
const isOrAre = (servers: readonly ServerSeen[]): string => (servers.length === 1 ? "is" : "are");

/** What a broker that is down leaves behind. */
function behind(down: readonly ServerSeen[], topics: readonly TopicState[]): readonly HeldBack[] {
  return topics.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ partition, replicas, isr }): readonly HeldBack[] => {
      const missing = down.filter(({ id }) => replicas.includes(id) && !isr.includes(id)).map(({ id }) => id);
      if (missing.length === 0) return [];
      return [{ topic: name, partition, replicas, isr, why: `the replica on ${missing.join(", ")} is not in sync` }];
    }),
  );
}

function warningsOf(
  { key }: ServerSeen,
  {
    unavailable,
    stalls,
  }: { readonly unavailable: readonly NamedPartition[]; readonly stalls: readonly NamedPartition[] },
): readonly string[] {
  return [
    ...(unavailable.length === 0
      ? []
      : [`while ${key} restarts, what only it has is neither read nor written: ${partitionNames(unavailable)}`]),
    ...(stalls.length === 0
      ? []
      : [`while ${key} restarts, writes with acks=all to what needs every replica stall: ${partitionNames(stalls)}`]),
  ];
}

const most = 10;

/** At most ten of them, and how many more there are. */
export function partitionNames(partitions: readonly NamedPartition[]): string {
  const names = partitions.map(({ topic, partition }) => `${topic}-${partition}`);
  return names.length > most ? `${names.slice(0, most).join(", ")} and ${names.length - most} more` : names.join(", ");
}
