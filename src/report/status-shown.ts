/** What `status` tells of a cluster: the fields of its result, and of the events of `status --watch`. */
export type StatusShown = {
  readonly cluster: string;
  readonly healthy: boolean;
  readonly versions: { readonly kafka: string; readonly zookeeper: string | null };
  readonly nodes: readonly {
    readonly name: string;
    readonly address: string;
    readonly roles: readonly string[];
    readonly services: Readonly<Record<string, string>>;
    /** Where each of them is reached. */
    readonly addresses: Readonly<Record<string, string>>;
    readonly ids: Readonly<Record<string, number>>;
    /** Of those that run. */
    readonly pids: Readonly<Record<string, number>>;
    /** Where kctl made the machine: what EC2 says of it; null: there is none. */
    readonly machine?: {
      readonly id: string;
      readonly type: string;
      readonly zone: string;
      readonly state: string;
      readonly privateAddress: string | null;
      readonly publicAddress: string | null;
      readonly volume: string | null;
    } | null;
  }[];
  readonly brokers: readonly {
    readonly id: number;
    readonly node: string;
    readonly controller: boolean;
    readonly address: string;
  }[];
  /** KRaft: the active controller; absent in ZooKeeper clusters, whose controller is a broker. */
  readonly controller?: { readonly id: number; readonly node: string } | null;
  /** Of a KRaft cluster, as its leader tells. */
  readonly quorum?: {
    readonly leader: number;
    /** `lag`: how many records of the metadata log it has yet to fetch; null: it has fetched none from this leader. */
    readonly voters: readonly { readonly id: number; readonly node: string; readonly lag: number | null }[];
  } | null;
  readonly partitions: Readonly<Record<"total" | "underReplicated" | "offline", number | null>>;
  readonly complaints: readonly { readonly what: string; readonly node: string | null; readonly fix: string }[];
};
