/** What EC2 cannot do of what the spec asks for, and what stands in the way of all else. */
import type { Fault } from "../fault.ts";
import { replacementOf } from "./node-changes.ts";
import { dataVolumeOf, instanceOf, isLive, type SeenCloud } from "./seen.ts";
import type { WantedCloud, WantedMachine } from "./wanted.ts";

/** What lies on the root disk goes with the machine. */
export function lossOf(machine: WantedMachine, seen: SeenCloud): readonly Fault[] {
  const instance = instanceOf(seen, machine.node);
  if (instance === null) return [];
  const replaced = replacementOf(machine, instance);
  if (dataVolumeOf(seen, machine.node) !== null) return machine.ends && replaced !== null ? [goesWithIt(machine)] : [];
  const what =
    replaced !== null
      ? `another machine for ${machine.node} would have none of its data, which lies on the root disk`
      : machine.volume === null
        ? null
        : `${machine.node} runs without a data volume, and its data lies on the root disk`;
  if (what === null) return [];
  return [
    {
      code: "spec-rule",
      node: machine.node,
      where: replaced?.why[0]?.field ?? "nodes.volume",
      what,
      fix: "leave it as it was; add a node with a volume, and move its replicas there",
    },
  ];
}

function goesWithIt({ node }: WantedMachine): Fault {
  return {
    code: "spec-rule",
    node,
    where: "ttl",
    what: `another machine for ${node} would have none of its data: in a cluster with a ttl the data volume goes with its machine`,
    fix: "leave it as it was; or destroy the cluster and make it anew",
  };
}

/** EC2 cannot make one of another kind out of it while it has machines. */
export function placementRefusals(
  { placement }: Pick<WantedCloud, "placement">,
  { placementGroups = [] }: SeenCloud,
): readonly Fault[] {
  const there = placementGroups.find(({ name }) => name === placement?.name);
  if (placement === null || there === undefined || there.strategy === placement.strategy) return [];
  return [
    {
      code: "spec-rule",
      where: "provider.placement",
      what: `the placement group ${there.name} is one of the kind ${there.strategy}, and stays so`,
      fix: `write \`placement: ${there.strategy}\`; or destroy the cluster and make it anew`,
    },
  ];
}

/** Disks never shrink. */
export function shrinkOf({ node, volume }: WantedMachine, seen: SeenCloud): readonly Fault[] {
  const there = dataVolumeOf(seen, node);
  if (volume === null || there === null || volume.sizeGiB >= there.sizeGiB) return [];
  return [
    {
      code: "spec-rule",
      node,
      where: "nodes.volume.size",
      what: `the volume of ${node} (${there.id}) has ${there.sizeGiB} GiB, and the spec says ${volume.sizeGiB}: volumes never shrink`,
      fix: `write ${there.sizeGiB}GiB, or move the data to a new node with a smaller volume`,
    },
  ];
}

export function obstaclesOf({ machines, cluster }: WantedCloud, { instances }: SeenCloud): readonly Fault[] {
  return machines.flatMap(({ node }): readonly Fault[] => {
    const live = instances.filter((one) => one.node === node && isLive(one));
    if (live.length < 2) return [];
    return [
      {
        code: "identity-conflict",
        node,
        what: `there are ${live.length} machines with the tags of ${node}: ${live.map(({ id }) => id).join(", ")}`,
        fix: `see which one runs ${cluster}'s servers, and terminate the others in the EC2 console`,
      },
    ];
  });
}
