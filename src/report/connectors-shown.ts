/** What the result of `connectors list` and `connectors status` tells. */

export type TaskShown = {
  readonly id: number;
  /** As Connect has it: `RUNNING`, `PAUSED`, `FAILED` and others. */
  readonly state: string;
  readonly worker: string;
  readonly trace: string | null;
};

export type ConnectorShown = Omit<TaskShown, "id"> & {
  readonly name: string;
  readonly class: string;
  readonly type: string;
  /** Whether the spec has it. */
  readonly declared: boolean;
  readonly tasks: readonly TaskShown[];
};

export type ConnectorList = {
  readonly cluster: string;
  readonly connectors: readonly ConnectorShown[];
  /** Declared, and not there. */
  readonly missing: readonly string[];
};
