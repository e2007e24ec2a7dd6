/** Where the brokers are reached: by this machine, and by their clients. */
import { membersOf, type Cluster } from "../cluster/cluster.ts";

export type Address = { readonly host: string; readonly port: number };

export function clientAddresses(cluster: Cluster): readonly Address[] {
  return membersOf(cluster, "broker").map(({ address, ports }) => ({ host: address, port: ports["clients"] ?? 0 }));
}

/** What brokers tell their clients. */
export function advertisedAddresses(cluster: Cluster): readonly Address[] {
  return membersOf(cluster, "broker").map(({ advertised, ports }) => ({
    host: advertised,
    port: ports["clients"] ?? 0,
  }));
}

export function bootstrapOf(cluster: Cluster): string {
  return advertisedAddresses(cluster)
    .map(({ host, port }) => `${host}:${port}`)
    .join(",");
}
