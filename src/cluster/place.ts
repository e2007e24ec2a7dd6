/** Where a node is, and what its clients are told: what the spec says, then what the provider knows of machines that it makes. */
import type { Spec } from "../spec/schema.ts";
import { knownAfterUp } from "./known-after-up.ts";
import type { NodeFacts, Platform } from "./platform.ts";

export type Advertise = NonNullable<Spec["kafka"]["clients"]["advertise"]>;

export type Place = {
  readonly address: string;
  readonly user: string | null;
  readonly rack: string | null;
  readonly told: (as: Advertise) => string;
};

/** Of a machine that is still to be made. */
const nothingYet: NodeFacts = {
  address: null,
  privateAddress: null,
  publicAddress: null,
  rack: knownAfterUp,
  user: null,
};

export function placeOf(name: string, entry: Spec["nodes"][number], { sharedAddress, nodes }: Platform): Place {
  const made = nodes === null ? null : Object.hasOwn(nodes, name) ? (nodes[name] ?? nothingYet) : nothingYet;
  const address = sharedAddress ?? entry.address ?? (made === null ? name : (made.address ?? knownAfterUp));
  /** The one that is surely reachable stands in for one that the spec does not say; a provider that makes machines knows which they have. */
  const other = (which: "privateAddress" | "publicAddress"): string =>
    entry[which] ?? (made === null ? address : (made[which] ?? knownAfterUp));
  return {
    address,
    user: entry.user ?? made?.user ?? null,
    rack: entry.rack ?? made?.rack ?? null,
    told: (as) => {
      if (sharedAddress !== null) return sharedAddress;
      switch (as) {
        case "name":
          return name;
        case "address":
          return address;
        case "private":
          return other("privateAddress");
        case "public":
          return other("publicAddress");
      }
    },
  };
}

/** Where the spec does not say: what is known to be reachable, and among machines that a provider makes the address inside. */
export function usualAdvertise({ nodes }: Platform): Advertise {
  return nodes === null ? "address" : "private";
}
