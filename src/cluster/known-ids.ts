/** The ids that a cluster has given out so far: what keeps them from ever being given again. */
import type { Role } from "./cluster.ts";

export type KnownIds = {
  /** By member key. */
  readonly members: Readonly<Record<string, number>>;
  /** The highest id that each role ever had, gone members included. */
  readonly highest: Readonly<Partial<Record<Role, number>>>;
};

export const noKnownIds: KnownIds = { members: {}, highest: {} };

/**
 * Gives each member of a role its id: the known one, else the next that was never given.
 * @param keys members of one role, in the order of the spec
 */
export function giveIds(
  role: Role,
  keys: readonly string[],
  first: number,
  known: KnownIds,
): ReadonlyMap<string, number> {
  const given = Object.entries(known.members).filter(([key]) => key.endsWith(`/${role}`));
  let highest = Math.max(first - 1, known.highest[role] ?? 0, ...given.map(([, id]) => id));
  return new Map(
    keys.map((key) => {
      // hasOwn: a node may be called like something that every object inherits
      const id = Object.hasOwn(known.members, key) ? known.members[key] : undefined;
      return [key, id ?? ++highest];
    }),
  );
}
