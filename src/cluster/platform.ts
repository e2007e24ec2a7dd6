/** What a provider says of its machines, as data: where things lie, which address and ports they get, how JVMs are sized. */
import type { Cluster } from "./cluster.ts";

export type Platform = {
  readonly provider: Cluster["provider"];
  /** Everything that kctl makes for the cluster lies below. */
  readonly root: string;
  /** Folders of a member; `{node}` and `{role}` stand for its own. */
  readonly folders: Readonly<Record<"config" | "data" | "log" | "run", string>>;
  /** The one address of all nodes, where they share a machine; null: each node has its own. */
  readonly sharedAddress: string | null;
  /** Added to every base port. */
  readonly portShift: number;
  /** Added once more for each further member of a role, where they share a machine. */
  readonly portStep: number;
  /** `laptop` starts fast and stays small; `server` is for production. */
  readonly profile: "laptop" | "server";
};
