/** The machines of the aws provider: once EC2 has made them, everything lies on them as on those of ssh. */
import { knownAfterUp } from "../../cluster/known-after-up.ts";
import type { NodeFacts, Platform } from "../../cluster/platform.ts";
import { dataVolumeOf, instanceOf, userTag, type SeenCloud } from "../../ec2/seen.ts";
import { fileSystemUuid } from "../../ec2/volume-uuid.ts";
import { entryOf } from "../../ec2/want-cloud.ts";
import type { Spec } from "../../spec/schema.ts";
import { sshPlatform } from "../ssh/platform.ts";

/** While nobody asked EC2. */
export function awsPlatform(cluster: string): Platform {
  return { ...sshPlatform(cluster), provider: "aws", nodes: {} };
}

/** What is known of every node: of those that have a machine from EC2, of the others the zone that they are to be in. */
export function platformNow(spec: Spec, seen: SeenCloud, planned: ReadonlyMap<string, string>): Platform {
  const base = awsPlatform(spec.name);
  const nodes: Record<string, NodeFacts> = {};
  for (const [node, zone] of planned)
    nodes[node] = { address: null, privateAddress: null, publicAddress: null, rack: zone, user: null };
  for (const { node } of seen.instances) {
    const instance = node === null ? null : instanceOf(seen, node);
    if (node === null || instance === null) continue;
    const { privateAddress, publicAddress, zone, tags } = instance;
    // Inside it stays the same for as long as the machine lives; kctl's own way to it is another matter.
    nodes[node] = { address: privateAddress, privateAddress, publicAddress, rack: zone, user: tags[userTag] ?? null };
  }
  const known = Object.entries(nodes).flatMap(([node, { privateAddress }]) =>
    privateAddress === null ? [] : [[node, privateAddress] as const],
  );
  const volumes = Object.keys(nodes).flatMap((node) => {
    const wanted = entryOf(spec, node)?.volume;
    if (wanted === undefined) return [];
    const volume = dataVolumeOf(seen, node);
    // On a machine that is there without one, data lies on the root disk.
    if (volume === null && instanceOf(seen, node) !== null) return [];
    const its =
      volume === null
        ? { id: knownAfterUp, uuid: knownAfterUp, sizeBytes: wanted.size * 1024 ** 2 }
        : { id: volume.id, uuid: fileSystemUuid(volume.id), sizeBytes: volume.sizeGiB * 1024 ** 3 };
    return [[node, its] as const];
  });
  return {
    ...base,
    nodes,
    machine:
      base.machine === null
        ? null
        : { ...base.machine, addresses: Object.fromEntries(known), volumes: Object.fromEntries(volumes) },
  };
}
