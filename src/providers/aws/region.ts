/** Every cluster of kctl's in a region, whoever made it: by the tag alone, without a spec. */
import { DescribeVpcsCommand, type Filter } from "@aws-sdk/client-ec2";
import { listedClusters, type ListedCluster } from "../../ec2/listed-clusters.ts";
import { clusterTag } from "../../ec2/seen.ts";
import { newKeyPair } from "../../hosts/ssh/new-key-pair.ts";
import type { Emit } from "../../report/events.ts";
import { openApi, type Api, type ApiOptions } from "./api.ts";
import { acquireCloudLock } from "./cloud-lock.ts";
import { destroyCloud } from "./destroy-cloud.ts";
import { groupsBy, instancesBy, keysBy, tagsFrom, volumesBy } from "./observe.ts";
import { placementGroupsBy } from "./placement-group.ts";

export type Region = {
  readonly name: string;
  readonly clusters: () => Promise<readonly ListedCluster[]>;
  /** Removes what there is of one whose end is past; null where it is not, now that nobody else can move it. */
  readonly destroyExpired: (cluster: string, emit: Emit) => Promise<number | null>;
  readonly close: () => void;
};

export type RegionOptions = ApiOptions & { readonly timeoutSeconds: number };

export function openRegion(options: RegionOptions): Region {
  const api = openApi(options);
  return {
    name: options.region,
    clusters: () => clustersBy(api, [{ Name: "tag-key", Values: [clusterTag] }]),
    destroyExpired: (cluster, emit) => destroyExpired(api, cluster, { ...options, emit }),
    close: api.close,
  };
}

async function clustersBy(api: Api, Filters: Filter[]): Promise<readonly ListedCluster[]> {
  const [instances, volumes, groups, keys, placementGroups, networks] = await Promise.all([
    instancesBy(api, Filters),
    volumesBy(api, Filters),
    groupsBy(api, Filters),
    keysBy(api, Filters),
    placementGroupsBy(api, Filters),
    networksBy(api, Filters),
  ]);
  return listedClusters({ instances, volumes, groups, keys, placementGroups, networks }, api.now());
}

async function networksBy(api: Api, Filters: Filter[]): Promise<Parameters<typeof listedClusters>[0]["networks"]> {
  const { Vpcs = [] } = await api.call((client, options) => client.send(new DescribeVpcsCommand({ Filters }), options));
  return Vpcs.map(({ VpcId = "", Tags }) => ({ id: VpcId, tags: tagsFrom(Tags) }));
}

async function destroyExpired(
  api: Api,
  cluster: string,
  { emit, signal, timeoutSeconds }: RegionOptions & { readonly emit: Emit },
): Promise<number | null> {
  const { public: publicKey } = await newKeyPair(cluster);
  const lock = await acquireCloudLock(api, { cluster, command: "destroy", publicKey });
  try {
    // Somebody may have moved its end since it was listed.
    const [now] = await clustersBy(api, [{ Name: `tag:${clusterTag}`, Values: [cluster] }]);
    if (now?.leftSeconds === undefined || now.leftSeconds === null || now.leftSeconds > 0) return null;
    const began = performance.now();
    const told = (): number => (performance.now() - began) / 1000;
    const { removed } = await destroyCloud(api, {
      cluster,
      keepData: false,
      patienceSeconds: Math.max(timeoutSeconds, 120),
      signal,
      onRemoved: (what) =>
        emit({ type: "change-done", key: `remove ${what}`, title: `${cluster}: remove ${what}`, seconds: told() }),
      onWait: (what) => emit({ type: "waiting", key: cluster, what: `EC2 to remove ${what}`, seconds: told() }),
    });
    return removed;
  } finally {
    await lock.release();
  }
}
