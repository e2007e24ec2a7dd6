/** What `status` tells of a cluster: the fields of its result, and of the events of `status --watch`. */
import type { StatusEvent } from "./status-events.ts";

export type StatusShown = {
  readonly cluster: string;
  readonly healthy: boolean;
  /** Kafka's is null where kctl does not manage the cluster. */
  readonly versions: { readonly kafka: string | null; readonly zookeeper: string | null };
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

/** One round of --watch. Of a look that failed it is what was seen last, not healthy, and the complaints are why it failed. */
export type StatusRound = StatusShown & {
  /** null: not known, as after the first look, or while nobody answers. */
  readonly rates: RatesShown | null;
  /** Since the look before; in the result of all looks, the newest thousand of them. */
  readonly events: readonly StatusEvent[];
};

export type RatesShown = Rate & {
  /** What the window spans. */
  readonly seconds: number;
  /** The ten busiest. */
  readonly topics: readonly (Rate & { readonly topic: string })[];
  /** Of what each leads. */
  readonly brokers: readonly (Rate & { readonly id: number; readonly node: string })[];
  /** The ids of leaders that did not tell of all that they lead: that is in none of these rates. */
  readonly missing: readonly number[];
};

type Rate = {
  /** A second. */
  readonly records: number;
  /** A second, on the disk of the leader; null: no leader told. */
  readonly bytes: number | null;
};
