/** Where machines come from and where they live. Nothing above knows which provider it is: it hands over data and hosts. */
import type { Cluster } from "../cluster/cluster.ts";
import type { KnownIds } from "../cluster/known-ids.ts";
import type { Platform } from "../cluster/platform.ts";
import type { CloudChange } from "../ec2/cloud-change.ts";
import type { CloudPlan } from "../ec2/cloud-changes.ts";
import type { Costs } from "../ec2/costs.ts";
import type { Fault } from "../fault.ts";
import type { History, HistoryEntry } from "../hosts/history.ts";
import type { Host } from "../hosts/host.ts";
import type { Shell } from "../hosts/ssh/shell.ts";
import type { Change } from "../plan/change.ts";
import type { Finding } from "../preflight/finding.ts";
import type { Emit } from "../report/events.ts";

export type Lock = {
  /** False once somebody else broke it: then nothing more may be changed. */
  readonly stillHeld: () => Promise<boolean>;
  readonly release: () => Promise<void>;
};

/** Machines that kctl itself has made, and that come and go with the cluster. */
export type Fleet = {
  /** Looks at what there is, unless it was seen already and nothing was changed since. */
  readonly look: () => Promise<void>;
  /** What the machines' tags say of the cluster's ids. */
  readonly ids: () => KnownIds;
  /** Nodes without a machine that could be looked at: there is none, or it is off. */
  readonly absent: () => ReadonlySet<string>;
  /** What of the machines differs from what is wanted. */
  readonly plan: (cluster: Cluster) => CloudPlan;
  /** What stands in the way of machines that these changes launch, seen in the account: changes nothing, asks nothing where there are none. */
  readonly judge: (cluster: Cluster, changes: readonly Change[]) => Promise<FleetJudged>;
  readonly carryOut: (change: CloudChange, cluster: Cluster, options: FleetOptions) => Promise<void>;
  /** Ends the machine of a node, whose servers were stopped; its data volume stays. */
  readonly end: (node: string) => Promise<void>;
  readonly stop: (nodes: readonly string[]) => Promise<number>;
  readonly machines: () => readonly FleetMachine[];
  /** Data that `destroy` would delete: a line for each volume. */
  readonly data: () => readonly string[];
  /** The moment at which the cluster ends itself; null: it stays. */
  readonly expires: () => string | null;
  /** Moves it, on every machine first; throws where one cannot be told. */
  readonly endAt: (moment: string) => Promise<void>;
  /** What the machines cost; `text` is null where the spec has no prices. */
  readonly costs: (cluster: Cluster) => Costs & { readonly text: string | null };
  /** Removes all that carries the cluster's tag; `keepData`: but for the data volumes. */
  readonly destroy: (options: { readonly keepData: boolean }) => Promise<FleetDestroyed>;
};

export type FleetJudged = { readonly findings: readonly Finding[]; readonly faults: readonly Fault[] };

export type FleetOptions = {
  /** The change is under way: others may go on. */
  readonly begun: () => void;
  readonly waiting: (what: string, seconds: number) => void;
  /** What a new machine may begin to fetch as it boots. */
  readonly prefetch: readonly { readonly url: string; readonly path: string; readonly sha512: string }[];
};

export type FleetMachine = {
  readonly node: string;
  readonly id: string;
  readonly type: string;
  readonly zone: string;
  readonly state: string;
  readonly privateAddress: string | null;
  readonly publicAddress: string | null;
  readonly volume: string | null;
};

export type FleetDestroyed = { readonly removed: number; readonly kept: readonly string[] };

export type Provider = {
  readonly platform: Platform;
  /** Null: the machines are there, and stay. */
  readonly fleet: Fleet | null;
  /** Whether an error says that a machine could not be reached, and nothing of what is on it. */
  readonly unreachable: (error: unknown) => boolean;
  /** The hosts of these nodes, for one look and the changes after it. */
  readonly hosts: (nodes: readonly string[]) => readonly Host[];
  /** A shell on the node's machine, to look around with; as root where the machine is kctl's to set up. */
  readonly shell: (node: string) => Shell;
  /** How the system's own ssh gets there; null where the node is this machine. */
  readonly login: ((node: string) => Promise<readonly string[]>) | null;
  /** Counts nodes that the receipt lists, and the spec no longer has, among the cluster's machines: they are locked too. */
  readonly takeIn: (nodes: readonly string[]) => Promise<void>;
  /** Throws a `locked` fault that says who holds it. */
  readonly lock: (command: string) => Promise<Lock>;
  /**
   * The newest, where there are several copies.
   * @param pace `soon`: for what asks Kafka alone, and no machine. One that is silent is not waited for, once others have told theirs
   */
  readonly readReceipt: (pace?: "soon") => Promise<string | null>;
  /** Nodes that were reached by then and have another copy, or none. */
  readonly receiptBehind: () => readonly string[];
  readonly writeReceipt: (text: string) => Promise<void>;
  /** With the history. */
  readonly removeReceipt: () => Promise<void>;
  /** Kept beside the receipt; where there is none, nothing is written. */
  readonly history: {
    readonly append: (entry: HistoryEntry) => Promise<void>;
    readonly read: () => Promise<History>;
  };
  /**
   * After everything that these members had was removed: removes the folders that then are empty.
   * @returns what lies in the others, which is not kctl's
   */
  readonly tidy: (members: readonly { readonly node: string; readonly role: string }[]) => Promise<readonly string[]>;
};

/** What a provider may need of the command that opens it. */
export type Surroundings = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number;
  readonly askSecret: ((question: string) => Promise<string>) | null;
  readonly atEnd: (what: () => void) => void;
};
