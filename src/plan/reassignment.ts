/**
 * Which brokers are to keep the replicas of a topic's partitions when their number changes. Nothing that may stay is moved: what is
 * added goes where a partition has the fewest of its racks, then to the broker that keeps the least; what is taken away goes by the
 * reverse. Then each changed partition gets its preferred leader such that no broker leads more than it must.
 */

export type BrokerPlace = {
  readonly id: number;
  /** null: it has none, and counts as a rack of its own. */
  readonly rack: string | null;
};

export type PartitionNow = {
  readonly partition: number;
  /** The preferred leader first. */
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
};

export type PartitionMove = {
  readonly topic: string;
  readonly partition: number;
  readonly from: readonly number[];
  /** The preferred leader first. */
  readonly to: readonly number[];
};

export type Replicas = Omit<PartitionMove, "topic">;

/**
 * Partitions that have as many already, each on a broker of these, are not in the answer.
 * @param kept how many replicas each broker keeps of other topics: what is added goes to the least of them, all else being equal
 * @throws RangeError where there are fewer brokers than replicas
 */
export function reassigned(
  partitions: readonly PartitionNow[],
  replicas: number,
  brokers: readonly BrokerPlace[],
  kept: ReadonlyMap<number, number> = new Map(),
): readonly Replicas[] {
  if (replicas > brokers.length) throw new RangeError(`${replicas} replicas on ${brokers.length} brokers`);
  const racks = new Map(brokers.map(({ id, rack }) => [id, rack === null ? `broker ${id}` : `rack ${rack}`]));
  const load = new Map(brokers.map(({ id }) => [id, 0]));
  const count = (id: number, by: number): void => void load.set(id, (load.get(id) ?? 0) + by);
  for (const partition of partitions) for (const id of partition.replicas) count(id, 1);
  const placed = partitions.map((now): Replicas => {
    const { partition, replicas: from, isr } = now;
    const there = from.filter((id) => racks.has(id));
    if (there.length === replicas && from.length === replicas) return { partition, from, to: from };
    const to = [...there];
    const inRack = (id: number): number => to.filter((other) => racks.get(other) === racks.get(id)).length;
    while (to.length > replicas) {
      const [drop] = ranked(to, [
        // Those that have everything stay as long as any does not.
        (id) => (isr.includes(id) ? 1 : 0),
        (id) => -inRack(id),
        (id) => -(load.get(id) ?? 0),
        (id) => (id === from[0] ? 1 : 0),
        (id) => -id,
      ]);
      if (drop === undefined) break;
      to.splice(to.indexOf(drop), 1);
      count(drop, -1);
    }
    while (to.length < replicas) {
      const others = brokers.map(({ id }) => id).filter((id) => !to.includes(id));
      const [add] = ranked(others, [inRack, (id) => load.get(id) ?? 0, (id) => kept.get(id) ?? 0, (id) => id]);
      if (add === undefined) break;
      to.push(add);
      count(add, 1);
    }
    return { partition, from, to };
  });
  return withLeaders(placed).filter(({ from, to }) => from.join() !== to.join());
}

/** The one first for which the first of these numbers that differ is the least. */
function ranked(ids: readonly number[], by: readonly ((id: number) => number)[]): readonly number[] {
  return ids.toSorted((a, b) => {
    for (const rank of by) {
      const difference = rank(a) - rank(b);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

/**
 * As long as a broker that leads at least two more than another can hand one over, along any chain of partitions that change, it
 * does: then no other choice is more even (an optimal semi-matching). What need not change keeps its leader.
 */
function withLeaders(placed: readonly Replicas[]): readonly Replicas[] {
  const leaders = placed.map(({ to }) => to[0]);
  const leads = new Map<number, number>();
  for (const id of new Set(placed.flatMap(({ to }) => to))) leads.set(id, 0);
  for (const id of leaders) if (id !== undefined) leads.set(id, (leads.get(id) ?? 0) + 1);
  const mayChange = placed.map(({ from, to }) => from.join() !== to.join());
  for (;;) {
    const chain = handOver(placed, leaders, leads, mayChange);
    if (chain === null) break;
    for (const { partition, to } of chain) leaders[partition] = to;
    const [first, last] = [chain[0]?.from, chain.at(-1)?.to];
    if (first === undefined || last === undefined) break;
    leads.set(first, (leads.get(first) ?? 0) - 1);
    leads.set(last, (leads.get(last) ?? 0) + 1);
  }
  return placed.map((one, index) => {
    const leader = leaders[index];
    if (leader === undefined || one.to[0] === leader) return one;
    return { ...one, to: [leader, ...one.to.filter((id) => id !== leader)] };
  });
}

/** `partition` is its place in the list. */
type Hop = { readonly partition: number; readonly from: number; readonly to: number };

/** The shortest chain from a broker that leads too many to one that leads at least two fewer. */
function handOver(
  placed: readonly Replicas[],
  leaders: readonly (number | undefined)[],
  leads: ReadonlyMap<number, number>,
  mayChange: readonly boolean[],
): readonly Hop[] | null {
  const most = [...leads].toSorted(([a, x], [b, y]) => y - x || a - b);
  for (const [start, many] of most) {
    const reached = new Map<number, Hop | null>([[start, null]]);
    // A map goes on with what is put into it meanwhile.
    for (const [at] of reached) {
      if ((leads.get(at) ?? 0) <= many - 2) return chainTo(at, reached);
      const hops = placed.flatMap(({ to }, partition): readonly Hop[] =>
        mayChange[partition] === true && leaders[partition] === at
          ? to.map((id) => ({ partition, from: at, to: id }))
          : [],
      );
      for (const hop of hops) if (!reached.has(hop.to)) reached.set(hop.to, hop);
    }
  }
  return null;
}

function chainTo(end: number, reached: ReadonlyMap<number, Hop | null>): readonly Hop[] {
  const hop = reached.get(end) ?? null;
  return hop === null ? [] : [...chainTo(hop.from, reached), hop];
}
