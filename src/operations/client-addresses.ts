/** Where the brokers are reached: by this machine, and by their clients. */
import { membersOf, type Cluster } from "../cluster/cluster.ts";

export type Address = { readonly host: string; readonly port: number };

export function clientAddresses(cluster: Cluster): readonly Address[] {
  return membersOf(cluster, "broker").map(({ address, ports }) => ({ host: address, port: ports["clients"] ?? 0 }));
}

/** What clients are given. */
export function bootstrapOf(cluster: Cluster): string {
  return membersOf(cluster, "broker")
    .map(({ advertised, ports }) => `${advertised}:${ports["clients"]}`)
    .join(",");
}

/** What clients outside are given; null: there is no listener for them. */
export function externalBootstrapOf(cluster: Cluster): string | null {
  const told = membersOf(cluster, "broker").flatMap(({ advertisedOutside, ports }) =>
    advertisedOutside === null ? [] : [`${advertisedOutside}:${ports["external"]}`],
  );
  return told.length === 0 ? null : told.join(",");
}
