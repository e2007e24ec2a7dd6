/** What a picture of a cluster shows: data, before any of it has a place. */

export type PictureServer = {
  /** Such as `broker 1`. */
  readonly title: string;
  /** What it does beside serving: `controller` or `leader`; empty: nothing. */
  readonly leads: string;
  readonly up: boolean;
};

export type PictureNode = {
  readonly name: string;
  readonly address: string;
  readonly rack: string | null;
  readonly servers: readonly PictureServer[];
  /** null: no broker is on it. */
  readonly broker: number | null;
};

export type PicturePartition = {
  readonly partition: number;
  /** null: offline. */
  readonly leader: number | null;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
};

export type PictureTopic = {
  readonly name: string;
  readonly internal: boolean;
  readonly partitions: readonly PicturePartition[];
};

export type Picture = {
  readonly cluster: string;
  /** Such as `Kafka 3.9.1, ZooKeeper`. */
  readonly about: string;
  readonly nodes: readonly PictureNode[];
  readonly topics: readonly PictureTopic[];
};

export type Mark = "leader" | "follower" | "behind" | "offline";

/** What a broker is for a partition; null: it has no replica of it. */
export function markOf({ leader, replicas, isr }: PicturePartition, broker: number): Mark | null {
  if (!replicas.includes(broker)) return null;
  if (leader === null) return "offline";
  if (leader === broker) return "leader";
  return isr.includes(broker) ? "follower" : "behind";
}

export type Zone = { readonly rack: string | null; readonly nodes: readonly PictureNode[] };

/** Nodes by their racks, in the order in which the spec comes to them. */
export function zonesOf(nodes: readonly PictureNode[]): readonly Zone[] {
  return [...Map.groupBy(nodes, ({ rack }) => rack)].map(([rack, its]) => ({ rack, nodes: its }));
}
