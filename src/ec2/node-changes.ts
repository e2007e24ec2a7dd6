/** What of one node's machine differs from what is wanted: its instance, tags and data volume. */
import { knownAfterUp } from "../cluster/known-after-up.ts";
import type { CloudStep, Edge, Why } from "../plan/change.ts";
import { cloudChange, type CloudChange } from "./cloud-change.ts";
import {
  dataVolumeOf,
  firstKeyTag,
  idsTag,
  imageTag,
  instanceOf,
  protectedTag,
  type SeenCloud,
  type SeenInstance,
  type SeenVolume,
} from "./seen.ts";
import type { WantedMachine } from "./wanted.ts";

export function machineChanges(
  machine: WantedMachine,
  seen: SeenCloud,
  before: readonly Edge[],
): readonly CloudChange[] {
  const { node } = machine;
  const instance = instanceOf(seen, node);
  const volume = dataVolumeOf(seen, node);
  if (instance === null) return [instanceChange(machine, volume, before)];
  const replacement = replacementOf(machine, instance);
  return [
    ...(replacement !== null && volume !== null && !machine.ends ? [replacement] : []),
    ...(instance.tags[firstKeyTag] !== undefined && (instance.state === "pending" || instance.state === "running")
      ? [
          cloudChange(
            `instance ${node}`,
            "await",
            { kind: "arrival", instance: instance.id },
            `wait for ${node} (${instance.id}), which was launched and has not let kctl in yet`,
            { node },
          ),
        ]
      : []),
    ...(instance.state === "stopped" || instance.state === "stopping"
      ? [
          cloudChange(
            `start ${node}`,
            "start",
            { kind: "power", instance: instance.id },
            `start the machine of ${node} (${instance.id})`,
            { node },
          ),
        ]
      : []),
    ...tagsOf(machine, instance),
    ...protectionOf(machine, instance),
    ...attachmentOf(machine, instance, volume),
    ...volumeChanges(machine, volume),
  ];
}

function instanceChange(machine: WantedMachine, left: SeenVolume | null, after: readonly Edge[]): CloudChange {
  const { node, types, image, zone, volume, spot } = machine;
  const type = types.join(" or ");
  const place = zone ?? knownAfterUp;
  const disk =
    volume === null
      ? ""
      : left === null
        ? `, with a new volume of ${volume.sizeGiB} GiB (${volume.type})`
        : `, with its volume ${left.id} (${left.sizeGiB} GiB)`;
  const step: CloudStep = { kind: "instance", type, image, zone: place, volume: left?.id ?? null };
  return cloudChange(
    `instance ${node}`,
    "create",
    step,
    `launch ${node}: ${type}${spot ? " (spot)" : ""} in ${place}, ${image}${disk}`,
    {
      node,
      after,
    },
  );
}

/** Another type or image is another machine: the old one is stopped in order first, and one at a time. */
export function replacementOf(machine: WantedMachine, instance: SeenInstance): CloudChange | null {
  const { node, types, image } = machine;
  const formerImage = instance.tags[imageTag];
  const why: Why[] = [
    ...(types.length > 0 && !types.includes(instance.type)
      ? [{ field: "nodes.instanceType", from: instance.type, to: types.join(" or ") }]
      : []),
    ...(formerImage !== undefined && formerImage !== image ? [{ field: "image", from: formerImage, to: image }] : []),
  ];
  if (why.length === 0) return null;
  return cloudChange(
    `replace ${node}`,
    "replace",
    { kind: "replacement", instance: instance.id },
    `replace the machine of ${node} (${instance.id}): its servers are stopped in order, its data volume goes to the new one`,
    { node, why, effect: "replace", diff: why.map(({ from, to }) => `~${from ?? ""} -> ${to ?? ""}`) },
  );
}

function tagsOf({ node, ids }: WantedMachine, instance: SeenInstance): readonly CloudChange[] {
  if (instance.tags[idsTag] === ids) return [];
  const diff = [`-${idsTag} = ${instance.tags[idsTag] ?? ""}`, `+${idsTag} = ${ids}`];
  return [
    cloudChange(
      `tags ${node}`,
      "update",
      { kind: "tags", instance: instance.id },
      `write down the ids of ${node} in its tags`,
      { node, diff },
    ),
  ];
}

/** Where nobody asked EC2, kctl's own tag says it. */
function protectionOf({ node, protected: on }: WantedMachine, instance: SeenInstance): readonly CloudChange[] {
  const was = instance.protected ?? instance.tags[protectedTag] === "true";
  if (was === on) return [];
  return [
    cloudChange(
      `protection ${node}`,
      "update",
      { kind: "protection", instance: instance.id, on },
      `${on ? "protect" : "no longer protect"} the machine of ${node} (${instance.id}) against termination`,
      {
        node,
        effect: "live",
        why: [{ field: "provider.terminationProtection", from: String(was), to: String(on) }],
      },
    ),
  ];
}

/** One that somebody took off, or that a run which was cut off did not get to. */
function attachmentOf(
  { node, volume: wanted }: WantedMachine,
  instance: SeenInstance,
  volume: SeenVolume | null,
): readonly CloudChange[] {
  if (wanted === null || volume === null || instance.volumes.some(({ id }) => id === volume.id)) return [];
  if (volume.attached?.instance === instance.id || instance.tags[firstKeyTag] !== undefined) return [];
  return [
    cloudChange(
      `attach ${node}`,
      "update",
      { kind: "attachment", volume: volume.id },
      `attach the volume ${volume.id} to ${node}`,
      { node },
    ),
  ];
}

function volumeChanges({ node, volume: wanted }: WantedMachine, volume: SeenVolume | null): readonly CloudChange[] {
  if (wanted === null || volume === null) return [];
  const { sizeGiB, type, iops, throughput } = wanted;
  const differs = [
    ...(sizeGiB > volume.sizeGiB ? [["nodes.volume.size", `${volume.sizeGiB} GiB`, `${sizeGiB} GiB`] as const] : []),
    ...(type !== volume.type ? [["nodes.volume.type", volume.type, type] as const] : []),
    ...(iops !== null && iops !== volume.iops
      ? [["nodes.volume.iops", String(volume.iops ?? ""), String(iops)] as const]
      : []),
    ...(throughput !== null && throughput !== volume.throughput
      ? [["nodes.volume.throughput", String(volume.throughput ?? ""), String(throughput)] as const]
      : []),
  ];
  if (differs.length === 0) return [];
  return [
    cloudChange(
      `volume ${node}`,
      "grow",
      { kind: "volume", volume: volume.id },
      `change the volume ${volume.id} of ${node}: ${differs.map(([, , to]) => to).join(", ")}`,
      {
        node,
        why: differs.map(([field, from, to]) => ({ field, from, to })),
        effect: "live",
        diff: differs.map(([field, from, to]) => `~${field} ${from} -> ${to}`),
      },
    ),
  ];
}
