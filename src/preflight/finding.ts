/** One thing that stands in the way of a cluster, or that it would suffer from: known before anything is changed. */
export type Finding = {
  /** What sort of thing, for programs; docs/commands.md lists them. */
  readonly id: string;
  /** null: it is about this machine, where the nodes share it. */
  readonly node: string | null;
  /** `error`: the cluster would not come up, or would lose data; `up` does not begin. */
  readonly level: "error" | "warning";
  /** One sentence. */
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
  readonly fix: string;
};
