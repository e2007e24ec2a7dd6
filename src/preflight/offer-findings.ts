/** What of the machines that are still to be launched will not do, by what EC2 tells of types, zones and subnets. */
import type { Member } from "../cluster/cluster.ts";
import type { Finding } from "./finding.ts";
import { memoryFindings } from "./machine-findings.ts";
import type { Architecture } from "../ec2/images.ts";
import type { SeenSubnet } from "../ec2/seen.ts";
import type { WantedMachine } from "../ec2/wanted.ts";

export type OfferedType = {
  readonly architecture: Architecture;
  readonly memoryMiB: number | null;
  /** Empty: EC2 did not tell. */
  readonly zones: ReadonlySet<string>;
};

export type OffersSeen = {
  /** Empty while a network of the cluster's own is still to be made. */
  readonly subnets: readonly SeenSubnet[];
  readonly types: ReadonlyMap<string, OfferedType>;
};

/** @param machines those that are to be launched */
export function offerFindings(
  machines: readonly WantedMachine[],
  members: readonly Member[],
  offers: OffersSeen,
): readonly Finding[] {
  return [
    ...machines.flatMap((machine) => [
      ...typeFindings(machine, offers),
      ...sizeFindings(
        machine,
        members.filter(({ node }) => node === machine.node),
        offers,
      ),
    ]),
    ...addressFindings(machines, offers),
  ];
}

function typeFindings({ node, types, zone, bound }: WantedMachine, offers: OffersSeen): readonly Finding[] {
  const open = offers.subnets.map((subnet) => subnet.zone);
  if (open.length === 0) return [];
  const zonesOf = (type: string): readonly string[] => {
    const zones = offers.types.get(type)?.zones;
    return zones === undefined || zones.size === 0 ? open : open.filter((one) => zones.has(one));
  };
  const found = [...new Set(types.flatMap(zonesOf))];
  if (zone === null || found.includes(zone)) return [];
  const isRefused = bound || found.length === 0;
  const elsewhere = found.length === 0 ? "in none of its zones" : `in ${found.join(", ")} only`;
  return [
    {
      id: "instance-type",
      node,
      level: isRefused ? "error" : "warning",
      what: isRefused
        ? `EC2 does not offer ${types.join(" or ")} where ${node} is to be`
        : `EC2 does not offer ${types.join(" or ")} in ${zone}: ${node} goes to another zone`,
      measured: elsewhere,
      wanted: zone,
      fix: "take another type (`instanceType` may be a list), or other `zones`",
    },
  ];
}

/** Any type of its list may be what it gets. */
function sizeFindings({ node, types }: WantedMachine, its: readonly Member[], offers: OffersSeen): readonly Finding[] {
  const found = types.flatMap((type) =>
    memoryFindings(its, offers.types.get(type)?.memoryMiB ?? null).map((one) => ({
      ...one,
      node,
      measured: `${type} has ${one.measured}`,
      fix: one.fix.replace("a larger machine", "a larger `instanceType`"),
    })),
  );
  return found;
}

function addressFindings(machines: readonly WantedMachine[], { subnets }: OffersSeen): readonly Finding[] {
  return subnets.flatMap(({ id, zone, freeAddresses }): readonly Finding[] => {
    const coming = machines.filter((machine) => machine.zone === zone).length;
    if (coming <= freeAddresses) return [];
    return [
      {
        id: "subnet-addresses",
        node: null,
        level: "error",
        what: `the subnet ${id} in ${zone} has too few free addresses for the machines that are to be there`,
        measured: `${freeAddresses} free`,
        wanted: `${coming}`,
        fix: "free some, name a larger subnet (`provider.network.subnets`), or let kctl make a network (`network: { create: 10.20.0.0/16 }`)",
      },
    ];
  });
}
