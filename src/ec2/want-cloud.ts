/** Spec, cluster and what is there in; what the cluster wants of EC2 out. */
import type { Cluster, ClusterNode } from "../cluster/cluster.ts";
import type { Spec } from "../spec/schema.ts";
import type { End } from "./end.ts";
import { placeNodes } from "./placement.ts";
import { wantedRules } from "./security-rules.ts";
import { dataVolumeOf, instanceOf, type SeenCloud } from "./seen.ts";
import type { VolumeType, WantedCloud, WantedMachine, WantedVolume } from "./wanted.ts";

export type AwsSpec = Extract<Spec["provider"], { type: "aws" }>;
type NodeEntry = Spec["nodes"][number];

export type WantInput = {
  readonly spec: Spec;
  readonly provider: AwsSpec;
  readonly cluster: Cluster;
  readonly seen: SeenCloud;
  /** In their order; null while nobody asked which there are. */
  readonly zones: readonly string[] | null;
  /** Who may reach port 22. */
  readonly sshFrom: readonly string[];
  readonly end: End;
};

/** Sizes of the spec are in MiB. */
const mibInGiB = 1024;

/** Of a machine's own disk, unless the spec says another. */
const rootGiB = 16;

/** Source: docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-strategies.html (seven partitions a zone). */
export const partitions = 7;

export function wantCloud({ spec, provider, cluster, seen, zones, sshFrom, end }: WantInput): WantedCloud {
  const placed = zonesOf(spec, cluster.nodes, seen, zones);
  const { external } = spec.kafka;
  return {
    cluster: cluster.name,
    region: provider.region,
    group: {
      name: nameInAccount(cluster.name),
      rules: wantedRules(cluster, {
        ssh: sshFrom,
        clients: provider.access.clients,
        metrics: spec.metrics?.from ?? [],
        external: external === undefined ? null : { port: external.port, from: external.from ?? [] },
      }),
    },
    members: cluster.members,
    allowWorld: provider.access.allowWorld,
    key: isOwnKeyPair(provider.keyPair) ? null : { name: nameInAccount(cluster.name) },
    network: provider.network?.create ?? null,
    placement:
      provider.placement === "zones" ? null : { name: nameInAccount(cluster.name), strategy: provider.placement },
    end,
    machines: cluster.nodes.map((node, index) =>
      machineOf(node, entryOf(spec, node.name), {
        provider,
        cluster,
        seen,
        index,
        ends: end.expires !== null,
        zone: placed.get(node.name) ?? null,
      }),
    ),
    tags: provider.tags,
  };
}

/** The name of what is named in the account: security group, key pair, network. */
export function nameInAccount(cluster: string): string {
  return `kctl-${cluster}`;
}

/** A path names a public key, which kctl imports; anything else a key pair that is in EC2 already. */
export function isOwnKeyPair(keyPair: string | undefined): boolean {
  return keyPair !== undefined && !isPublicKeyFile(keyPair);
}

export function isPublicKeyFile(keyPair: string): boolean {
  return keyPair.includes("/") || keyPair.endsWith(".pub");
}

/** The entry of the spec that a node comes from: its own, or its group's. */
export function entryOf({ nodes }: Spec, name: string): NodeEntry | undefined {
  return nodes.find((entry) =>
    entry.name === undefined
      ? entry.group !== undefined &&
        name.startsWith(`${entry.group}-`) &&
        /^[1-9]\d*$/.test(name.slice(entry.group.length + 1)) &&
        Number(name.slice(entry.group.length + 1)) <= (entry.count ?? 0)
      : entry.name === name,
  );
}

/** A machine stays where it is, and where its volume is; others are spread over the zones. */
function zonesOf(
  spec: Spec,
  nodes: readonly ClusterNode[],
  seen: SeenCloud,
  zones: readonly string[] | null,
): ReadonlyMap<string, string> {
  const bound = nodes.flatMap(({ name }) => {
    const zone = instanceOf(seen, name)?.zone ?? dataVolumeOf(seen, name)?.zone ?? entryOf(spec, name)?.zone;
    return zone === undefined ? [] : [[name, zone] as const];
  });
  if (zones === null || zones.length === 0) return new Map(bound);
  return placeNodes(
    nodes.map(({ name, roles }) => ({ name, roles, zone: entryOf(spec, name)?.zone ?? null })),
    zones,
    new Map(bound),
  );
}

type Around = {
  readonly provider: AwsSpec;
  readonly cluster: Cluster;
  readonly seen: SeenCloud;
  readonly zone: string | null;
  readonly index: number;
  readonly ends: boolean;
};

function machineOf(
  { name }: ClusterNode,
  entry: NodeEntry | undefined,
  { provider, cluster, seen, zone, index, ends }: Around,
): WantedMachine {
  const types = entry?.instanceType ?? [];
  const left = dataVolumeOf(seen, name);
  return {
    node: name,
    types: typeof types === "string" ? [types] : types,
    image: entry?.image ?? provider.image,
    zone,
    bound: entry?.zone !== undefined || left !== null,
    spot: entry?.spot ?? false,
    rootGiB: entry?.rootSize === undefined ? rootGiB : Math.ceil(entry.rootSize / mibInGiB),
    partition: provider.placement === "partition" ? (index % partitions) + 1 : null,
    protected: provider.terminationProtection,
    ends,
    volume: volumeOf(entry?.volume, left?.id ?? null),
    ids: cluster.members
      .filter(({ node }) => node === name)
      .map(({ role, id }) => `${role}=${id}`)
      .toSorted()
      .join(","),
  };
}

function volumeOf(volume: NodeEntry["volume"], existing: string | null): WantedVolume | null {
  if (volume === undefined) return null;
  return {
    sizeGiB: Math.ceil(volume.size / mibInGiB),
    type: volume.type as VolumeType,
    iops: volume.iops ?? null,
    throughput: volume.throughput ?? null,
    existing,
  };
}
