/** Where clients reach the brokers. */
import { membersOf, type Cluster } from "../cluster/cluster.ts";

export type Address = { readonly host: string; readonly port: number };

export function clientAddresses(cluster: Cluster): readonly Address[] {
  return membersOf(cluster, "broker").map(({ address, ports }) => ({ host: address, port: ports["clients"] ?? 0 }));
}

export function bootstrapOf(cluster: Cluster): string {
  return clientAddresses(cluster)
    .map(({ host, port }) => `${host}:${port}`)
    .join(",");
}
