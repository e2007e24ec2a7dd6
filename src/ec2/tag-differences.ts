/** Which tags of what is there are not as they are wanted: the user's own, and the cluster's end. What others tagged is left alone. */
import { cloudChange, type CloudChange } from "./cloud-change.ts";
import { lockName } from "./listed-clusters.ts";
import { expiresTag, isLive, type SeenCloud } from "./seen.ts";
import type { WantedCloud } from "./wanted.ts";

type Tags = Readonly<Record<string, string>>;

export type TagDifference = {
  /** An instance's interfaces, which nobody looks at, go with it. */
  readonly ids: readonly string[];
  readonly set: Tags;
  /** Of things whose end stayed from a former life of the cluster. */
  readonly unset: readonly string[];
};

/** A tag that the spec no longer has stays: whose it is by now, nobody knows. */
export function tagDifferences(
  { cluster, tags, end: { expires } }: Pick<WantedCloud, "cluster" | "tags" | "end">,
  { instances, volumes, groups, keys, placementGroups = [] }: SeenCloud,
): readonly TagDifference[] {
  const wanted: Tags = expires === null ? tags : { ...tags, [expiresTag]: expires };
  const lasting = keys.filter(({ name }) => name !== lockName(cluster));
  const things = [
    ...instances.filter(isLive).map(({ id, interfaces = [], tags }) => ({ ids: [id, ...interfaces], tags })),
    ...[...volumes.filter(({ state }) => state !== "deleting"), ...groups, ...lasting, ...placementGroups].map(
      ({ id, tags }) => ({ ids: [id], tags }),
    ),
  ];
  return things.flatMap(({ ids, tags: its }) => {
    const set = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => its[name] !== value));
    const unset = expires === null && its[expiresTag] !== undefined ? [expiresTag] : [];
    return ids[0] === "" || Object.keys(set).length + unset.length === 0 ? [] : [{ ids, set, unset }];
  });
}

export function tagChanges(wanted: WantedCloud, seen: SeenCloud): readonly CloudChange[] {
  const differences = tagDifferences(wanted, seen);
  if (differences.length === 0) return [];
  const lines = differences.flatMap(({ set, unset }) => [
    ...unset.map((name) => `-${name}`),
    ...Object.entries(set).map(([name, value]) => `+${name} = ${value}`),
  ]);
  const count = `${differences.length} ${differences.length === 1 ? "thing" : "things"} in EC2`;
  const shape = { diff: [...new Set(lines)].toSorted(), effect: "live" } as const;
  return [cloudChange("tags", "update", { kind: "labels" }, `change the tags of ${count}`, shape)];
}
