/**
 * Kafka's range assignor, which kctl's members of a group speak: whoever leads the group assigns for all, also to members that are
 * other programs and read other topics. Of each topic, its members in the order of their ids get partitions in a row, the first
 * ones one more where it does not come out even.
 */

export type Subscriber = { readonly id: string; readonly topics: readonly string[] };

/** By member, then by topic. A topic that is not there, in `partitions`, is assigned to nobody. */
export function rangeAssignment(
  members: readonly Subscriber[],
  partitions: ReadonlyMap<string, number>,
): ReadonlyMap<string, ReadonlyMap<string, readonly number[]>> {
  const shares = new Map(members.map(({ id }) => [id, new Map<string, readonly number[]>()]));
  for (const [topic, count] of partitions) {
    const readers = members.filter(({ topics }) => topics.includes(topic)).map(({ id }) => id);
    const each = Math.floor(count / Math.max(1, readers.length));
    const more = count % Math.max(1, readers.length);
    for (const [index, id] of readers.toSorted().entries()) {
      const first = each * index + Math.min(index, more);
      const length = each + (index < more ? 1 : 0);
      const some = Array.from({ length }, (_, step) => first + step);
      if (some.length > 0) shares.get(id)?.set(topic, some);
    }
  }
  return shares;
}
