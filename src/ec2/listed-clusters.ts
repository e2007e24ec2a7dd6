/** Every cluster of kctl's among what is in a region: its machines, whose it is, when it ends, and what is left over of it. */
import { endOf } from "./end.ts";
import { instant, readInstant } from "./instant.ts";
import { clusterTag, isLive, ownerTag, sinceTag, type SeenCloud, type SeenKey } from "./seen.ts";

type Tags = Readonly<Record<string, string>>;
type Tagged = { readonly tags: Tags };

/** All that carries the tag, of whichever cluster. */
export type SeenRegion = SeenCloud & {
  /** Its parts go with it. */
  readonly networks: readonly { readonly id: string; readonly tags: Tags }[];
};

export type ListedCluster = {
  readonly cluster: string;
  /** How many machines are in each state. */
  readonly machines: Readonly<Record<string, number>>;
  readonly nodes: readonly string[];
  readonly owner: string | null;
  readonly since: string | null;
  readonly ageSeconds: number | null;
  readonly expires: string | null;
  /** Below zero: its end is past. Null: it stays. */
  readonly leftSeconds: number | null;
  /** What has no machine to belong to, and locks. */
  readonly leftOver: readonly string[];
};

/** @param now milliseconds by EC2's clock */
export function listedClusters(seen: SeenRegion, now: number): readonly ListedCluster[] {
  const lists = [seen.instances, seen.volumes, seen.groups, seen.keys, seen.placementGroups ?? [], seen.networks];
  const names = new Set(lists.flatMap((list: readonly Tagged[]) => list.flatMap(({ tags }) => tags[clusterTag] ?? [])));
  return [...names].toSorted().flatMap((cluster) => listed(cluster, partOf(seen, cluster), now) ?? []);
}

function partOf(seen: SeenRegion, cluster: string): SeenRegion {
  const its = <One extends Tagged>(list: readonly One[]): readonly One[] =>
    list.filter(({ tags }) => tags[clusterTag] === cluster);
  return {
    instances: its(seen.instances),
    volumes: its(seen.volumes).filter(({ state }) => state !== "deleting" && state !== "deleted"),
    groups: its(seen.groups),
    keys: its(seen.keys),
    placementGroups: its(seen.placementGroups ?? []),
    networks: its(seen.networks),
  };
}

/** Null: nothing but machines that are gone, which EC2 shows for an hour. */
function listed(cluster: string, part: SeenRegion, now: number): ListedCluster | null {
  const there = part.instances.filter(({ state }) => state !== "terminated");
  const { volumes, groups, keys, placementGroups = [], networks } = part;
  const all: readonly Tagged[] = [...there, ...volumes, ...groups, ...keys, ...placementGroups, ...networks];
  if (all.length === 0) return null;
  const moments = all.flatMap(({ tags }) => readInstant(tags[sinceTag]) ?? []);
  const since = moments.length === 0 ? null : Math.min(...moments);
  const { at } = endOf(part);
  const live = there.filter(isLive);
  return {
    cluster,
    machines: countsOf(there.map(({ state }) => state)),
    nodes: [...new Set(live.flatMap(({ node }) => node ?? []))].toSorted(),
    owner: all.flatMap(({ tags }) => tags[ownerTag] ?? [])[0] ?? null,
    since: since === null ? null : instant(since),
    ageSeconds: since === null ? null : Math.max(0, Math.round((now - since) / 1000)),
    expires: at === null ? null : instant(at),
    leftSeconds: at === null ? null : Math.round((at - now) / 1000),
    leftOver: leftOverOf(cluster, part, live.length > 0),
  };
}

function countsOf(states: readonly string[]): Readonly<Record<string, number>> {
  const counts = Map.groupBy(states, (state) => state);
  return Object.fromEntries([...counts].map(([state, its]) => [state, its.length]));
}

function leftOverOf(
  cluster: string,
  { volumes, groups, keys, placementGroups = [], networks }: SeenRegion,
  hasMachines: boolean,
): readonly string[] {
  const isLock = ({ name }: SeenKey): boolean => name === lockName(cluster);
  const volume = volumes
    .filter(({ attached }) => attached === null)
    .map(({ id, node, sizeGiB }) => `volume ${id} (${sizeGiB} GiB of ${node ?? "no node"})`);
  const locks = keys.filter(isLock).map(({ name }) => `lock ${name}`);
  if (hasMachines) return [...volume, ...locks];
  return [
    ...volume,
    ...groups.map(({ id }) => `security group ${id}`),
    ...keys.filter((key) => !isLock(key)).map(({ name }) => `key pair ${name}`),
    ...placementGroups.map(({ name }) => `placement group ${name}`),
    ...networks.map(({ id }) => `network ${id}`),
    ...locks,
  ];
}

/** The key pair that is a cluster's lock. */
export function lockName(cluster: string): string {
  return `kctl-lock-${cluster}`;
}
